"""The courses on somebody's dashboard, by where they stand in time: going on, still to begin, over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from accounts.models import BaseType, User
from courses.access.courses import READING, observer_enrollments
from courses.access.permissions import STAFF_TYPES
from courses.models import Course, Enrollment
from courses.models.dates import begins, is_over
from courses.models.enrollment import EnrollmentQuerySet


@dataclass(frozen=True)
class Listed:
    """A course of a list; `begins_at` says when it opens, where it has not yet."""

    course: Course
    begins_at: datetime | None = None


@dataclass
class CourseList:
    """Courses by name: those going on, those that open later (with their names only), and those that are over."""

    current: list[Listed] = field(default_factory=list)
    ahead: list[Listed] = field(default_factory=list)
    over: list[Listed] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.current or self.ahead or self.over)


@dataclass(frozen=True)
class OwnCourses:
    """The courses somebody is in themselves; apart from them those they only look into, observing nobody there."""

    own: CourseList
    as_visitor: CourseList


def courses_observed(observer: User, student: User) -> CourseList:
    """The courses in which `observer` sees this student (one statement)."""
    places = observer_enrollments(observer).filter(associated_user=student)
    return _listed(_rows(places.filter(section__course__workflow_state__in=Course.READABLE)))


def own_courses(user: User) -> OwnCourses:
    """The courses `user` takes or teaches, the former once published; and those looked into (one statement)."""
    mine = Enrollment.objects.present().filter(user=user, state__in=READING, associated_user=None)
    published = Q(section__course__workflow_state__in=Course.READABLE)
    rows = _rows(mine.filter(published | Q(type__in=STAFF_TYPES)))
    own = {row.section.course_id for row in rows if row.type != BaseType.OBSERVER}
    return OwnCourses(
        _listed(row for row in rows if row.section.course_id in own and row.type != BaseType.OBSERVER),
        _listed(row for row in rows if row.section.course_id not in own),
    )


def _rows(places: EnrollmentQuerySet) -> list[Enrollment]:
    dated = places.annotate(begins_at=begins(), over=is_over())
    return list(dated.select_related("section__course__term").order_by("section__course__sort_key", "section__course"))


def _listed(rows: Iterable[Enrollment]) -> CourseList:
    by_course: dict[Course, list[Enrollment]] = {}
    for row in rows:
        by_course.setdefault(row.section.course, []).append(row)
    found, now = CourseList(), timezone.now()
    for course, places in by_course.items():
        starts = [place.begins_at for place in places]  # type: ignore[attr-defined]
        begun = [place for place, start in zip(places, starts, strict=True) if start is None or start <= now]
        if not begun:
            found.ahead.append(Listed(course, min(starts)))
        elif all(place.over for place in begun):  # type: ignore[attr-defined]
            found.over.append(Listed(course))
        else:
            found.current.append(Listed(course))
    return found
