"""The courses of an account, and what happens to a course and to an account after it was made."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.api.bodies import account_body
from accounts.api.body_types import AccountBody
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Id, Includes, Moment, Text, Word, Words
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.pagination import search_words
from courses.access.permissions import course_permissions, permissions_in
from courses.api import lookups
from courses.api.bodies import course_body
from courses.api.body_types import CourseBody, CourseEndedBody
from courses.domain.accounts import delete_sub_account
from courses.domain.courses import conclude, delete_course, edit_and_change_state, publish, undelete, unpublish
from courses.domain.rosters import courses_of, searched_courses
from courses.models import Course

EVENTS = {"offer": publish, "claim": unpublish, "conclude": conclude, "delete": delete_course, "undelete": undelete}
ENDINGS = {"delete": delete_course, "conclude": conclude}


endpoint = in_group("Courses")

SEARCH_TERM = Text("search_term", "List only courses whose name, code or SIS id holds this.")
STATES = Words("state[]", "List only courses in these states.", words=Course.State.values)
TERM = Id("enrollment_term_id", "List only courses of this term.")
INCLUDE = Includes(
    words={
        "term": "the course's term",
        "syllabus_body": "the syllabus, as HTML",
        "permissions": "what the apps may offer in it",
    }
)
EVENT = Word("course[event]", "Publish the course, unpublish it, conclude, delete, or bring it back.", words=EVENTS)
OFFER = Flag("offer", "Publish the course.")
ENDING = Word("event", "Delete the course, or conclude it.", required=_("Must be delete or conclude."), words=ENDINGS)
FIELDS = (
    Text("course[name]", "The name of the course."),
    Text("course[course_code]", "A short name for lists."),
    Text("course[sis_course_id]", "The school's own id of the course; empty takes it away."),
    Text("course[syllabus_body]", "The syllabus."),
    Moment("course[start_at]", "When the course begins."),
    Moment("course[end_at]", "When the course ends."),
    Flag("course[restrict_enrollments_to_course_dates]", "Whether these dates decide when its people may take part."),
)
ACCOUNT = Id("course[account_id]", "The account that the course belongs to.")
# Two names for one thing, as in Canvas.
ENROLLMENT_TERM_ID = Id("course[enrollment_term_id]", "The course's term; empty for none.")
TERM_ID = Id("course[term_id]", "The same, and counts before it.")
TERMS = (ENROLLMENT_TERM_ID, TERM_ID)


@endpoint(SEARCH_TERM, STATES, TERM, INCLUDE, *PAGING)
def index_of_account(request: ApiRequest, account_id: str) -> list[CourseBody]:
    """List the courses of an account and of the accounts below it."""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_COURSE_LIST in keys)
    found = searched_courses(courses_of(home), search_words(request.params[SEARCH_TERM]), keys)
    if states := request.params[STATES]:
        found = found.filter(workflow_state__in=states)
    if term_id := request.params[TERM]:
        found = found.filter(term=lookups.term(term_id))
    courses = page_of(request, found)
    held = permissions_in(request.user, courses)
    return [course_body(course, request.root, held[course.pk], request.include) for course in courses]


@endpoint(*FIELDS, ACCOUNT, *TERMS, EVENT, OFFER, INCLUDE)
def change(request: ApiRequest, course_id: str) -> CourseBody:
    """Change a course, what becomes of it, or both; what is not given stays as it is.

    A course with graded work cannot be unpublished.
    """
    event = request.params[EVENT]
    course = lookups.deleted_course(request, course_id) if event == "undelete" else lookups.course(request, course_id)
    change_of_state = EVENTS[event] if event else publish if request.params[OFFER] else None
    course = edit_and_change_state(course, change_of_state, by=request.user, **_given(request))
    return course_body(course, request.root, course_permissions(request.user, course), request.include)


def _given(request: ApiRequest) -> dict[str, Any]:
    given = request.params.fields(*FIELDS)
    if ACCOUNT in request.params:
        given["account"] = account(request, request.params[ACCOUNT])
    for parameter in TERMS:
        if parameter in request.params:
            term_id = request.params[parameter]
            given["term"] = lookups.term(term_id) if term_id else None
    return given


@endpoint(ENDING)
def end(request: ApiRequest, course_id: str) -> CourseEndedBody:
    """Delete or conclude a course."""
    event = request.params[ENDING]
    ENDINGS[event](lookups.course(request, course_id), by=request.user)
    return {"delete": True} if event == "delete" else {"conclude": True}


@in_group("Accounts")()
def delete_account(request: ApiRequest, account_id: str, sub_account_id: str) -> AccountBody:
    """Delete an account; only an empty one can be deleted."""
    home, below = account(request, account_id), account(request, sub_account_id)
    if below.parent_id != home.pk:
        raise Http404
    keys = account_permissions(request.user, below)
    delete_sub_account(below, by=request.user)
    return {**account_body(below, request.root, keys), "workflow_state": Account.State.DELETED}
