"""Change enrollments: enroll, conclude and remove, reactivate, accept or reject."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import person
from accounts.api.parameter_types import Flag, Id, Moment, Text, Whole, Word, not_served
from accounts.errors import Invalid
from accounts.models import User
from accounts.models.role import COURSE_BASE_TYPES
from courses.access.enrollment_actions import (
    MANAGING,
    EnrollmentAction,
    check_enrolls,
    find_role,
    section_for,
)
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.body_types import EnrollmentBody, SuccessBody
from courses.api.enrollments import INCLUDE, bodies
from courses.domain.add_people import Kind, kinds_for
from courses.domain.enrollment_specs import EnrollmentSpec
from courses.domain.members import answer, carry_out_on, enroll_one
from courses.models import Course, Enrollment, Section

State = Enrollment.State

endpoint = in_group("Enrollments")

TASKS = {
    "conclude": EnrollmentAction.CONCLUDE,
    "delete": EnrollmentAction.REMOVE,
    "inactivate": EnrollmentAction.DEACTIVATE,
    "deactivate": EnrollmentAction.DEACTIVATE,
}
# The states a person can be enrolled in.
BEGINNINGS = (State.ACTIVE, State.INVITED, State.CREATION_PENDING, State.INACTIVE, State.COMPLETED)

USER = Id("enrollment[user_id]", "Who is to be enrolled.")
# Canvas's other ways to say it; there is one institution here, so they need no `root_account`.
BY_SCHOOLS_ID = {
    "sis_user_id": Text("enrollment[sis_user_id]", "The same by SIS id; goes before `enrollment[user_id]`."),
    "sis_integration_id": Text("enrollment[integration_id]", "The same by integration id; likewise."),
}
NOBODY = gettext_lazy("Choose the person to enroll (enrollment[user_id]).")
ROOT_ACCOUNT = Text("root_account", "In which institution the person is: this site's host, as there is no other.")
NOT_OF_ENROLLMENTS = (
    *not_served(
        gettext_noop("No mail is sent: invited people find the invitation on their dashboard."),
        "enrollment[notify]",
        fits=("false",),
    ),
    *not_served(gettext_noop("Nobody enrolls themselves here."), "enrollment[self_enrollment_code]"),
    *not_served(gettext_noop("Nobody enrolls themselves here."), "enrollment[self_enrolled]", fits=("false",)),
)
TYPE = Word("enrollment[type]", "As what; by default as a student.", words=COURSE_BASE_TYPES)
ROLE = Text(
    "enrollment[role]", "With which role: a built-in role's type or a custom one's label, of which the nearest counts."
)
ROLE_ID = Whole("enrollment[role_id]", "With which role, by its id.")
STATE = Word("enrollment[enrollment_state]", "In which state; by default as the person has agreed.", words=BEGINNINGS)
SECTION = Id("enrollment[course_section_id]", "In which section; by default in the course's first.")
STUDENT = Id("enrollment[associated_user_id]", "For an observer: the one student of this course whom they observe.")
DATES = (
    Moment("enrollment[start_at]", "From when on it counts. Left out, it stays as it is."),
    Moment("enrollment[end_at]", "Until when it counts. Left out, it stays as it is."),
)
LIMIT = Flag(
    "enrollment[limit_privileges_to_course_section]",
    "Limit staff to the people of their sections. Whoever is limited so enrolls staff with the limit only.",
)
WHO = (USER, *BY_SCHOOLS_ID.values(), ROOT_ACCOUNT)
WANTED = (*WHO, TYPE, ROLE, ROLE_ID, STATE, SECTION, STUDENT, *DATES, LIMIT, *NOT_OF_ENROLLMENTS, INCLUDE)
TASK = Word("task", "What becomes of it; by default it is concluded.", words=TASKS)


@endpoint(*WANTED)
def create(request: ApiRequest, course_id: str) -> EnrollmentBody:
    """Enroll somebody in a course.

    People are invited, unless the school has agreed for them; whoever is there already stays.
    """
    course = lookups.course(request, course_id)
    _check_manages(request, course)
    section_id = request.params[SECTION]
    return _enroll(request, course, lookups.section(request, section_id) if section_id else None)


@endpoint(*WANTED)
def create_in_section(request: ApiRequest, section_id: str) -> EnrollmentBody:
    """Enroll somebody in a section."""
    section = lookups.section(request, section_id)
    _check_manages(request, section.course)
    named = request.params[SECTION]
    if named and lookups.section(request, named) != section:
        raise Invalid({"enrollment.course_section_id": [("invalid", _("This is not the section in the address."))]})
    return _enroll(request, section.course, section)


def _check_manages(request: ApiRequest, course: Course) -> None:
    """Check, before anything else in the request is looked up, whether the caller changes any people here."""
    allow(bool(course_permissions(request.user, course) & MANAGING))


def _enroll(request: ApiRequest, course: Course, section: Section | None) -> EnrollmentBody:
    wanted = request.params
    role = find_role(course, role_id=wanted[ROLE_ID], name=wanted[ROLE], base_type=wanted[TYPE])
    observing, state = bool(wanted[STUDENT]), wanted[STATE] or None
    check_enrolls(role, course, by=request.user, observing=observing, state=state)
    user = _to_enroll(request, course, _who(request))
    student = person(request, wanted[STUDENT]) if observing else None
    with lookups.hide_existence(request, student or user, wanted[STUDENT]):
        section = section_for(course, section, student, by=request.user)
    spec = EnrollmentSpec(user, section, role, student, state, **wanted.fields(*DATES), is_limited=wanted.sent(LIMIT))
    return _body(request, enroll_one(spec, by=request.user))


def _who(request: ApiRequest) -> str:
    """Return the id of the person to enroll, in one of Canvas's forms. Raises Invalid."""
    given = request.params
    if given[ROOT_ACCOUNT] not in ("", request.request.get_host()):
        raise Invalid({"root_account": [("invalid", _("There is one institution here: leave this out."))]})
    for prefix, parameter in BY_SCHOOLS_ID.items():
        if given[parameter]:
            return f"{prefix}:{given[parameter]}"
    if not given[USER]:
        raise Invalid({"enrollment.user_id": [("blank", NOBODY)]})
    return given[USER]


