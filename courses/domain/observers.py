"""Who observes a student: by a link between their accounts, by what the school set up in individual
courses, or both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import ObservationLink, User
from accounts.models.prepared import prepared
from courses.domain.observer_enrollments import by_link
from courses.domain.rosters import list_observers_of
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet


@dataclass(frozen=True)
class Observer:
    """A person who observes a student: the link, if there is one, and the courses where the school has set it up."""

    person: User
    link: ObservationLink | None
    courses: tuple[Course, ...]
    since: datetime

    @property
    def how(self) -> str | Promise:
        """How it was set up."""
        return self.link.get_origin_display() if self.link else _("Set up in individual courses")

    @property
    def opens_all(self) -> bool:
        """Whether all of the student's courses are open to them."""
        return self.link is not None and self.link.scope == ObservationLink.Scope.ALL

    @property
    def course_names(self) -> list[str]:
        """The open courses by name, if not all are open."""
        opened = [named.course.name for named in self.link.courses.all()] if self.link else []
        return sorted({*opened, *(course.name for course in self.courses)})


def who_observes(student: User) -> list[Observer]:
    """Return everyone who observes `student`, by name (three statements)."""
    links = {link.observer_id: link for link in list_observers_of(student)}
    prefetch_related_objects(list(links.values()), "courses__course")
    people = {pk: link.observer for pk, link in links.items()}
    courses: dict[int, list[Course]] = defaultdict(list)
    since = {pk: link.updated_at for pk, link in links.items()}
    for enrollment in _set_up_by_school(student):
        people.setdefault(enrollment.user_id, enrollment.user)
        since.setdefault(enrollment.user_id, enrollment.created_at)
        if enrollment.section.course not in courses[enrollment.user_id]:
            courses[enrollment.user_id].append(enrollment.section.course)
    ordered = sorted(people.values(), key=lambda person: (person.sort_key, person.pk))
    return [Observer(one, links.get(one.pk), tuple(courses[one.pk]), since[one.pk]) for one in ordered]


@prepared
def _set_up_by_school(student: User) -> EnrollmentQuerySet:
    return _beside(Enrollment.objects.filter(associated_user=student)).select_related("user", "section__course")


def _beside(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    """Return the enrollments that the school has set up itself, of people who are not deleted."""
    found = enrollments.present().filter(
        only_by_link=False, state__in=Enrollment.COUNTED, associated_user__isnull=False
    )
    found = found.exclude(user__state=User.State.DELETED).exclude(associated_user__state=User.State.DELETED)
    return found.order_by("id")


@dataclass(frozen=True)
class InSingleCourses:
    """The person on the other side, in these courses only and without a link."""

    person: User
    courses: tuple[Course, ...]


def in_single_courses(
    person: User, accounts: Collection[int] | None
) -> tuple[list[InSingleCourses], list[InSingleCourses]]:
    """Return whom `person` observes, and who observes `person`, in individual courses of these accounts (None: any),
    without a link, both by name (one statement).
    """
    either = Enrollment.objects.filter(Q(user=person) | Q(associated_user=person))
    found = list(_without_link(either, accounts))
    observed = _grouped((one.associated_user, one) for one in found if one.user == person and one.associated_user)
    return observed, _grouped((one.user, one) for one in found if one.associated_user == person)


def _without_link(enrollments: EnrollmentQuerySet, accounts: Collection[int] | None) -> EnrollmentQuerySet:
    found = _beside(enrollments).filter(~by_link()).select_related("user", "associated_user", "section__course")
    return found if accounts is None else found.filter(section__course__account__in=accounts)


def _grouped(enrollments: Iterable[tuple[User, Enrollment]]) -> list[InSingleCourses]:
    people: dict[int, User] = {}
    courses: dict[int, dict[int, Course]] = defaultdict(dict)
    for person, enrollment in enrollments:
        people[person.pk] = person
        courses[person.pk][enrollment.section.course_id] = enrollment.section.course
    ordered = sorted(people.values(), key=lambda person: (person.sort_key, person.pk))
    return [InSingleCourses(person, tuple(courses[person.pk].values())) for person in ordered]
