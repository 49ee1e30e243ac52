"""Reading enrollments: of a course, of a section, of a person."""

from __future__ import annotations

from django.db.models import Q

from accounts.api.endpoints import Body, Call
from accounts.api.paging import page_of
from accounts.errors import NotAllowed
from courses.api import finding
from courses.api.bodies import TYPES, enrollment_body
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from courses.reading import Sight, places_in, places_of
from courses.totals import totals_of
from courses.visibility import standing

State = Enrollment.State

# Canvas's words for several states at once.
SEVERAL_STATES = {
    "current_and_invited": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_future": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_future_and_restricted": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_concluded": [State.ACTIVE, State.COMPLETED],
}


def index(call: Call, course_id: str) -> Body:
    """GET courses/:id/enrollments"""
    return _list(call, _readable(call, finding.course(call, course_id)))


def index_of_section(call: Call, section_id: str) -> Body:
    """GET sections/:id/enrollments"""
    section = finding.section(call, section_id)
    return _list(call, _readable(call, section.course).filter(section=section))


def index_of_user(call: Call, user_id: str) -> Body:
    """GET users/:id/enrollments: how the apps find out whom somebody observes"""
    places = places_of(finding.person(call, user_id), by=call.user)
    if places is None:
        raise NotAllowed
    return _list(call, places)


def show(call: Call, course_id: str, enrollment_id: str) -> Body:
    """GET courses/:id/enrollments/:id"""
    course = finding.course(call, course_id)
    enrollment = finding.enrollment(course, enrollment_id)
    if not _readable(call, course).filter(pk=enrollment.pk).exists():
        raise NotAllowed
    return bodies(call, [enrollment])[0]


def _readable(call: Call, course: Course) -> EnrollmentQuerySet:
    here = standing(call.user, course)
    if here is None:
        raise NotAllowed
    return places_in(course, by=call.user, sees_people=here.sees_people)


def _list(call: Call, places: EnrollmentQuerySet) -> Body:
    found = _filtered(call, places).select_related(*finding.WITH_ENROLLMENT)
    return bodies(call, page_of(call, found.order_by("id")))


def _filtered(call: Call, places: EnrollmentQuerySet) -> EnrollmentQuerySet:
    given = call.given
    if types := given.texts("type"):
        places = places.filter(type__in=types)
    if roles := given.texts("role"):
        built_in = Q(role__account=None, role__base_type__in=roles)
        places = places.filter(built_in | Q(role__account__isnull=False, role__label__in=roles))
    for key, field in (("user_id", "user"), ("associated_user_id", "associated_user")):
        if text := given.text(key):
            places = places.filter(**{field: finding.person(call, text)})
    return places.filter(state__in=states(given.texts("state")) or Enrollment.LIVE)


def states(words: list[str]) -> list[str]:
    """The states meant by the words of a `state[]` filter."""
    return [state for word in words for state in SEVERAL_STATES.get(word, [word])]


def bodies(call: Call, enrollments: list[Enrollment]) -> list[dict[str, object]]:
    """Enrollments as the caller may see them, at the price of five statements for any number."""
    sight, totals = Sight(call.user, enrollments), totals_of(enrollments)
    return [enrollment_body(enrollment, sight, totals, call.address, call.include) for enrollment in enrollments]


def short_types(words: list[str]) -> list[str]:
    """The types meant by `enrollment_type`: `student` or `StudentEnrollment`; others match nobody."""
    return [TYPES.get(word, word) for word in words]
