"""The courses on a person's dashboard, by time: current, future, past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import BaseType, User
from accounts.models.prepared import prepared
from courses.access.courses import READING, observer_enrollments
from courses.access.permissions import STAFF_TYPES
from courses.access.sight import Audience, Sight
from courses.models import Course, Enrollment
from courses.models.dates import begins, is_over
from courses.models.enrollment import EnrollmentQuerySet
from courses.visibility import Element, Sees


@dataclass(frozen=True)
class Listed:
    """A course of a list; `begins_at` says when it opens, if it has not opened yet, `barred` why it never does."""

    course: Course
    begins_at: datetime | None = None
    barred: str | Promise = ""


@dataclass
class CourseList:
    """Courses by name: current ones, those that open later (names only), and past ones."""

    current: list[Listed] = field(default_factory=list)
    ahead: list[Listed] = field(default_factory=list)
    over: list[Listed] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.current or self.ahead or self.over)


@dataclass(frozen=True)
class OwnCourses:
    """The courses a person is in; separately, those they are only visiting, observing nobody there."""

    own: CourseList
    as_visitor: CourseList


def courses_observed(observer: User, student: User) -> CourseList:
    """Return the courses in which `observer` sees this student (one statement)."""
    return _listed(_dated(_enrollments_observed(observer, student)), Audience.LINKED)


@prepared
def _enrollments_observed(observer: User, student: User) -> EnrollmentQuerySet:
    enrollments = observer_enrollments(observer).filter(associated_user=student)
    return _with_dates(enrollments.filter(section__course__workflow_state__in=Course.READABLE))


def own_courses(user: User) -> OwnCourses:
    """Return the courses `user` takes, once published, or teaches; and those they are only visiting (one statement)."""
    rows = _dated(_own_enrollments(user))
    own = {row.enrollment.section.course_id for row in rows if row.enrollment.type != BaseType.OBSERVER}
    return OwnCourses(
        _listed([row for row in rows if row.enrollment.type != BaseType.OBSERVER], Audience.STUDENT),
        _listed([row for row in rows if row.enrollment.section.course_id not in own], Audience.ALONE),
    )


@prepared
def _own_enrollments(user: User) -> EnrollmentQuerySet:
    mine = Enrollment.objects.present().filter(user=user, state__in=READING, associated_user=None)
    published = Q(section__course__workflow_state__in=Course.READABLE)
    return _with_dates(mine.filter(published | Q(type__in=STAFF_TYPES)))


class Dated(NamedTuple):
    """An enrollment, when it begins (None: it has no beginning), and whether it is over."""

    enrollment: Enrollment
    begins_at: datetime | None
    is_over: bool


def _with_dates(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    dated = enrollments.annotate(begins_at=begins(), over=is_over()).select_related("section__course__term")
    # A list of courses shows none of their long texts.
    dated = dated.defer("section__course__front_page", "section__course__syllabus_body")
    return dated.order_by("section__course__sort_key", "section__course")


def _dated(enrollments: Iterable[Any]) -> list[Dated]:
    return [Dated(one, one.begins_at, one.over) for one in enrollments]


def _listed(rows: Iterable[Dated], audience: Audience) -> CourseList:
    by_course: dict[Course, list[Dated]] = {}
    for row in rows:
        by_course.setdefault(row.enrollment.section.course, []).append(row)
    found, now = CourseList(), timezone.now()
    for course, dated in by_course.items():
        starts = [row.begins_at for row in dated if row.begins_at and row.begins_at > now]
        begun = [row for row in dated if not row.begins_at or row.begins_at <= now]
        if not begun:
            found.ahead.append(Listed(course, min(starts)))
            continue
        sight = Sight(course, audience, is_over=all(row.is_over for row in begun))
        if sight.sees(Element.CARD) is not Sees.NO:
            (found.over if sight.is_over else found.current).append(Listed(course, barred=sight.barred))
    return found
