"""Logins: everybody has one, whose id is the person's own."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import PROVIDER, PROVIDER_ID
from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account, person
from accounts.api.pagination import page_of
from accounts.domain.users import edit_user, reactivate, suspend
from accounts.errors import Invalid
from accounts.models import User
from accounts.permissions.registry import Permission
from courses.access.accounts import check_may_change
from courses.access.profiles import known_about
from courses.api import lookups
from courses.domain.rosters import findable

FIELDS = {"unique_id": "login_id", "sis_user_id": "sis_user_id", "integration_id": "integration_id"}
STATES = {"active": reactivate, "suspended": suspend}


def index(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/logins"""
    user = lookups.person(request, user_id)
    keys = known_about(user, by=request.user) or frozenset()
    allow(Permission.VIEW_USER_LOGINS in keys)
    return [_body(request, one, keys) for one in page_of(request, [user])]


def change(request: ApiRequest, account_id: str, login_id: str) -> Body:
    """PUT accounts/:id/logins/:id: the login itself, its SIS ids, and whether it is suspended"""
    home, user = account(request, account_id), person(request, login_id)
    with lookups.hide_existence(request, user, login_id):
        check_may_change(user, by=request.user)
    if not findable(home, by=request.user).filter(pk=user.pk).exists():
        raise Http404
    wanted = request.params.under("login")
    if "password" in wanted:
        message = _("Nobody sets a password for somebody else here. The person can choose one by “Forgot password?”.")
        raise Invalid({"login.password": [("invalid", message)]})
    state = wanted.text("workflow_state")
    if state and state not in STATES:
        raise Invalid({"login.workflow_state": [("inclusion", _("Please give active or suspended."))]})
    with transaction.atomic():
        edit_user(user, by=request.user, **{FIELDS[key]: wanted.text(key) for key in FIELDS if key in wanted})
        if state:
            STATES[state](user, by=request.user)
    return _body(request, user, known_about(user, by=request.user) or frozenset())


def _body(request: ApiRequest, user: User, keys: frozenset[Permission]) -> dict[str, object]:
    body: dict[str, object] = {
        "id": user.pk,
        "user_id": user.pk,
        "account_id": request.root_id,
        "authentication_provider_id": PROVIDER_ID,
        "authentication_provider_type": PROVIDER,
        "workflow_state": "active" if user.is_active else "suspended",
        "created_at": user.created_at,
    }
    if Permission.VIEW_USER_LOGINS in keys:
        body["unique_id"] = user.login_id
    if Permission.READ_SIS in keys:
        body |= {"sis_user_id": user.sis_user_id, "integration_id": user.integration_id}
    return body
