"""People: of a course, and of an account."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404

from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account, person
from accounts.api.pagination import page_of
from accounts.models import BaseType, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.ids import plain_ids
from accounts.web.pagination import search_words
from courses.access.courses import course_access
from courses.access.enrollments import EnrollmentAccess
from courses.access.permissions import STAFF_TYPES, course_permissions, sections_seen
from courses.api import lookups
from courses.api.bodies import enrollment_body
from courses.api.enrollments import short_types, states
from courses.domain.grades import Totals, totals_of
from courses.domain.rosters import people_of, searched, settled_in, teachers_of
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet


def index_of_account(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/users"""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_ROSTER in keys)
    people = searched(people_of(home), search_words(request.params.text("search_term")), keys)
    return [user_body(user, keys, request.include) for user in page_of(request, people)]


def index(request: ApiRequest, course_id: str) -> Body:
    """GET courses/:id/users"""
    course = lookups.course(request, course_id)
    there, keys = _people_there(request, course)
    there = _asked_for(request, there)
    people = User.objects.present().filter(Exists(there.filter(user=OuterRef("pk")))).by_name()
    if wanted := request.params.texts("user_ids"):
        people = people.filter(pk__in=plain_ids(wanted))
    words = search_words(request.params.text("search_term"))
    people = searched(people, words, keys, known=settled_in(course, by=request.user))
    found = page_of(request, people.prefetch_related(_places(there)))
    return _bodies(request, found, keys)


def show(request: ApiRequest, course_id: str, user_id: str) -> Body:
    """GET courses/:id/users/:id"""
    course = lookups.course(request, course_id)
    there, keys = _people_there(request, course)
    there = there.exclude(state__in=Enrollment.GONE)
    wanted = person(request, user_id)
    found = User.objects.filter(Exists(there.filter(user=OuterRef("pk")))).prefetch_related(_places(there))
    user = found.filter(pk=wanted.pk).first()
    if user is None:
        # That there is a roster is no secret to those who read it; for students there are no others to ask for.
        allow(Permission.READ_ROSTER in keys)
        raise Http404
    return _bodies(request, [user], keys)[0]


def roster_keys(request: ApiRequest, course: Course) -> frozenset[Permission]:
    """What the caller may do in the course, seeing its people included. Raises NotAllowed."""
    keys = course_permissions(request.user, course)
    allow(Permission.READ_ROSTER in keys)
    return keys


def _people_there(request: ApiRequest, course: Course) -> tuple[EnrollmentQuerySet, frozenset[Permission]]:
    """The enrollments in the course whose people the caller is told of, and what counts for what is said of them.

    Staff see the roster; students those who run the course, by name, and themselves. Raises NotAllowed for others.
    """
    keys = course_permissions(request.user, course)
    there = Enrollment.objects.filter(section__course=course, section__workflow_state=Section.State.ACTIVE)
    if Permission.READ_ROSTER in keys:
        return there.within(sections_seen(request.user, course)), keys
    here = course_access(request.user, course)
    allow(here is not None and here.is_student)
    own = Q(user=request.user, type=BaseType.STUDENT)
    return there.filter(own | Q(user__in=teachers_of(course, STAFF_TYPES), type__in=STAFF_TYPES)), frozenset()


def _asked_for(request: ApiRequest, there: EnrollmentQuerySet) -> EnrollmentQuerySet:
    given = request.params
    if types := given.texts("enrollment_type"):
        there = there.filter(type__in=short_types(types))
    if (role_id := given.whole("enrollment_role_id")) is not None:
        there = there.filter(role=role_id)
    return there.filter(state__in=states(given.texts("enrollment_state")) or Enrollment.LIVE)


def _places(there: EnrollmentQuerySet) -> Prefetch:
    wanted = there.select_related(*lookups.WITH_ENROLLMENT).order_by("id")
    return Prefetch("enrollments", wanted, to_attr="places")


def _bodies(request: ApiRequest, people: list[User], keys: frozenset[Permission]) -> list[dict[str, object]]:
    enrollments = [place for user in people for place in _places_of(user)]
    access = EnrollmentAccess(request.user, enrollments)
    totals = totals_of(enrollments) if "enrollments" in request.include else {}
    return [_body(request, user, keys, access, totals) for user in people]


def _body(
    request: ApiRequest, user: User, keys: frozenset[Permission], access: EnrollmentAccess, totals: Totals
) -> dict[str, object]:
    settled = any(not access.is_unsettled(place) for place in _places_of(user))
    body = user_body(user, keys if settled else (), request.include)
    if not settled:
        # Of somebody merely invited the names are all there is to read.
        body.pop("pronouns", None)
    if "enrollments" in request.include:
        body["enrollments"] = [
            enrollment_body(place, access, totals, request.address, with_user=False) for place in _places_of(user)
        ]
    if "observed_users" in request.include:
        students = {place.associated_user: place for place in _places_of(user) if place.associated_user}
        body["observed_users"] = [
            user_body(student, access.keys_of_observed(students[student])) for student in sorted(students, key=_order)
        ]
    return body


def _places_of(user: User) -> list[Enrollment]:
    return user.places  # type: ignore[attr-defined]


def _order(user: User) -> tuple[str, int]:
    return user.sort_key, user.pk
