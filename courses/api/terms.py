"""Terms: read on any account, changed on the institution's."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account
from accounts.api.paging import page_of
from accounts.collation import Holds
from accounts.models import Account
from accounts.paging import search_words
from accounts.permissions import account_permissions
from courses.api import finding
from courses.api.bodies import listed_term_body
from courses.models import Term
from courses.terms import check_may_manage, delete_term, save_term, terms


def index(call: Call, account_id: str) -> Body:
    """GET accounts/:id/terms, wrapped as Canvas wraps it"""
    _home, keys = _reading(call, account_id)
    found = terms()
    if words := search_words(call.given.text("term_name")):
        found = found.filter(Holds(words))
    return {"enrollment_terms": [listed_term_body(term, keys) for term in page_of(call, found)]}


def show(call: Call, account_id: str, term_id: str) -> Body:
    """GET accounts/:id/terms/:id"""
    _home, keys = _reading(call, account_id)
    return listed_term_body(finding.term(term_id), keys)


def create(call: Call, account_id: str) -> Body:
    """POST accounts/:id/terms"""
    keys = _changing(call, account_id)
    return listed_term_body(save_term(None, by=call.user, **_given(call, None)), keys)


def change(call: Call, account_id: str, term_id: str) -> Body:
    """PUT accounts/:id/terms/:id"""
    keys = _changing(call, account_id)
    term = finding.term(term_id)
    return listed_term_body(save_term(term, by=call.user, **_given(call, term)), keys)


def remove(call: Call, account_id: str, term_id: str) -> Body:
    """DELETE accounts/:id/terms/:id"""
    keys = _changing(call, account_id)
    term = finding.term(term_id)
    body = {**listed_term_body(term, keys), "workflow_state": "deleted"}
    delete_term(term, by=call.user)
    return body


def _reading(call: Call, account_id: str) -> tuple[Account, frozenset[str]]:
    home = account(call, account_id)
    keys = account_permissions(call.user, home)
    allow(bool(keys))
    return home, keys


def _changing(call: Call, account_id: str) -> frozenset[str]:
    home, keys = _reading(call, account_id)
    if home.parent_id is not None:
        raise Http404
    check_may_manage(call.user)
    return keys


def _given(call: Call, term: Term | None) -> dict[str, Any]:
    """What the request says of a term; what it leaves out stays as it is."""
    wanted = call.given.under("enrollment_term")
    given: dict[str, Any] = {"name": wanted.text("name", term.name if term else "")}
    for field in ("start_at", "end_at"):
        given[field] = wanted.moment(field) if field in wanted else getattr(term, field, None)
    if "sis_term_id" in wanted:
        given["sis_term_id"] = wanted.text("sis_term_id")
    return given
