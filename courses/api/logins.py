"""Logins: everybody has one, whose id is the person's own."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import PROVIDER, PROVIDER_ID
from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account, person
from accounts.api.paging import page_of
from accounts.editing import edit_user, reactivate, suspend
from accounts.errors import Invalid
from accounts.models import User
from courses.api import finding
from courses.knowing import known_about
from courses.people import findable
from courses.reaching import check_may_change

FIELDS = {"unique_id": "login_id", "sis_user_id": "sis_user_id", "integration_id": "integration_id"}
STATES = {"active": reactivate, "suspended": suspend}


def index(call: Call, user_id: str) -> Body:
    """GET users/:id/logins"""
    user = finding.person(call, user_id)
    keys = known_about(user, by=call.user) or frozenset()
    allow("view_user_logins" in keys)
    return [_body(call, one, keys) for one in page_of(call, [user])]


def change(call: Call, account_id: str, login_id: str) -> Body:
    """PUT accounts/:id/logins/:id: the login itself, its SIS ids, and whether it is suspended"""
    home, user = account(call, account_id), person(call, login_id)
    with finding.secretly(call, user, login_id):
        check_may_change(user, by=call.user)
    if not findable(home, by=call.user).filter(pk=user.pk).exists():
        raise Http404
    wanted = call.given.under("login")
    if "password" in wanted:
        message = _("Nobody sets a password for somebody else here. The person can choose one by “Forgot password?”.")
        raise Invalid({"login.password": [("invalid", message)]})
    state = wanted.text("workflow_state")
    if state and state not in STATES:
        raise Invalid({"login.workflow_state": [("inclusion", _("Please give active or suspended."))]})
    with transaction.atomic():
        edit_user(user, by=call.user, **{FIELDS[key]: wanted.text(key) for key in FIELDS if key in wanted})
        if state:
            STATES[state](user, by=call.user)
    return _body(call, user, known_about(user, by=call.user) or frozenset())


def _body(call: Call, user: User, keys: frozenset[str]) -> dict[str, object]:
    body: dict[str, object] = {
        "id": user.pk,
        "user_id": user.pk,
        "account_id": call.root_id,
        "authentication_provider_id": PROVIDER_ID,
        "authentication_provider_type": PROVIDER,
        "workflow_state": "active" if user.is_active else "suspended",
        "created_at": user.created_at,
    }
    if "view_user_logins" in keys:
        body["unique_id"] = user.login_id
    if "read_sis" in keys:
        body |= {"sis_user_id": user.sis_user_id, "integration_id": user.integration_id}
    return body
