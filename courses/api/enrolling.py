"""Changing enrollments: enroll, conclude and remove, reactivate, accept or reject."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import person
from accounts.api.parameters import Parameters
from accounts.errors import Invalid
from accounts.models import User
from courses.adding import Kind, kinds_for
from courses.api import finding
from courses.api.enrollments import bodies
from courses.enrolling import change_state, enroll
from courses.invitations import answer
from courses.managing import (
    MANAGING,
    Deed,
    check,
    check_enrolls,
    find_role,
    gives_limited,
    section_for,
)
from courses.models import Course, Enrollment, Section
from courses.permissions import course_permissions

State = Enrollment.State
LIMIT = "limit_privileges_to_course_section"

TASKS = {
    "conclude": (Deed.CONCLUDE, State.COMPLETED),
    "delete": (Deed.REMOVE, State.DELETED),
    "inactivate": (Deed.DEACTIVATE, State.INACTIVE),
    "deactivate": (Deed.DEACTIVATE, State.INACTIVE),
}
# The states somebody can be enrolled in.
BEGINNINGS = (State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.INACTIVE, State.COMPLETED)


def create(call: Call, course_id: str) -> Body:
    """POST courses/:id/enrollments"""
    course = finding.course(call, course_id)
    _check_manages(call, course)
    section_id = call.given.under("enrollment").text("course_section_id")
    return _enroll(call, course, finding.section(call, section_id) if section_id else None)


def create_in_section(call: Call, section_id: str) -> Body:
    """POST sections/:id/enrollments"""
    section = finding.section(call, section_id)
    _check_manages(call, section.course)
    return _enroll(call, section.course, section)


def _check_manages(call: Call, course: Course) -> None:
    """Asked before anything else in the request is looked up: whether the caller changes any people here."""
    allow(bool(course_permissions(call.user, course) & MANAGING))


def _enroll(call: Call, course: Course, section: Section | None) -> Body:
    wanted = call.given.under("enrollment")
    role = find_role(
        course,
        role_id=wanted.whole("role_id"),
        name=wanted.text("role"),
        base_type=wanted.text("type"),
    )
    observing, state = bool(wanted.text("associated_user_id")), _beginning(wanted.text("enrollment_state"))
    check_enrolls(role, course, by=call.user, observing=observing, state=state)
    if "user_id" not in wanted:
        raise Invalid({"user_id": [("blank", _("Please say who is to be enrolled (enrollment[user_id])."))]})
    user = _to_enroll(call, course, wanted.text("user_id"))
    student = person(call, wanted.text("associated_user_id")) if observing else None
    with finding.secretly(call, student or user, wanted.text("associated_user_id")):
        section = section_for(course, section, student, by=call.user)
    _check_takes_nothing(Enrollment(user=user, section=section, role=role, associated_user=student), state, call)
    made = enroll(
        user,
        section,
        role,
        by=call.user,
        state=state,
        associated_user=student,
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        is_limited=_limited(wanted),
        comes_limited=gives_limited(role, course, by=call.user),
    )
    return _body(call, made)


def _to_enroll(call: Call, course: Course, text: str) -> User:
    """Anybody, as when people are added on the page: by a SIS id those only who read these here, or the person."""
    by_sis_id = text.startswith("sis_") and not text.startswith("sis_login_id:")
    if by_sis_id and Kind.SIS not in kinds_for(course_permissions(call.user, course)):
        return finding.person(call, text)
    return person(call, text)


def _check_takes_nothing(wanted: Enrollment, state: str | None, call: Call) -> None:
    """Enrolling somebody who is active as less than that takes what ending it takes."""
    kind = {"user": wanted.user, "role": wanted.role, "associated_user": wanted.associated_user}
    there = Enrollment.objects.filter(section=wanted.section, state=State.ACTIVE, **kind).select_related("role").first()
    if there and state not in (None, State.ACTIVE):
        deed = Deed.CONCLUDE if state == State.COMPLETED else Deed.DEACTIVATE
        check(deed, there, wanted.section.course, by=call.user)


def _limited(wanted: Parameters) -> bool | None:
    """What the request says of a limit to the section; None where it says nothing."""
    return wanted.flag(LIMIT) if LIMIT in wanted else None


def _beginning(state: str) -> str | None:
    if state and state not in BEGINNINGS:
        raise Invalid({"enrollment_state": [("inclusion", _("Please give active, invited or inactive."))]})
    return state or None


def end(call: Call, course_id: str, enrollment_id: str) -> Body:
    """DELETE courses/:id/enrollments/:id, with task conclude, delete, inactivate or deactivate"""
    task = call.given.text("task", "conclude")
    deed, state = TASKS.get(task, TASKS["conclude"])
    enrollment = _changeable(call, course_id, enrollment_id, deed)
    if task not in TASKS:
        raise Invalid({"task": [("inclusion", _("Please give conclude, delete, inactivate or deactivate."))]})
    # What was checked is what is changed. Sent twice it is the same success.
    return _body(call, change_state(enrollment, state, by=call.user, only_from=[enrollment.state, state]))


def reactivate(call: Call, course_id: str, enrollment_id: str) -> Body:
    """PUT courses/:id/enrollments/:id/reactivate"""
    enrollment = _changeable(call, course_id, enrollment_id, Deed.REACTIVATE)
    if enrollment.state not in (State.INACTIVE, State.COMPLETED):
        raise Invalid({"state": [("invalid", _("Only inactive and concluded enrollments can be reactivated."))]})
    return _body(
        call, change_state(enrollment, State.ACTIVE, by=call.user, only_from=[State.INACTIVE, State.COMPLETED])
    )


def _changeable(call: Call, course_id: str, enrollment_id: str, deed: Deed) -> Enrollment:
    course = finding.course(call, course_id)
    _check_manages(call, course)
    enrollment = finding.enrollment(course, enrollment_id)
    check(deed, enrollment, course, by=call.user)
    return enrollment


def accept(call: Call, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/accept, by the invited person"""
    return _answer(call, course_id, enrollment_id, accepts=True)


def reject(call: Call, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/reject, by the invited person"""
    return _answer(call, course_id, enrollment_id, accepts=False)


def _answer(call: Call, course_id: str, enrollment_id: str, *, accepts: bool) -> Body:
    enrollment = finding.enrollment(finding.course(call, course_id), enrollment_id)
    try:
        answer(enrollment, accepts=accepts, by=call.user)
    except Invalid:
        raise Http404 from None
    return {"success": True}


def _body(call: Call, enrollment: Enrollment) -> Body:
    found = Enrollment.objects.select_related(*finding.WITH_ENROLLMENT)
    return bodies(call, [found.get(pk=enrollment.pk)])[0]
