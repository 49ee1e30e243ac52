"""Terms: read in any account, changed in the root account."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_noop

from accounts.api.accounts import STICKINESS
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Includes, Moment, Text, Words, not_served
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.search import Search
from accounts.web.pagination import search_words
from courses.api import lookups
from courses.api.bodies import listed_term_body
from courses.api.body_types import ListedTermBody, TermsListBody
from courses.domain.course_lists import count_courses_of_terms
from courses.domain.terms import check_may_manage, delete_term, save_term, terms
from courses.models import Term

endpoint = in_group("Terms")

TERM_NAME = Text("term_name", "List only terms with words in their names that begin with each of these.")
NAME = Text("enrollment_term[name]", "The name of the term.")
START_AT = Moment("enrollment_term[start_at]", "When the term begins.")
END_AT = Moment("enrollment_term[end_at]", "When the term ends.")
SIS_ID = Text("enrollment_term[sis_term_id]", "The school's own id of the term; empty takes it away.")
FIELDS = (NAME, START_AT, END_AT, SIS_ID)
STATES = Words(
    "workflow_state[]",
    "List terms in these states; by default active ones.",
    words=(*Term.State.values, "all"),
)
INCLUDE = Includes(
    words={
        "course_count": "how many courses are in the term, for whoever sees the list of courses of the institution",
        "overrides": "its dates for some types of enrollment; they always come",
    }
)
NOT_OF_TERMS = not_served(
    gettext_noop("Dates for one type of enrollment come from a roster only (terms.csv)."), "enrollment_term[overrides]"
)


@endpoint(TERM_NAME, STATES, INCLUDE, *PAGING)
def index(request: ApiRequest, account_id: str) -> TermsListBody:
    """List the terms."""
    _home, keys = _reading(request, account_id)
    states = request.params[STATES] or [Term.State.ACTIVE]
    found = terms(Term.State.values if "all" in states else states)
    if words := search_words(request.params[TERM_NAME]):
        found = found.filter(Search(words).found)
    listed = page_of(request, found, is_small=True)
    bodies = [listed_term_body(term, keys) for term in listed]
    # A term is the institution's, and so are its courses.
    if "course_count" in request.include and Permission.READ_COURSE_LIST in request.keys:
        courses = count_courses_of_terms(listed)
        for body in bodies:
            body["course_count"] = courses.get(body["id"], 0)
    return {"enrollment_terms": bodies}


@endpoint()
def show(request: ApiRequest, account_id: str, term_id: str) -> ListedTermBody:
    """Show a term."""
    _home, keys = _reading(request, account_id)
    return listed_term_body(lookups.term(term_id), keys)


@endpoint(*FIELDS, *NOT_OF_TERMS)
def create(request: ApiRequest, account_id: str) -> ListedTermBody:
    """Create a term, on the root account."""
    keys = _changing(request, account_id)
    return listed_term_body(save_term(None, by=request.user, **_given(request, None)), keys)


@endpoint(*FIELDS, *NOT_OF_TERMS, *STICKINESS)
def change(request: ApiRequest, account_id: str, term_id: str) -> ListedTermBody:
    """Change a term, on the root account; what is not given stays as it is."""
    keys = _changing(request, account_id)
    term = lookups.term(term_id)
    return listed_term_body(save_term(term, by=request.user, **_given(request, term)), keys)


@endpoint()
def remove(request: ApiRequest, account_id: str, term_id: str) -> ListedTermBody:
    """Delete a term, on the root account."""
    keys = _changing(request, account_id)
    term = lookups.term(term_id)
    body: ListedTermBody = {**listed_term_body(term, keys), "workflow_state": "deleted"}
    delete_term(term, by=request.user)
    return body


def _reading(request: ApiRequest, account_id: str) -> tuple[Account, frozenset[Permission]]:
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(bool(keys))
    return home, keys


def _changing(request: ApiRequest, account_id: str) -> frozenset[Permission]:
    home, keys = _reading(request, account_id)
    if home.parent_id is not None:
        raise Http404
    check_may_manage(request.user)
    return keys


def _given(request: ApiRequest, term: Term | None) -> dict[str, Any]:
    """Return what the request says about a term; what it leaves out stays."""
    stays = {"name": term.name, "start_at": term.start_at, "end_at": term.end_at} if term else {"name": ""}
    return stays | request.params.fields(*FIELDS)
