"""People: of a course, and of an account."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404

from accounts.api.bodies import user_body
from accounts.api.body_types import UserBody
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account, person
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Ids, Includes, Text, Whole, Words
from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.fields import plain_ids
from accounts.web.pagination import search_words
from courses.access.enrollments import EnrollmentAccess
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.bodies import TYPES, enrollment_body
from courses.api.body_types import PersonBody
from courses.api.enrollments import SEVERAL_STATES, TYPE_WORDS, short_types, states
from courses.domain.grades import Totals, totals_of
from courses.domain.rosters import people_of, people_told_of, searched, settled_in
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

endpoint = in_group("People")

SEARCH_TERM = Text("search_term", "List only people whose name, or login or SIS id where one reads it, holds this.")
OF_USERS = {"email": "the email address, for whoever may read it", "avatar_url": "always null"}
INCLUDE_OF_ACCOUNT = Includes(words=OF_USERS)
INCLUDE = Includes(
    words={
        **OF_USERS,
        "enrollments": "the enrollments in this course",
        "observed_users": "of an observer the students observed in this course",
    }
)
ENROLLMENT_TYPES = Words(
    "enrollment_type[]",
    "List only people enrolled as this; a type that does not exist matches nobody.",
    words=(*TYPES, *TYPE_WORDS),
    others_match_nothing=True,
)
ENROLLMENT_ROLE_ID = Whole("enrollment_role_id", "List only people enrolled with this role.")
ENROLLMENT_STATES = Words(
    "enrollment_state[]",
    "List only people whose enrollment is in one of these states; by default those that are neither over nor gone.",
    words=(*Enrollment.State.values, *SEVERAL_STATES),
)
USER_IDS = Ids("user_ids[]", "List only these people.")
FILTERS = (SEARCH_TERM, ENROLLMENT_TYPES, ENROLLMENT_ROLE_ID, ENROLLMENT_STATES, USER_IDS)


@endpoint(SEARCH_TERM, INCLUDE_OF_ACCOUNT, *PAGING)
def index_of_account(request: ApiRequest, account_id: str) -> list[UserBody]:
    """List the people of an account."""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_ROSTER in keys)
    people = searched(people_of(home), search_words(request.params[SEARCH_TERM]), keys)
    return [user_body(user, keys, request.include) for user in page_of(request, people)]


@endpoint(*FILTERS, INCLUDE, *PAGING)
def index(request: ApiRequest, course_id: str) -> list[PersonBody]:
    """List the people of a course.

    Students get those who run the course, by name, and themselves; observers nobody.
    """
    course = lookups.course(request, course_id)
    there, keys = people_told_of(course, by=request.user)
    there = _asked_for(request, there)
    people = User.objects.present().filter(Exists(there.filter(user=OuterRef("pk")))).by_name()
    if wanted := request.params[USER_IDS]:
        people = people.filter(pk__in=plain_ids(wanted))
    words = search_words(request.params[SEARCH_TERM])
    people = searched(people, words, keys, known=settled_in(course, by=request.user))
    found = page_of(request, people.prefetch_related(_prefetched_enrollments(there)))
    return _bodies(request, found, keys)


@endpoint(INCLUDE)
def show(request: ApiRequest, course_id: str, user_id: str) -> PersonBody:
    """Show a person of a course."""
    course = lookups.course(request, course_id)
    there, keys = people_told_of(course, by=request.user)
    there = there.exclude(state__in=Enrollment.GONE)
    wanted = person(request, user_id)
    found = User.objects.filter(Exists(there.filter(user=OuterRef("pk")))).prefetch_related(
        _prefetched_enrollments(there)
    )
    user = found.filter(pk=wanted.pk).first()
    if user is None:
        # Readers of the roster may know that it exists; students can only ask for the people they see.
        allow(Permission.READ_ROSTER in keys)
        raise Http404
    return _bodies(request, [user], keys)[0]


def roster_keys(request: ApiRequest, course: Course) -> frozenset[Permission]:
    """Return what the caller may do in the course, if that includes seeing its people. Raises NotAllowed."""
    keys = course_permissions(request.user, course)
    allow(Permission.READ_ROSTER in keys)
    return keys


def _asked_for(request: ApiRequest, there: EnrollmentQuerySet) -> EnrollmentQuerySet:
    given = request.params
    if types := given[ENROLLMENT_TYPES]:
        there = there.filter(type__in=short_types(types))
    if (role_id := given[ENROLLMENT_ROLE_ID]) is not None:
        there = there.filter(role=role_id)
    return there.filter(state__in=states(given[ENROLLMENT_STATES]) or Enrollment.LIVE)


def _prefetched_enrollments(there: EnrollmentQuerySet) -> Prefetch:
    wanted = there.select_related(*lookups.WITH_ENROLLMENT).order_by("id")
    return Prefetch("enrollments", wanted)


def _bodies(request: ApiRequest, people: list[User], keys: frozenset[Permission]) -> list[PersonBody]:
    enrollments = [enrollment for user in people for enrollment in _enrollments_of(user)]
    access = EnrollmentAccess(request.user, enrollments)
    totals = totals_of(enrollments) if "enrollments" in request.include else {}
    return [_body(request, user, keys, access, totals) for user in people]


def _body(
    request: ApiRequest, user: User, keys: frozenset[Permission], access: EnrollmentAccess, totals: Totals
) -> PersonBody:
    settled = any(not access.is_unsettled(enrollment) for enrollment in _enrollments_of(user))
    body: PersonBody = {**user_body(user, keys if settled else (), request.include)}
    if not settled:
        # For a person who is only invited, only the names may be read.
        body.pop("pronouns", None)
    if "enrollments" in request.include:
        body["enrollments"] = [
            enrollment_body(enrollment, access, totals, request.address, with_user=False)
            for enrollment in _enrollments_of(user)
        ]
    if "observed_users" in request.include:
        students = {
            enrollment.associated_user: enrollment for enrollment in _enrollments_of(user) if enrollment.associated_user
        }
        body["observed_users"] = [
            user_body(student, access.keys_of_observed(students[student])) for student in sorted(students, key=_order)
        ]
    return body


def _enrollments_of(user: User) -> list[Enrollment]:
    return list(user.enrollments.all())


def _order(user: User) -> tuple[str, int]:
    return user.sort_key, user.pk
