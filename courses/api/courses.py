"""Courses."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account
from accounts.api.paging import page_of
from accounts.api.roles import permissions_body
from accounts.errors import NotAllowed
from accounts.models import Account, BaseType, Role, User
from accounts.permissions import may_on_account
from courses.api import finding
from courses.api.bodies import TYPES, brief_enrollment, course_body, section_body
from courses.creating import create_course
from courses.dates import is_over
from courses.enrolling import default_section, enroll
from courses.managing import check_enrolls
from courses.models import Course, Enrollment, Section
from courses.models.course import CourseQuerySet
from courses.models.enrollment import EnrollmentQuerySet
from courses.permissions import STAFF_TYPES, course_permissions, held_in, permissions_in
from courses.reading import Sight, course_places, observed_places
from courses.totals import totals_of
from courses.visibility import standing

# The `enrollment_state` filter, by all dates that count: whether the enrollments are over. Invited people see none yet.
OVER = {"active": [False], "completed": [True]}


def index(call: Call) -> Body:
    """GET courses: one's own."""
    return _list(call, call.user)


def index_of_user(call: Call, user_id: str) -> Body:
    """GET users/:id/courses"""
    return _list(call, finding.person(call, user_id))


def _list(call: Call, user: User) -> Body:
    places = course_places(user, by=call.user)
    if places is None:
        raise NotAllowed
    places = _of_type_and_state(call, places)
    courses = page_of(call, _in_states(call, places).select_related("account", "term").order_by("sort_key", "id"))
    return _bodies(call, courses, places)


def _of_type_and_state(call: Call, places: EnrollmentQuerySet) -> EnrollmentQuerySet:
    if types := call.given.texts("enrollment_type"):
        places = places.filter(type__in=[TYPES[short] for short in types if short in TYPES])
    if state := call.given.text("enrollment_state"):
        places = places.annotate(over=is_over()).filter(over__in=OVER.get(state, []))
    elif "completed" not in call.given.texts("state"):
        places = places.filter(state=Enrollment.State.ACTIVE)
    return places


def _in_states(call: Call, places: EnrollmentQuerySet) -> CourseQuerySet:
    """The courses of these enrollments that are in the states asked for (Canvas's defaults: by type)."""
    if states := call.given.texts("state"):
        places = places.filter(section__course__workflow_state__in=states)
    else:
        published = Q(section__course__workflow_state=Course.State.AVAILABLE)
        places = places.filter(published | Q(type__in=STAFF_TYPES))
    return Course.objects.filter(pk__in=places.values("section__course"))


def _bodies(call: Call, courses: list[Course], places: EnrollmentQuerySet) -> list[dict[str, object]]:
    """The courses of one page, each with enrollments, on request the observed students' too."""
    shown = Q(pk__in=places.values("pk"))
    if "observed_users" in call.include:
        shown |= Q(pk__in=observed_places(call.user).values("pk"))
    found = Enrollment.objects.filter(shown, section__course__in=courses)
    enrollments = list(found.select_related("section__course", "role").order_by("id"))
    sight, totals = Sight(call.user, enrollments), totals_of(enrollments)
    keys = permissions_in(call.user, courses)
    sections = _sections(call, courses, enrollments)
    bodies = []
    for course in courses:
        body = course_body(course, call.root, keys[course.pk], call.include)
        body["enrollments"] = [
            brief_enrollment(enrollment, sight, totals)
            for enrollment in enrollments
            if enrollment.section.course_id == course.pk
        ]
        if "sections" in call.include:
            body["sections"] = [
                section_body(section, keys[course.pk]) for section in sections if section.course_id == course.pk
            ]
        bodies.append(body)
    return bodies


def _sections(call: Call, courses: list[Course], enrollments: list[Enrollment]) -> list[Section]:
    """Those of whose people the caller sees the list, and those of these enrollments."""
    if "sections" not in call.include:
        return []
    present = Section.objects.filter(course__in=courses, workflow_state=Section.State.ACTIVE)
    present = present.order_by("sort_key", "id")
    held, own = held_in(call.user, courses), {enrollment.section_id for enrollment in enrollments}
    return [each for each in present if each.pk in own or held[each.course_id].sees_people_of(each.pk)]


def show(call: Call, course_id: str) -> Body:
    """GET courses/:id"""
    course = finding.course(call, course_id)
    allow(standing(call.user, course) is not None)
    places = course_places(call.user, by=call.user)
    if places is None:
        raise Http404
    return _bodies(call, [course], places)[0]


def permissions(call: Call, course_id: str) -> Body:
    """GET courses/:id/permissions"""
    course = finding.course(call, course_id)
    allow(standing(call.user, course) is not None)
    return permissions_body(call, course_permissions(call.user, course))


def create(call: Call, account_id: str) -> Body:
    """POST accounts/:id/courses"""
    home = account(call, account_id)
    allow(may_on_account(call.user, "manage_courses_admin", home))
    with transaction.atomic():
        course = _create(call, home)
        if call.given.flag("enroll_me"):
            teacher = Role.objects.built_in(BaseType.TEACHER)
            check_enrolls(teacher, course, by=call.user)
            enroll(call.user, default_section(course), teacher, by=call.user)
    return show(call, str(course.pk))


def _create(call: Call, home: Account) -> Course:
    wanted = call.given.under("course")
    term_id = wanted.text("term_id") or wanted.text("enrollment_term_id")
    return create_course(
        home,
        by=call.user,
        name=wanted.text("name") or _("Unnamed course"),
        course_code=wanted.text("course_code"),
        sis_course_id=wanted.text("sis_course_id"),
        term=finding.term(term_id) if term_id else None,
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        restrict_enrollments_to_course_dates=wanted.flag("restrict_enrollments_to_course_dates"),
        syllabus_body=wanted.text("syllabus_body"),
        publish=call.given.flag("offer") or wanted.flag("offer"),
    )
