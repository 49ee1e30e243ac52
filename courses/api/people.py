"""People: of a course, and of an account."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404

from accounts.api.bodies import user_body
from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account, person
from accounts.api.paging import page_of
from accounts.ids import plain_ids
from accounts.models import BaseType, User
from accounts.paging import search_words
from accounts.permissions import account_permissions
from courses.api import finding
from courses.api.bodies import enrollment_body
from courses.api.enrollments import short_types, states
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet
from courses.people import people_of, searched, settled_in, teachers_of
from courses.permissions import STAFF_TYPES, course_permissions, sections_seen
from courses.reading import Sight
from courses.totals import Totals, totals_of
from courses.visibility import standing


def index_of_account(call: Call, account_id: str) -> Body:
    """GET accounts/:id/users"""
    home = account(call, account_id)
    keys = account_permissions(call.user, home)
    allow("read_roster" in keys)
    people = searched(people_of(home), search_words(call.given.text("search_term")), keys)
    return [user_body(user, keys, call.include) for user in page_of(call, people)]


def index(call: Call, course_id: str) -> Body:
    """GET courses/:id/users"""
    course = finding.course(call, course_id)
    there, keys = _people_there(call, course)
    there = _asked_for(call, there)
    people = User.objects.present().filter(Exists(there.filter(user=OuterRef("pk")))).by_name()
    if wanted := call.given.texts("user_ids"):
        people = people.filter(pk__in=plain_ids(wanted))
    words = search_words(call.given.text("search_term"))
    people = searched(people, words, keys, known=settled_in(course, by=call.user))
    found = page_of(call, people.prefetch_related(_places(there)))
    return _bodies(call, found, keys)


def show(call: Call, course_id: str, user_id: str) -> Body:
    """GET courses/:id/users/:id"""
    course = finding.course(call, course_id)
    there, keys = _people_there(call, course)
    there = there.exclude(state__in=Enrollment.GONE)
    wanted = person(call, user_id)
    found = User.objects.filter(Exists(there.filter(user=OuterRef("pk")))).prefetch_related(_places(there))
    user = found.filter(pk=wanted.pk).first()
    if user is None:
        # That there is a roster is no secret to those who read it; for students there are no others to ask for.
        allow("read_roster" in keys)
        raise Http404
    return _bodies(call, [user], keys)[0]


def roster_keys(call: Call, course: Course) -> frozenset[str]:
    """What the caller may do in the course, seeing its people included. Raises NotAllowed."""
    keys = course_permissions(call.user, course)
    allow("read_roster" in keys)
    return keys


def _people_there(call: Call, course: Course) -> tuple[EnrollmentQuerySet, frozenset[str]]:
    """The enrollments in the course whose people the caller is told of, and what counts for what is said of them.

    Staff see the roster; students those who run the course, by name, and themselves. Raises NotAllowed for others.
    """
    keys = course_permissions(call.user, course)
    there = Enrollment.objects.filter(section__course=course, section__workflow_state=Section.State.ACTIVE)
    if "read_roster" in keys:
        return there.within(sections_seen(call.user, course)), keys
    here = standing(call.user, course)
    allow(here is not None and here.is_student)
    own = Q(user=call.user, type=BaseType.STUDENT)
    return there.filter(own | Q(user__in=teachers_of(course, STAFF_TYPES), type__in=STAFF_TYPES)), frozenset()


def _asked_for(call: Call, there: EnrollmentQuerySet) -> EnrollmentQuerySet:
    given = call.given
    if types := given.texts("enrollment_type"):
        there = there.filter(type__in=short_types(types))
    if (role_id := given.whole("enrollment_role_id")) is not None:
        there = there.filter(role=role_id)
    return there.filter(state__in=states(given.texts("enrollment_state")) or Enrollment.LIVE)


def _places(there: EnrollmentQuerySet) -> Prefetch:
    wanted = there.select_related(*finding.WITH_ENROLLMENT).order_by("id")
    return Prefetch("enrollments", wanted, to_attr="places")


def _bodies(call: Call, people: list[User], keys: frozenset[str]) -> list[dict[str, object]]:
    enrollments = [place for user in people for place in _places_of(user)]
    sight = Sight(call.user, enrollments)
    totals = totals_of(enrollments) if "enrollments" in call.include else {}
    return [_body(call, user, keys, sight, totals) for user in people]


def _body(call: Call, user: User, keys: frozenset[str], sight: Sight, totals: Totals) -> dict[str, object]:
    settled = any(not sight.is_unsettled(place) for place in _places_of(user))
    body = user_body(user, keys if settled else (), call.include)
    if not settled:
        # Of somebody merely invited the names are all there is to read.
        body.pop("pronouns", None)
    if "enrollments" in call.include:
        body["enrollments"] = [
            enrollment_body(place, sight, totals, call.address, with_user=False) for place in _places_of(user)
        ]
    if "observed_users" in call.include:
        students = {place.associated_user: place for place in _places_of(user) if place.associated_user}
        body["observed_users"] = [
            user_body(student, sight.keys_of_observed(students[student])) for student in sorted(students, key=_order)
        ]
    return body


def _places_of(user: User) -> list[Enrollment]:
    return user.places  # type: ignore[attr-defined]


def _order(user: User) -> tuple[str, int]:
    return user.sort_key, user.pk
