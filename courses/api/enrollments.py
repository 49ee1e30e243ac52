"""Reading enrollments: of a course, of a section, of a person."""

from __future__ import annotations

from django.db.models import Q

from accounts.api.endpoints import ApiRequest, Body
from accounts.api.pagination import page_of
from accounts.errors import NotAllowed
from courses.access.courses import course_access
from courses.access.enrollments import EnrollmentAccess, places_in, places_of
from courses.api import lookups
from courses.api.bodies import TYPES, enrollment_body
from courses.domain.grades import totals_of
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

State = Enrollment.State

# Canvas's words for several states at once.
SEVERAL_STATES = {
    "current_and_invited": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_future": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_future_and_restricted": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_concluded": [State.ACTIVE, State.COMPLETED],
}


def index(request: ApiRequest, course_id: str) -> Body:
    """GET courses/:id/enrollments"""
    return _list(request, _readable(request, lookups.course(request, course_id)))


def index_of_section(request: ApiRequest, section_id: str) -> Body:
    """GET sections/:id/enrollments"""
    section = lookups.section(request, section_id)
    return _list(request, _readable(request, section.course).filter(section=section))


def index_of_user(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/enrollments: how the apps find out whom somebody observes"""
    places = places_of(lookups.person(request, user_id), by=request.user)
    if places is None:
        raise NotAllowed
    return _list(request, places)


def show(request: ApiRequest, course_id: str, enrollment_id: str) -> Body:
    """GET courses/:id/enrollments/:id"""
    course = lookups.course(request, course_id)
    enrollment = lookups.enrollment(course, enrollment_id)
    if not _readable(request, course).filter(pk=enrollment.pk).exists():
        raise NotAllowed
    return bodies(request, [enrollment])[0]


def _readable(request: ApiRequest, course: Course) -> EnrollmentQuerySet:
    here = course_access(request.user, course)
    if here is None:
        raise NotAllowed
    return places_in(course, by=request.user, sees_people=here.sees_people)


def _list(request: ApiRequest, places: EnrollmentQuerySet) -> Body:
    found = _filtered(request, places).select_related(*lookups.WITH_ENROLLMENT)
    return bodies(request, page_of(request, found.order_by("id")))


def _filtered(request: ApiRequest, places: EnrollmentQuerySet) -> EnrollmentQuerySet:
    given = request.params
    if types := given.texts("type"):
        places = places.filter(type__in=types)
    if roles := given.texts("role"):
        built_in = Q(role__account=None, role__base_type__in=roles)
        places = places.filter(built_in | Q(role__account__isnull=False, role__label__in=roles))
    for key, field in (("user_id", "user"), ("associated_user_id", "associated_user")):
        if text := given.text(key):
            places = places.filter(**{field: lookups.person(request, text)})
    return places.filter(state__in=states(given.texts("state")) or Enrollment.LIVE)


def states(words: list[str]) -> list[str]:
    """The states meant by the words of a `state[]` filter."""
    return [state for word in words for state in SEVERAL_STATES.get(word, [word])]


def bodies(request: ApiRequest, enrollments: list[Enrollment]) -> list[dict[str, object]]:
    """Enrollments as the caller may see them, at the price of five statements for any number."""
    access, totals = EnrollmentAccess(request.user, enrollments), totals_of(enrollments)
    return [enrollment_body(enrollment, access, totals, request.address, request.include) for enrollment in enrollments]


def short_types(words: list[str]) -> list[str]:
    """The types meant by `enrollment_type`: `student` or `StudentEnrollment`; others match nobody."""
    return [TYPES.get(word, word) for word in words]
