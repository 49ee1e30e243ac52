"""Changing enrollments: enroll, conclude and remove, reactivate, accept or reject."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import person
from accounts.api.parameters import Parameters
from accounts.errors import Invalid
from accounts.models import User
from courses.access.enrollment_actions import (
    MANAGING,
    EnrollmentAction,
    check,
    check_enrolls,
    find_role,
    gives_limited,
    section_for,
)
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.enrollments import bodies
from courses.domain.add_people import Kind, kinds_for
from courses.domain.enrollments import change_state, enroll
from courses.domain.invitations import answer
from courses.models import Course, Enrollment, Section

State = Enrollment.State
LIMIT = "limit_privileges_to_course_section"

TASKS = {
    "conclude": (EnrollmentAction.CONCLUDE, State.COMPLETED),
    "delete": (EnrollmentAction.REMOVE, State.DELETED),
    "inactivate": (EnrollmentAction.DEACTIVATE, State.INACTIVE),
    "deactivate": (EnrollmentAction.DEACTIVATE, State.INACTIVE),
}
# The states somebody can be enrolled in.
BEGINNINGS = (State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.INACTIVE, State.COMPLETED)


def create(request: ApiRequest, course_id: str) -> Body:
    """POST courses/:id/enrollments"""
    course = lookups.course(request, course_id)
    _check_manages(request, course)
    section_id = request.params.under("enrollment").text("course_section_id")
    return _enroll(request, course, lookups.section(request, section_id) if section_id else None)


def create_in_section(request: ApiRequest, section_id: str) -> Body:
    """POST sections/:id/enrollments"""
    section = lookups.section(request, section_id)
    _check_manages(request, section.course)
    return _enroll(request, section.course, section)


def _check_manages(request: ApiRequest, course: Course) -> None:
    """Asked before anything else in the request is looked up: whether the caller changes any people here."""
    allow(bool(course_permissions(request.user, course) & MANAGING))


def _enroll(request: ApiRequest, course: Course, section: Section | None) -> Body:
    wanted = request.params.under("enrollment")
    role = find_role(
        course,
        role_id=wanted.whole("role_id"),
        name=wanted.text("role"),
        base_type=wanted.text("type"),
    )
    observing, state = bool(wanted.text("associated_user_id")), _beginning(wanted.text("enrollment_state"))
    check_enrolls(role, course, by=request.user, observing=observing, state=state)
    if "user_id" not in wanted:
        raise Invalid({"user_id": [("blank", _("Please say who is to be enrolled (enrollment[user_id])."))]})
    user = _to_enroll(request, course, wanted.text("user_id"))
    student = person(request, wanted.text("associated_user_id")) if observing else None
    with lookups.hide_existence(request, student or user, wanted.text("associated_user_id")):
        section = section_for(course, section, student, by=request.user)
    _check_takes_nothing(Enrollment(user=user, section=section, role=role, associated_user=student), state, request)
    made = enroll(
        user,
        section,
        role,
        by=request.user,
        state=state,
        associated_user=student,
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        is_limited=_limited(wanted),
        comes_limited=gives_limited(role, course, by=request.user),
    )
    return _body(request, made)


def _to_enroll(request: ApiRequest, course: Course, text: str) -> User:
    """Anybody, as when people are added on the page: by a SIS id those only who read these here, or the person."""
    by_sis_id = text.startswith("sis_") and not text.startswith("sis_login_id:")
    if by_sis_id and Kind.SIS not in kinds_for(course_permissions(request.user, course)):
        return lookups.person(request, text)
    return person(request, text)


def _check_takes_nothing(wanted: Enrollment, state: str | None, request: ApiRequest) -> None:
    """Enrolling somebody who is active as less than that takes what ending it takes."""
    kind = {"user": wanted.user, "role": wanted.role, "associated_user": wanted.associated_user}
    there = Enrollment.objects.filter(section=wanted.section, state=State.ACTIVE, **kind).select_related("role").first()
    if there and state not in (None, State.ACTIVE):
        action = EnrollmentAction.CONCLUDE if state == State.COMPLETED else EnrollmentAction.DEACTIVATE
        check(action, there, wanted.section.course, by=request.user)


def _limited(wanted: Parameters) -> bool | None:
    """What the request says of a limit to the section; None where it says nothing."""
    return wanted.flag(LIMIT) if LIMIT in wanted else None


def _beginning(state: str) -> str | None:
    if state and state not in BEGINNINGS:
        raise Invalid({"enrollment_state": [("inclusion", _("Please give active, invited or inactive."))]})
    return state or None


def end(request: ApiRequest, course_id: str, enrollment_id: str) -> Body:
    """DELETE courses/:id/enrollments/:id, with task conclude, delete, inactivate or deactivate"""
    task = request.params.text("task", "conclude")
    action, state = TASKS.get(task, TASKS["conclude"])
    enrollment = _changeable(request, course_id, enrollment_id, action)
    if task not in TASKS:
        raise Invalid({"task": [("inclusion", _("Please give conclude, delete, inactivate or deactivate."))]})
    # What was checked is what is changed. Sent twice it is the same success.
    return _body(request, change_state(enrollment, state, by=request.user, only_from=[enrollment.state, state]))


def reactivate(request: ApiRequest, course_id: str, enrollment_id: str) -> Body:
    """PUT courses/:id/enrollments/:id/reactivate"""
    enrollment = _changeable(request, course_id, enrollment_id, EnrollmentAction.REACTIVATE)
    if enrollment.state not in (State.INACTIVE, State.COMPLETED):
        raise Invalid({"state": [("invalid", _("Only inactive and concluded enrollments can be reactivated."))]})
    return _body(
        request, change_state(enrollment, State.ACTIVE, by=request.user, only_from=[State.INACTIVE, State.COMPLETED])
    )


def _changeable(request: ApiRequest, course_id: str, enrollment_id: str, action: EnrollmentAction) -> Enrollment:
    course = lookups.course(request, course_id)
    _check_manages(request, course)
    enrollment = lookups.enrollment(course, enrollment_id)
    check(action, enrollment, course, by=request.user)
    return enrollment


def accept(request: ApiRequest, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/accept, by the invited person"""
    return _answer(request, course_id, enrollment_id, accepts=True)


def reject(request: ApiRequest, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/reject, by the invited person"""
    return _answer(request, course_id, enrollment_id, accepts=False)


def _answer(request: ApiRequest, course_id: str, enrollment_id: str, *, accepts: bool) -> Body:
    enrollment = lookups.enrollment(lookups.course(request, course_id), enrollment_id)
    try:
        answer(enrollment, accepts=accepts, by=request.user)
    except Invalid:
        raise Http404 from None
    return {"success": True}


def _body(request: ApiRequest, enrollment: Enrollment) -> Body:
    found = Enrollment.objects.select_related(*lookups.WITH_ENROLLMENT)
    return bodies(request, [found.get(pk=enrollment.pk)])[0]
