"""Courses."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account
from accounts.api.pagination import page_of
from accounts.api.roles import permissions_body
from accounts.errors import NotAllowed
from accounts.models import Account, BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.courses import course_access
from courses.access.enrollment_actions import check_enrolls
from courses.access.enrollments import EnrollmentAccess, course_places, observed_places
from courses.access.permissions import STAFF_TYPES, course_permissions, held_in, permissions_in
from courses.api import lookups
from courses.api.bodies import TYPES, brief_enrollment, course_body, section_body
from courses.domain.courses import create_course
from courses.domain.enrollments import enroll
from courses.domain.grades import totals_of
from courses.models import Course, Enrollment, Section
from courses.models.course import CourseQuerySet, default_section
from courses.models.dates import is_over
from courses.models.enrollment import EnrollmentQuerySet

# The `enrollment_state` filter, by all dates that count: whether the enrollments are over. Invited people see none yet.
OVER = {"active": [False], "completed": [True]}


def index(request: ApiRequest) -> Body:
    """GET courses: one's own."""
    return _list(request, request.user)


def index_of_user(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/courses"""
    return _list(request, lookups.person(request, user_id))


def _list(request: ApiRequest, user: User) -> Body:
    places = course_places(user, by=request.user)
    if places is None:
        raise NotAllowed
    places = _of_type_and_state(request, places)
    courses = page_of(request, _in_states(request, places).select_related("account", "term").order_by("sort_key", "id"))
    return _bodies(request, courses, places)


def _of_type_and_state(request: ApiRequest, places: EnrollmentQuerySet) -> EnrollmentQuerySet:
    if types := request.params.texts("enrollment_type"):
        places = places.filter(type__in=[TYPES[short] for short in types if short in TYPES])
    if state := request.params.text("enrollment_state"):
        places = places.annotate(over=is_over()).filter(over__in=OVER.get(state, []))
    elif "completed" not in request.params.texts("state"):
        places = places.filter(state=Enrollment.State.ACTIVE)
    return places


def _in_states(request: ApiRequest, places: EnrollmentQuerySet) -> CourseQuerySet:
    """The courses of these enrollments that are in the states asked for (Canvas's defaults: by type)."""
    if states := request.params.texts("state"):
        places = places.filter(section__course__workflow_state__in=states)
    else:
        published = Q(section__course__workflow_state=Course.State.AVAILABLE)
        places = places.filter(published | Q(type__in=STAFF_TYPES))
    return Course.objects.filter(pk__in=places.values("section__course"))


def _bodies(request: ApiRequest, courses: list[Course], places: EnrollmentQuerySet) -> list[dict[str, object]]:
    """The courses of one page, each with enrollments, on request the observed students' too."""
    shown = Q(pk__in=places.values("pk"))
    if "observed_users" in request.include:
        shown |= Q(pk__in=observed_places(request.user).values("pk"))
    found = Enrollment.objects.filter(shown, section__course__in=courses)
    enrollments = list(found.select_related("section__course", "role").order_by("id"))
    access, totals = EnrollmentAccess(request.user, enrollments), totals_of(enrollments)
    keys = permissions_in(request.user, courses)
    sections = _sections(request, courses, enrollments)
    bodies = []
    for course in courses:
        body = course_body(course, request.root, keys[course.pk], request.include)
        body["enrollments"] = [
            brief_enrollment(enrollment, access, totals)
            for enrollment in enrollments
            if enrollment.section.course_id == course.pk
        ]
        if "sections" in request.include:
            body["sections"] = [
                section_body(section, keys[course.pk]) for section in sections if section.course_id == course.pk
            ]
        bodies.append(body)
    return bodies


def _sections(request: ApiRequest, courses: list[Course], enrollments: list[Enrollment]) -> list[Section]:
    """Those of whose people the caller sees the list, and those of these enrollments."""
    if "sections" not in request.include:
        return []
    present = Section.objects.filter(course__in=courses, workflow_state=Section.State.ACTIVE)
    present = present.order_by("sort_key", "id")
    held, own = held_in(request.user, courses), {enrollment.section_id for enrollment in enrollments}
    return [each for each in present if each.pk in own or held[each.course_id].sees_people_of(each.pk)]


def show(request: ApiRequest, course_id: str) -> Body:
    """GET courses/:id"""
    course = lookups.course(request, course_id)
    allow(course_access(request.user, course) is not None)
    places = course_places(request.user, by=request.user)
    if places is None:
        raise Http404
    return _bodies(request, [course], places)[0]


def permissions(request: ApiRequest, course_id: str) -> Body:
    """GET courses/:id/permissions"""
    course = lookups.course(request, course_id)
    allow(course_access(request.user, course) is not None)
    return permissions_body(request, course_permissions(request.user, course))


def create(request: ApiRequest, account_id: str) -> Body:
    """POST accounts/:id/courses"""
    home = account(request, account_id)
    allow(may_on_account(request.user, Permission.MANAGE_COURSES_ADMIN, home))
    with transaction.atomic():
        course = _create(request, home)
        if request.params.flag("enroll_me"):
            teacher = Role.objects.built_in(BaseType.TEACHER)
            check_enrolls(teacher, course, by=request.user)
            enroll(request.user, default_section(course), teacher, by=request.user)
    return show(request, str(course.pk))


def _create(request: ApiRequest, home: Account) -> Course:
    wanted = request.params.under("course")
    term_id = wanted.text("term_id") or wanted.text("enrollment_term_id")
    return create_course(
        home,
        by=request.user,
        name=wanted.text("name") or _("Unnamed course"),
        course_code=wanted.text("course_code"),
        sis_course_id=wanted.text("sis_course_id"),
        term=lookups.term(term_id) if term_id else None,
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        restrict_enrollments_to_course_dates=wanted.flag("restrict_enrollments_to_course_dates"),
        syllabus_body=wanted.text("syllabus_body"),
        publish=request.params.flag("offer") or wanted.flag("offer"),
    )
