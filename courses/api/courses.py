"""Courses."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Id, Includes, Text, Whole, Word, Words, not_served
from accounts.api.roles import PERMISSIONS_ASKED, permissions_body
from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.enrollments import (
    EnrollmentAccess,
    course_enrollments,
    enrollments_in_listed_courses,
    observed_enrollments,
)
from courses.access.permissions import course_permissions, held_in, permissions_in
from courses.api import lookups
from courses.api.account_courses import ENROLLMENT_TERM_ID, FIELDS, NOT_OF_NEW_COURSES, OFFER, TERM_ID
from courses.api.bodies import TYPES, brief_enrollment, section_body
from courses.api.body_types import CourseBody
from courses.api.course_includes import ABSENT, WORDS, course_bodies
from courses.domain.courses import create_course
from courses.domain.grades import totals_of
from courses.domain.members import enroll_as_teacher
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet

endpoint = in_group("Courses")

# The `enrollment_state` filter, by all dates that count: whether the enrollments are over. Invited people see none yet.
OVER = {"active": False, "completed": True}
INVITED = "invited_or_pending"
ENROLLMENT_TYPES = Words("enrollment_type[]", "List only courses in which one is enrolled as this.", words=TYPES)
ENROLLMENT_STATE = Word(
    "enrollment_state",
    "List only courses in which the enrollment goes on, or is over, by all dates that count.",
    words=[*OVER, INVITED],
)
STATES = Words(
    "state[]",
    "List only courses in these states; by default published ones, to staff unpublished ones too.",
    words=Course.State.values,
)
INCLUDE = Includes(
    words={
        **WORDS,
        "sections": "the sections that the caller is in or sees the people of",
        "observed_users": "beside the caller's own enrollments those of the students they observe",
    },
    absent=ABSENT,
)
ENROLLMENT_ROLE = Text("enrollment_role", "List only courses in which one has this role: see `role[]`. Goes before it.")
ENROLLMENT_ROLE_ID = Whole("enrollment_role_id", "The same, by the id of the role.")
ACCOUNT_ID = Id("account_id", "List only courses of this account and of those below it.")
NOT_OF_LISTS = (
    *not_served(gettext_noop("There are no blueprint courses."), "exclude_blueprint_courses", fits=("true", "false")),
    *not_served(gettext_noop("There are no homeroom courses."), "homeroom", fits=("false",)),
)
ROLES = (ENROLLMENT_ROLE, ENROLLMENT_ROLE_ID)
FILTERS = (ENROLLMENT_TYPES, *ROLES, ENROLLMENT_STATE, STATES, ACCOUNT_ID, *NOT_OF_LISTS, INCLUDE, *PAGING)
TEACHER_LIMIT = Whole("teacher_limit", "Where a course has more teachers, how many there are comes instead of them.")
NOT_OF_NEW = (
    *NOT_OF_NEW_COURSES,
    *not_served(gettext_noop("There are no templates of courses."), "skip_course_template", fits=("true", "false")),
    *not_served(
        gettext_noop("Bring a deleted course back with `course[event]=undelete`."),
        "enable_sis_reactivation",
        fits=("false",),
    ),
)
ENROLL_ME = Flag("enroll_me", "Enroll the caller as its teacher.")
OFFER_TOO = Flag("course[offer]", "Publish the course: another place for `offer`.")


@endpoint(*FILTERS)
def index(request: ApiRequest) -> list[CourseBody]:
    """List one's own courses."""
    return _list(request, request.user)


@endpoint(*FILTERS)
def index_of_user(request: ApiRequest, user_id: str) -> list[CourseBody]:
    """List the courses of somebody, as far as the caller may know them."""
    return _list(request, lookups.person(request, user_id))


def _list(request: ApiRequest, user: User) -> list[CourseBody]:
    enrollments = course_enrollments(user, by=request.user)
    if enrollments is None:
        raise NotAllowed
    enrollments = _listed(request, enrollments)
    found = Course.objects.filter(OneOf(enrollments.values("section__course"))).select_related("account", "term")
    if text := request.params[ACCOUNT_ID]:
        found = found.filter(account__in=with_all_below(account(request, text)))
    return _bodies(request, page_of(request, found.order_by("sort_key", "id"), is_small=True), enrollments)


