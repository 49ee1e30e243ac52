"""What a roster says of the people of a course: where they are, and as what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.models.prepared import Among, prepared
from courses.access.permissions import sections_seen
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet

# A role, the id of whom they observe in it, and the state.
Way = tuple[int, int | None, str]


@dataclass(frozen=True)
class Line:
    """One line of the roster: a person, their sections, and one enrollment for each role they have here."""

    person: User
    enrollments: tuple[Enrollment, ...]

    @property
    def sections(self) -> dict[int, Section]:
        """Where they are, by id; whoever is in a section twice is there once."""
        return {one.section_id: one.section for one in self.enrollments}

    @property
    def roles(self) -> dict[Way, Enrollment]:
        """One enrollment for each way they are here."""
        return {(one.role_id, one.associated_user_id, one.state): one for one in self.enrollments}

    @property
    def is_settled(self) -> bool:
        """Whether they have accepted to be here: of somebody merely invited so far the name is all there is to show."""
        return any(one.accepted_at for one in self.enrollments)


def lines(people: Iterable[User], course: Course, *, by: User) -> list[Line]:
    """Return the lines of these people of a `roster`, with all they are in `course` as far as `by` sees its sections;
    a person in five sections has one line (one statement).
    """
    people, seen = list(people), sections_seen(by, course)
    there: dict[int, list[Enrollment]] = {person.pk: [] for person in people}
    for enrollment in _enrollments_of(list(there), course):
        if seen is None or enrollment.section_id in seen:
            there[enrollment.user_id].append(enrollment)
    return [Line(person, tuple(there[person.pk])) for person in people]


def line_of(course: Course, user_id: int, *, by: User) -> Line | None:
    """Return the line of one person of the `roster`; None if `by` does not see them in `course` (one statement)."""
    seen = sections_seen(by, course)
    found = [one for one in _enrollments_of_one(user_id, course) if seen is None or one.section_id in seen]
    return Line(found[0].user, tuple(found)) if found else None


@prepared
def _enrollments_of_one(user_id: int, course: Course) -> EnrollmentQuerySet:
    there = _present_in(course).filter(user=user_id)
    return _with_what_is_shown(there.exclude(user__state=User.State.DELETED)).select_related(
        *("user", "section", "role__account", "associated_user")
    )


OF_A_LINE = (
    *("user_id", "type", "state", "accepted_at", "limit_privileges_to_course_section"),
    *("section__name", "section__course_id", "role__label", "role__base_type", "role__account__name"),
    *("role__account__ancestors", "role__workflow_state", "associated_user__name", "associated_user__short_name"),
)


@prepared
def _enrollments_of(people: list[int], course: Course) -> EnrollmentQuerySet:
    there = _with_what_is_shown(_present_in(course).filter(Among("user", people)))
    # Of each of hundreds of enrollments no more than a line needs.
    return there.only(*OF_A_LINE)


def enrollments_in(course: Course, *, by: User) -> EnrollmentQuerySet:
    """Return every enrollment in `course`, as far as `by` sees its sections, with what a line about it shows."""
    return _with_what_is_shown(_present_in(course).within(sections_seen(by, course)))


def _with_what_is_shown(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    return enrollments.select_related("section", "role__account", "associated_user").order_by("section__sort_key", "id")


def _present_in(course: Course) -> EnrollmentQuerySet:
    return Enrollment.objects.present().filter(section__course=course)


def role_there(enrollment: Enrollment) -> str:
    """Return as what a person is in a section: the role, and whom they observe."""
    label = enrollment.role.label
    if enrollment.associated_user is None:
        return label
    return f"{label}: {_('observes %(name)s') % {'name': enrollment.associated_user.name}}"


def state_there(enrollment: Enrollment) -> str | Promise:
    """Return the state of an enrollment in a word."""
    return _("Concluded") if enrollment.state == Enrollment.State.COMPLETED else enrollment.get_state_display()