def _to_enroll(request: ApiRequest, course: Course, text: str) -> User:
    """Return the person to enroll, anyone as on the Add people page; by a SIS id only for people who may read these
    here.
    """
    by_sis_id = text.startswith("sis_") and not text.startswith("sis_login_id:")
    if by_sis_id and Kind.SIS not in kinds_for(course_permissions(request.user, course)):
        return lookups.person(request, text)
    return person(request, text)


@endpoint(TASK, INCLUDE)
def end(request: ApiRequest, course_id: str, enrollment_id: str) -> EnrollmentBody:
    """End an enrollment: conclude, remove or deactivate it. Sent twice it is the same success."""
    course, enrollment = _changeable(request, course_id, enrollment_id)
    action = TASKS[request.params[TASK] or "conclude"]
    return _body(request, carry_out_on(enrollment, course, action, by=request.user))


@endpoint(INCLUDE)
def reactivate(request: ApiRequest, course_id: str, enrollment_id: str) -> EnrollmentBody:
    """Bring back an enrollment that is inactive or concluded."""
    course, enrollment = _changeable(request, course_id, enrollment_id)
    return _body(request, carry_out_on(enrollment, course, EnrollmentAction.REACTIVATE, by=request.user))


def _changeable(request: ApiRequest, course_id: str, enrollment_id: str) -> tuple[Course, Enrollment]:
    course = lookups.course(request, course_id)
    _check_manages(request, course)
    return course, lookups.enrollment(course, enrollment_id)


@endpoint()
def accept(request: ApiRequest, course_id: str, enrollment_id: str) -> SuccessBody:
    """Accept an invitation, as the invited person."""
    return _answer(request, course_id, enrollment_id, accepts=True)


@endpoint()
def reject(request: ApiRequest, course_id: str, enrollment_id: str) -> SuccessBody:
    """Turn an invitation down, as the invited person."""
    return _answer(request, course_id, enrollment_id, accepts=False)


def _answer(request: ApiRequest, course_id: str, enrollment_id: str, *, accepts: bool) -> SuccessBody:
    enrollment = lookups.enrollment(lookups.course(request, course_id), enrollment_id)
    answer(enrollment, accepts=accepts, by=request.user)
    return {"success": True}


def _body(request: ApiRequest, enrollment: Enrollment) -> EnrollmentBody:
    found = Enrollment.objects.select_related(*lookups.WITH_ENROLLMENT)
    return bodies(request, [found.get(pk=enrollment.pk)])[0]