def _listed(request: ApiRequest, enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    state, states = request.params[ENROLLMENT_STATE], request.params[STATES]
    if state == INVITED:
        return enrollments.none()
    name, role_id = request.params[ENROLLMENT_ROLE], request.params[ENROLLMENT_ROLE_ID]
    types = [TYPES[short] for short in request.params[ENROLLMENT_TYPES]]
    if role_id is not None:
        enrollments, types = enrollments.filter(role=role_id), []
    elif name:
        enrollments, types = enrollments.filter(role__in=lookups.roles([name], "enrollment_role")), []
    return enrollments_in_listed_courses(enrollments, types=types, is_over=OVER.get(state), states=states)


def _bodies(request: ApiRequest, courses: list[Course], listed: EnrollmentQuerySet) -> list[CourseBody]:
    """Return the courses of one page, each with enrollments, and with the observed students' on request."""
    shown = Q(pk__in=listed.values("pk"))
    if "observed_users" in request.include:
        shown |= Q(pk__in=observed_enrollments(request.user).values("pk"))
    found = Enrollment.objects.filter(shown, section__course__in=courses)
    enrollments = list(found.select_related("section__course", "role").order_by("id"))
    access, totals = EnrollmentAccess(request.user, enrollments), totals_of(enrollments)
    keys = permissions_in(request.user, courses)
    sections = _sections(request, courses, enrollments)
    bodies = course_bodies(request, courses, keys)
    for course, body in zip(courses, bodies, strict=True):
        body["enrollments"] = [
            brief_enrollment(enrollment, access, totals)
            for enrollment in enrollments
            if enrollment.section.course_id == course.pk
        ]
        if "sections" in request.include:
            body["sections"] = [
                section_body(section, keys[course.pk]) for section in sections if section.course_id == course.pk
            ]
    return bodies


def _sections(request: ApiRequest, courses: list[Course], enrollments: list[Enrollment]) -> list[Section]:
    """Return the sections whose people the caller sees, and those of these enrollments."""
    if "sections" not in request.include:
        return []
    present = Section.objects.filter(course__in=courses, workflow_state=Section.State.ACTIVE)
    present = present.select_related("course").order_by("sort_key", "id")
    held, own = held_in(request.user, courses), {enrollment.section_id for enrollment in enrollments}
    return [each for each in present if each.pk in own or held[each.course_id].sees_people_of(each.pk)]


@endpoint(INCLUDE, TEACHER_LIMIT)
def show(request: ApiRequest, course_id: str) -> CourseBody:
    """Show a course."""
    body, limit = _shown(request, course_id), request.params[TEACHER_LIMIT]
    if limit is not None and len(teachers := body.get("teachers", [])) > limit:
        del body["teachers"]
        body["teacher_count"] = len(teachers)
    return body


def _shown(request: ApiRequest, course_id: str) -> CourseBody:
    course = lookups.access(request, course_id).course
    enrollments = course_enrollments(request.user, by=request.user)
    if enrollments is None:
        raise Http404
    return _bodies(request, [course], enrollments)[0]


@endpoint(PERMISSIONS_ASKED)
def permissions(request: ApiRequest, course_id: str) -> dict[str, bool]:
    """Tell which permissions the caller has in a course."""
    course = lookups.access(request, course_id).course
    return permissions_body(request, course_permissions(request.user, course))


@endpoint(*FIELDS, ENROLLMENT_TERM_ID, TERM_ID, OFFER, OFFER_TOO, ENROLL_ME, INCLUDE, *NOT_OF_NEW)
def create(request: ApiRequest, account_id: str) -> CourseBody:
    """Create a course in an account."""
    home = account(request, account_id)
    allow(may_on_account(request.user, Permission.MANAGE_COURSES_ADMIN, home))
    with transaction.atomic():
        course = _create(request, home)
        if request.params[ENROLL_ME]:
            enroll_as_teacher(course, by=request.user)
    return _shown(request, str(course.pk))


def _create(request: ApiRequest, home: Account) -> Course:
    given = request.params
    fields = given.values(*FIELDS)
    term_id = given[TERM_ID] or given[ENROLLMENT_TERM_ID]
    return create_course(
        home,
        by=request.user,
        **{**fields, "name": fields["name"] or _("Unnamed course")},
        term=lookups.term(term_id) if term_id else None,
        publish=given[OFFER] or given[OFFER_TOO],
    )
