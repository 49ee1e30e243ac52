"""Who may make codes, and if not, why not and who can change that. Pages, API and export ask here.

Source: the field's description of the permission to generate pairing codes (reference, product-docs).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from accounts.models import Account, User
from accounts.permission_list import PERMISSIONS
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet
from courses.permissions import course_permissions, held_in

PERMISSION = "generate_observer_pairing_code"
ON_USER_DETAILS = "allow_course_admin_actions"
# Canvas: active, invited, pending and completed count; whether the course is published does not.
STUDENT_STATES = (*Enrollment.LIVE, Enrollment.State.COMPLETED)


class Why(Enum):
    """The reasons for a refusal."""

    SELF_REGISTRATION_IS_OFF = "self_registration_is_off"
    NOT_A_STUDENT = "not_a_student"
    NO_PERMISSION = "no_permission"


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not make codes: for a missing permission also which, and the account where it is given."""

    why: Why
    permission: str = ""
    account: Account | None = None

    def __str__(self) -> str:
        """One line for staff: what is missing, and who can change it."""
        if self.why is Why.SELF_REGISTRATION_IS_OFF:
            return _(
                "Pairing is off, because self registration is. Whoever manages the settings of the institution can "
                "switch it on under Authentication."
            )
        if self.why is Why.NOT_A_STUDENT:
            return _("Only students can be paired with an observer.")
        names = {
            "permission": PERMISSIONS[self.permission].label,
            "account": self.account.name if self.account else Account.objects.root().name,
        }
        return (
            _(
                "To make pairing codes here you need the permission “%(permission)s”. Whoever manages permissions "
                "in %(account)s can give it to your role."
            )
            % names
        )


def is_student(user: User) -> bool:
    """Whether `user` has (or had) an enrollment as a student."""
    return Enrollment.objects.students().filter(user=user, state__in=STUDENT_STATES).exists()


def _places_of(student: User) -> EnrollmentQuerySet:
    """Where somebody is (or was) a student: an invitation alone makes nobody a student who is one elsewhere."""
    return Enrollment.objects.present().students().settled().filter(user=student, state__in=STUDENT_STATES)


def _sections_of(student: User, course: Course | None) -> list[Section]:
    """Where somebody is (or was) a student, in `course` or anywhere, with the courses (one statement)."""
    places = _places_of(student)
    if course:
        places = places.filter(section__course=course)
    return [place.section for place in places.select_related("section__course__account")]


def why_not_for(student: User, *, by: User, course: Course | None = None, on_details: bool = False) -> Refusal | None:
    """Why `by` may not make a code for `student`; None when they may.

    Students may for themselves; one who acts as the student needs the permission all the same, beyond that to act.
    Others need it in a course the student is in (by a role there, or on an account above), with `course` in that very
    course; `on_details`, on a User Details page, they need the right to administrative actions there as well.
    """
    if not Account.objects.root().pairing_is_on:
        return Refusal(Why.SELF_REGISTRATION_IS_OFF)
    if not is_student(student):
        return Refusal(Why.NOT_A_STUDENT)
    if by == student and by.actor is None and course is None:
        return None
    sections = _sections_of(student, course)
    if course and not sections:
        return Refusal(Why.NOT_A_STUDENT)
    if by == student and by.actor is None:
        return None
    asking = by.person_acting if by == student else by
    needed = (PERMISSION, ON_USER_DETAILS) if on_details else (PERMISSION,)
    held = held_in(asking, {section.course for section in sections})
    # Whoever is limited to sections of a course has no rights over the students of its other sections.
    given = [(section.course, held[section.course_id].over(section.pk)) for section in sections]
    return _missing(given, needed)


def _missing(given: Collection[tuple[Course, frozenset[str]]], needed: tuple[str, ...]) -> Refusal | None:
    """None where one of the courses gives all that is needed; else what is lacking where most of it is there."""
    lacking = [(course, keys, [key for key in needed if key not in keys]) for course, keys in given]
    if not all(missing for _course, _keys, missing in lacking):
        return None
    course, keys, missing = min(lacking, key=lambda one: len(one[2]), default=(None, None, list(needed)))
    # Whose course it is, is told only to those who have something to do with it.
    return Refusal(Why.NO_PERMISSION, missing[0], course.account if course and keys else None)


def why_not_for_class(course: Course, *, by: User) -> Refusal | None:
    """Why `by` may not export codes for the students of `course`; None when they may."""
    if not Account.objects.root().pairing_is_on:
        return Refusal(Why.SELF_REGISTRATION_IS_OFF)
    return _missing([(course, course_permissions(by, course))], (PERMISSION,))
