"""Changing enrollments: enroll, conclude and remove, reactivate, accept or reject."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import person
from accounts.errors import Invalid
from courses.api import finding
from courses.api.enrollments import bodies
from courses.enrolling import change_state, enroll
from courses.managing import MANAGING, find_role, permission_for, section_for
from courses.models import Course, Enrollment, Section
from courses.permissions import course_permissions

State = Enrollment.State

TASKS = {
    "conclude": State.COMPLETED,
    "delete": State.DELETED,
    "inactivate": State.INACTIVE,
    "deactivate": State.INACTIVE,
}
# The states somebody can be enrolled in.
BEGINNINGS = (State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.INACTIVE, State.COMPLETED)


def create(call: Call, course_id: str) -> Body:
    """POST courses/:id/enrollments"""
    course = finding.course(course_id)
    keys = _keys(call, course)
    section_id = call.given.under("enrollment").text("course_section_id")
    return _enroll(call, keys, course, finding.section(section_id) if section_id else None)


def create_in_section(call: Call, section_id: str) -> Body:
    """POST sections/:id/enrollments"""
    section = finding.section(section_id)
    return _enroll(call, _keys(call, section.course), section.course, section)


def _keys(call: Call, course: Course) -> frozenset[str]:
    """The caller's permissions here, asked before anything else in the request is looked up."""
    keys = course_permissions(call.user, course)
    allow(bool(keys & MANAGING))
    return keys


def _enroll(call: Call, keys: frozenset[str], course: Course, section: Section | None) -> Body:
    wanted = call.given.under("enrollment")
    role = find_role(
        course,
        role_id=wanted.whole("role_id"),
        name=wanted.text("role"),
        base_type=wanted.text("type"),
    )
    allow(permission_for(role.base_type) in keys)
    if "user_id" not in wanted:
        raise Invalid({"user_id": [("blank", _("Please say who is to be enrolled (enrollment[user_id])."))]})
    user = person(call, wanted.text("user_id"))
    student = person(call, wanted.text("associated_user_id")) if wanted.text("associated_user_id") else None
    made = enroll(
        user,
        section_for(course, section, student),
        role,
        by=call.user,
        state=_beginning(wanted.text("enrollment_state")),
        associated_user=student,
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
    )
    return _body(call, made)


def _beginning(state: str) -> str | None:
    if state and state not in BEGINNINGS:
        raise Invalid({"enrollment_state": [("inclusion", _("Please give active, invited or inactive."))]})
    return state or None


def end(call: Call, course_id: str, enrollment_id: str) -> Body:
    """DELETE courses/:id/enrollments/:id, with task conclude, delete, inactivate or deactivate"""
    enrollment = _changeable(call, course_id, enrollment_id)
    task = call.given.text("task", "conclude")
    if task not in TASKS:
        raise Invalid({"task": [("inclusion", _("Please give conclude, delete, inactivate or deactivate."))]})
    return _body(call, change_state(enrollment, TASKS[task], by=call.user))


def reactivate(call: Call, course_id: str, enrollment_id: str) -> Body:
    """PUT courses/:id/enrollments/:id/reactivate"""
    enrollment = _changeable(call, course_id, enrollment_id)
    if enrollment.state not in (State.INACTIVE, State.COMPLETED):
        raise Invalid({"state": [("invalid", _("Only inactive and concluded enrollments can be reactivated."))]})
    return _body(call, change_state(enrollment, State.ACTIVE, by=call.user))


def _changeable(call: Call, course_id: str, enrollment_id: str) -> Enrollment:
    course = finding.course(course_id)
    keys = _keys(call, course)
    enrollment = finding.enrollment(course, enrollment_id)
    allow(permission_for(enrollment.type) in keys)
    return enrollment


def accept(call: Call, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/accept, by the invited person"""
    return _answer(call, course_id, enrollment_id, State.ACTIVE)


def reject(call: Call, course_id: str, enrollment_id: str) -> Body:
    """POST courses/:id/enrollments/:id/reject, by the invited person"""
    return _answer(call, course_id, enrollment_id, State.REJECTED)


def _answer(call: Call, course_id: str, enrollment_id: str, state: str) -> Body:
    enrollment = finding.enrollment(finding.course(course_id), enrollment_id)
    allow(enrollment.user_id == call.user.pk)
    if enrollment.state != State.INVITED:
        raise Http404
    change_state(enrollment, state, by=call.user)
    return {"success": True}


def _body(call: Call, enrollment: Enrollment) -> Body:
    found = Enrollment.objects.select_related(*finding.WITH_ENROLLMENT)
    return bodies(call, [found.get(pk=enrollment.pk)])[0]
