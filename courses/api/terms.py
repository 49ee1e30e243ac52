"""Terms: read on any account, changed on the institution's."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account
from accounts.api.pagination import page_of
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.collation import Holds
from accounts.web.pagination import search_words
from courses.api import lookups
from courses.api.bodies import listed_term_body
from courses.domain.terms import check_may_manage, delete_term, save_term, terms
from courses.models import Term


def index(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/terms, wrapped as Canvas wraps it"""
    _home, keys = _reading(request, account_id)
    found = terms()
    if words := search_words(request.params.text("term_name")):
        found = found.filter(Holds(words))
    return {"enrollment_terms": [listed_term_body(term, keys) for term in page_of(request, found)]}


def show(request: ApiRequest, account_id: str, term_id: str) -> Body:
    """GET accounts/:id/terms/:id"""
    _home, keys = _reading(request, account_id)
    return listed_term_body(lookups.term(term_id), keys)


def create(request: ApiRequest, account_id: str) -> Body:
    """POST accounts/:id/terms"""
    keys = _changing(request, account_id)
    return listed_term_body(save_term(None, by=request.user, **_given(request, None)), keys)


def change(request: ApiRequest, account_id: str, term_id: str) -> Body:
    """PUT accounts/:id/terms/:id"""
    keys = _changing(request, account_id)
    term = lookups.term(term_id)
    return listed_term_body(save_term(term, by=request.user, **_given(request, term)), keys)


def remove(request: ApiRequest, account_id: str, term_id: str) -> Body:
    """DELETE accounts/:id/terms/:id"""
    keys = _changing(request, account_id)
    term = lookups.term(term_id)
    body = {**listed_term_body(term, keys), "workflow_state": "deleted"}
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
    """What the request says of a term; what it leaves out stays as it is."""
    wanted = request.params.under("enrollment_term")
    given: dict[str, Any] = {"name": wanted.text("name", term.name if term else "")}
    for field in ("start_at", "end_at"):
        given[field] = wanted.moment(field) if field in wanted else getattr(term, field, None)
    if "sis_term_id" in wanted:
        given["sis_term_id"] = wanted.text("sis_term_id")
    return given
