"""Who may make codes, and if not, why not. Pages, API and export ask here."""

from __future__ import annotations

from enum import Enum

from accounts.models import Account, User
from courses.models import Course, Enrollment
from courses.permissions import may, may_in_a_course_of

PERMISSION = "generate_observer_pairing_code"
# Canvas: active, invited, pending and completed count; whether the course is published does not.
STUDENT_STATES = (*Enrollment.LIVE, Enrollment.State.COMPLETED)


class Why(Enum):
    """The reasons for a refusal."""

    SELF_REGISTRATION_IS_OFF = "self_registration_is_off"
    NOT_A_STUDENT = "not_a_student"
    NO_PERMISSION = "no_permission"


def is_student(user: User) -> bool:
    """Whether `user` has (or had) an enrollment as a student."""
    return Enrollment.objects.students().filter(user=user, state__in=STUDENT_STATES).exists()


def why_not_for(student: User, *, by: User, course: Course | None = None) -> Why | None:
    """Why `by` may not make a code for `student`; None when they may (reference: who may generate for whom).

    With `course`, the page the code is asked for on, the student must be in it and the permission held there.
    """
    if not Account.objects.root().pairing_is_on:
        return Why.SELF_REGISTRATION_IS_OFF
    if not is_student(student):
        return Why.NOT_A_STUDENT
    if course and not Enrollment.objects.present().students().filter(user=student, section__course=course).exists():
        return Why.NOT_A_STUDENT
    if by == student or (may(by, PERMISSION, course) if course else may_in_a_course_of(by, PERMISSION, student)):
        return None
    return Why.NO_PERMISSION


def why_not_for_class(course: Course, *, by: User) -> Why | None:
    """Why `by` may not export codes for the students of `course`; None when they may."""
    if not Account.objects.root().pairing_is_on:
        return Why.SELF_REGISTRATION_IS_OFF
    return None if may(by, PERMISSION, course) else Why.NO_PERMISSION
