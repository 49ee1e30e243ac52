"""The courses of an account: which are listed, and in which order."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account
from accounts.api.pagination import DESCENDING, ORDER, PAGING, page_of
from accounts.api.parameter_types import Either, Flag, Given, Ids, Moment, Text, Texts, Word, Words, not_served
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.fields import plain_ids
from accounts.web.pagination import search_words
from courses.access.permissions import permissions_in
from courses.api import lookups
from courses.api.account_courses import INCLUDE
from courses.api.bodies import TYPES
from courses.api.body_types import CourseBody
from courses.api.course_includes import course_bodies
from courses.domain.course_lists import SORTS, CourseList, courses_listed
from courses.models import Course, Enrollment

State = Course.State
# Canvas's words for courses that are not published, and for all.
STATE_WORDS: dict[str, list[str]] = {
    **{str(state): [state] for state in State},
    "created": [State.UNPUBLISHED],
    "claimed": [State.UNPUBLISHED],
    "all": list(State),
}
# Another word for `creation_pending`.
PENDING = "pending"

endpoint = in_group("Courses")

SEARCH_TERM = Text(
    "search_term",
    "List only courses with words in name or code that begin with each of these; or, where one reads it, whose SIS id "
    "begins with all of it.",
)
SEARCH_BY = Word(
    "search_by",
    "Where the words of `search_term` are looked for: in the courses, or in the names of teachers.",
    words=("course", "teacher"),
)
STATES = Words("state[]", "List only courses in these states; by default all but deleted ones.", words=STATE_WORDS)
TERMS = Texts("enrollment_term_id[]", "List only courses of these terms: numbers, or `sis_term_id:…`.")
TEACHERS = Ids("by_teachers[]", "List only courses that these people teach.")
ACCOUNTS = Ids("by_subaccounts[]", "List only courses of these accounts and of those below them.")
WITH_ENROLLMENTS = Either("with_enrollments", "List only courses with people in them; `false`: only those without.")
HIDE_EMPTY = Flag("hide_enrollmentless_courses", "The same as `with_enrollments=true`.")
TYPES_THERE = Words("enrollment_type[]", "List only courses in which somebody is enrolled as this.", words=TYPES)
STATES_THERE = Words(
    "enrollment_workflow_state[]",
    "List only courses with an enrollment in one of these states.",
    words=(*Enrollment.State.values, PENDING),
)
PUBLISHED = Either("published", "List only published courses; `false`: only others.")
COMPLETED = Either("completed", "List only courses that are concluded, or whose term is over; `false`: only others.")
STARTS_BEFORE = Moment("starts_before", "List only courses that begin by then, or whose term does, or neither ever.")
ENDS_AFTER = Moment("ends_after", "List only courses that end then or later, or whose term does, or neither ever.")
SORT = Word("sort", "Sort by this; by default by name.", words=SORTS)
NOT_OF_LISTS = not_served(
    gettext_noop("There are no blueprint, homeroom and public courses."),
    *("blueprint", "blueprint_associated", "homeroom", "public"),
    fits=("false",),
)
ASKED = (
    *(SEARCH_TERM, SEARCH_BY, STATES, TERMS, TEACHERS, ACCOUNTS, WITH_ENROLLMENTS, HIDE_EMPTY, TYPES_THERE),
    *(STATES_THERE, PUBLISHED, COMPLETED, STARTS_BEFORE, ENDS_AFTER, SORT, ORDER),
)


@endpoint(*ASKED, *NOT_OF_LISTS, INCLUDE, *PAGING)
def index(request: ApiRequest, account_id: str) -> list[CourseBody]:
    """List the courses of an account and of the accounts below it."""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_COURSE_LIST in keys)
    courses = page_of(request, courses_listed(home, _wanted(request.params), keys))
    return course_bodies(request, courses, permissions_in(request.user, courses))


def _wanted(given: Given) -> CourseList:
    has_enrollments, terms = given[WITH_ENROLLMENTS], given[TERMS]
    teachers, accounts = given[TEACHERS], given[ACCOUNTS]
    return CourseList(
        states=[state for word in given[STATES] for state in STATE_WORDS[word]],
        words=search_words(given[SEARCH_TERM]),
        by_teacher=given[SEARCH_BY] == "teacher",
        terms=lookups.terms_named(terms),
        accounts=plain_ids(accounts),
        teachers=plain_ids(teachers),
        has_enrollments=True if has_enrollments is None and given[HIDE_EMPTY] else has_enrollments,
        types=[TYPES[short] for short in given[TYPES_THERE]],
        enrollment_states=[
            Enrollment.State.CREATION_PENDING if word == PENDING else word for word in given[STATES_THERE]
        ],
        is_published=given[PUBLISHED],
        is_completed=given[COMPLETED],
        starts_before=given[STARTS_BEFORE],
        ends_after=given[ENDS_AFTER],
        sort=given[SORT] or "course_name",
        descending=given[ORDER] == DESCENDING,
    )
