"""Who may make codes, and if not, why not and who can change that. Pages, API and export ask here.

Source: the field's description of the permission to generate pairing codes (reference, product-docs).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from accounts.models import Account, User
from accounts.permission_list import PERMISSIONS
from courses.models import Course, Enrollment
from courses.models.course import CourseQuerySet
from courses.models.enrollment import EnrollmentQuerySet
from courses.permissions import permissions_in

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


def _is_student_of(user: User, course: Course) -> bool:
    return _places_of(user).filter(section__course=course).exists()


def _places_of(student: User) -> EnrollmentQuerySet:
    """Where somebody is (or was) a student: an invitation alone makes nobody a student who is one elsewhere."""
    return Enrollment.objects.present().students().settled().filter(user=student, state__in=STUDENT_STATES)


def _courses_of(student: User) -> CourseQuerySet:
    courses = Course.objects.filter(pk__in=_places_of(student).values("section__course"))
    return courses.select_related("account")


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
    if course and not _is_student_of(student, course):
        return Refusal(Why.NOT_A_STUDENT)
    if by == student and by.actor is None:
        return None
    asking = by.person_acting if by == student else by
    courses = [course] if course else list(_courses_of(student))
    needed = (PERMISSION, ON_USER_DETAILS) if on_details else (PERMISSION,)
    return _missing(asking, courses, needed)


def _missing(asking: User, courses: list[Course], needed: tuple[str, ...]) -> Refusal | None:
    """None where one of the courses gives all that is needed; else what is lacking where most of it is there."""
    held = permissions_in(asking, courses)
    lacking = [(course, [key for key in needed if key not in held[course.pk]]) for course in courses]
    if any(not keys for _course, keys in lacking):
        return None
    course, keys = min(lacking, key=lambda one: len(one[1]), default=(None, list(needed)))
    # Whose course it is, is told only to those who have something to do with it.
    return Refusal(Why.NO_PERMISSION, keys[0], course.account if course and held[course.pk] else None)


def why_not_for_class(course: Course, *, by: User) -> Refusal | None:
    """Why `by` may not export codes for the students of `course`; None when they may."""
    if not Account.objects.root().pairing_is_on:
        return Refusal(Why.SELF_REGISTRATION_IS_OFF)
    return _missing(by, [course], (PERMISSION,))
