"""People: of a course, and of an account."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404
from django.utils.translation import gettext_noop

from accounts.api.bodies import ADDED_TO_PEOPLE, ADDED_TO_RECORDS, UUID, user_body
from accounts.api.body_types import UserBody
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account, person
from accounts.api.pagination import DESCENDING, ORDER, PAGING, page_of
from accounts.api.parameter_types import Flag, Ids, Includes, Text, Whole, Word, Words, not_served
from accounts.models import COURSE_BASE_TYPES, User
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.fields import plain_ids
from accounts.web.pagination import search_words
from courses.access.enrollments import EnrollmentAccess
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.bodies import TYPES, enrollment_body
from courses.api.body_types import PersonBody
from courses.api.enrollments import SEVERAL_STATES, TYPE_WORDS, in_states, short_types
from courses.domain.grades import Totals, totals_of
from courses.domain.people_lists import OF_ACCOUNTS_ONLY, SORTS, people_listed, people_sorted
from courses.domain.rosters import people_told_of, searched, settled_in
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

endpoint = in_group("People")

SEARCH_TERM = Text(
    "search_term",
    "List only people who have words in their names that begin with each of these; or, where one reads it, whose "
    "login, email or SIS id begins with all of it.",
)
INCLUDE_OF_ACCOUNT = Includes(words=ADDED_TO_RECORDS, absent=("ui_invoked",))
INCLUDE = Includes(
    words={
        **ADDED_TO_PEOPLE,
        **UUID,
        "enrollments": "the enrollments in this course",
        "observed_users": "of an observer the students observed in this course",
    },
    absent=("locked", "test_student", "bio", "custom_links", "current_grading_period_scores"),
)
# Canvas's student for trying a course out, as the apps ask for it.
STUDENT_VIEW = "student_view"
ENROLLMENT_TYPES = Words(
    "enrollment_type[]",
    "List only people enrolled as this. Nobody is a `student_view`.",
    words=(*TYPES, STUDENT_VIEW, *TYPE_WORDS),
)
ENROLLMENT_ROLE_ID = Whole("enrollment_role_id", "List only people enrolled with this role.")
ENROLLMENT_STATES = Words(
    "enrollment_state[]",
    "List only people whose enrollment is in one of these states; by default those that are neither over nor gone.",
    words=(*Enrollment.State.values, *SEVERAL_STATES),
)
USER_IDS = Ids("user_ids[]", "List only these people.")
ENROLLMENT_ROLE = Text("enrollment_role", "List only people with this role: a built-in type, or a custom one's label.")
SECTION_IDS = Ids("section_ids[]", "List only people enrolled in these sections.")
EXCLUDE_INACTIVE = Flag("exclude_inactive", "Leave people out who are inactive, whatever states are asked for.")
SORT = Word("sort", "Sort by this; by default by name.", words=[sort for sort in SORTS if sort not in OF_ACCOUNTS_ONLY])
NOT_OF_COURSE = not_served(
    gettext_noop("Pages are not looked up by person; ask for the person with user_ids[]."), "user_id"
)
FILTERS = (
    *(SEARCH_TERM, ENROLLMENT_TYPES, ENROLLMENT_ROLE, ENROLLMENT_ROLE_ID, ENROLLMENT_STATES, EXCLUDE_INACTIVE),
    *(SECTION_IDS, USER_IDS, SORT, ORDER, *NOT_OF_COURSE),
)
# Of an account
TYPES_IN_ACCOUNT = Words(
    "enrollment_type[]", "List only people enrolled as this in the account.", words=(*TYPES, *COURSE_BASE_TYPES)
)
SORT_IN_ACCOUNT = Word("sort", "Sort by this; by default by name.", words=SORTS)
NOT_OF_ACCOUNT = (
    *not_served(gettext_noop("Deleted people are not listed."), "include_deleted_users", fits=("false",)),
    *not_served(gettext_noop("People are not found by their uuid."), "uuids[]"),
)


@endpoint(SEARCH_TERM, TYPES_IN_ACCOUNT, SORT_IN_ACCOUNT, ORDER, *NOT_OF_ACCOUNT, INCLUDE_OF_ACCOUNT, *PAGING)
def index_of_account(request: ApiRequest, account_id: str) -> list[UserBody]:
    """List the people of an account."""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_ROSTER in keys)
    given = request.params
    people = people_listed(home, short_types(given[TYPES_IN_ACCOUNT]))
    people = searched(people, search_words(given[SEARCH_TERM]), keys)
    people = people_sorted(people, given[SORT_IN_ACCOUNT], keys, descending=given[ORDER] == DESCENDING)
    return [user_body(user, keys, request.include) for user in page_of(request, people)]


@endpoint(*FILTERS, INCLUDE, *PAGING)
def index(request: ApiRequest, course_id: str) -> list[PersonBody]:
    """List the people of a course.

    Students get those who run the course, by name, and themselves; observers nobody.
    """
    course = lookups.course(request, course_id)
    there, keys = people_told_of(course, by=request.user)
    there = _asked_for(request, there)
    people = User.objects.present().filter(OneOf(there.values("user"))).by_name()
    if wanted := request.params[USER_IDS]:
        people = people.filter(pk__in=plain_ids(wanted))
    words = search_words(request.params[SEARCH_TERM])
    known, given = settled_in(course, by=request.user), request.params
    people = searched(people, words, keys, known=known)
    people = people_sorted(people, given[SORT], keys, descending=given[ORDER] == DESCENDING, known=known)
    found = page_of(request, people.prefetch_related(_prefetched_enrollments(there)), is_small=True)
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
    if (role_id := given[ENROLLMENT_ROLE_ID]) is not None:
        there = there.filter(role=role_id)
    elif name := given[ENROLLMENT_ROLE]:
        there = there.filter(role__in=lookups.roles([name], "enrollment_role"))
    elif types := given[ENROLLMENT_TYPES]:
        there = there.filter(type__in=short_types(types))
    if sections := given[SECTION_IDS]:
        there = there.filter(section__in=plain_ids(sections))
    if given[EXCLUDE_INACTIVE]:
        there = there.exclude(state=Enrollment.State.INACTIVE)
    return in_states(there, given[ENROLLMENT_STATES])


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
