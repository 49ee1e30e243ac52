"""Logins: everybody has one, whose id is the person's own."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.api.accounts import STICKINESS
from accounts.api.bodies import PROVIDER, PROVIDER_ID
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account, person
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id, Text, Word, not_served
from accounts.domain.passwords import set_first_password
from accounts.domain.users import edit_user, reactivate, suspend
from accounts.errors import NotPossible
from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from courses.access.accounts import check_may_change
from courses.access.profiles import known_about
from courses.api import lookups
from courses.api.body_types import ChannelBody, LoginBody
from courses.domain.people_lists import people_listed

endpoint = in_group("Logins")

STATES = {"active": reactivate, "suspended": suspend}
FIELDS = (
    Text("login[unique_id]", "What the person signs in with.", field="login_id"),
    Text("login[sis_user_id]", "The school's own id of the person; empty takes it away."),
    Text("login[integration_id]", "Another id of the school's; empty takes it away."),
)
WHOSE = Id("user[id]", "Whose login it would be.", required=_("Say in user[id] whose login it is."))
WORKFLOW_STATE = Word("login[workflow_state]", "Whether the person may sign in.", words=STATES)
DECLARED_USER_TYPE = Word(
    "login[declared_user_type]",
    "What the school says that the person is; empty takes it away.",
    words=User.DECLARED_TYPES,
)
PASSWORD = Text("login[password]", "A first password, for somebody who has none. Nobody's password is replaced.")
NOT_OF_LOGINS = (
    *not_served(
        gettext_noop("Whoever has a password changes it on the site, and nobody else does."), "login[old_password]"
    ),
    *not_served(
        gettext_noop("Nobody is made to choose a new password."), "login[must_reset_password]", fits=("false",)
    ),
    *not_served(
        gettext_noop("There is one way to sign in."), "login[authentication_provider_id]", fits=("canvas", "1")
    ),
    *STICKINESS,
)


@endpoint(*PAGING)
def index(request: ApiRequest, user_id: str) -> list[LoginBody]:
    """List the logins of a person: everybody has one."""
    user = lookups.person(request, user_id)
    keys = known_about(user, by=request.user) or frozenset()
    allow(Permission.VIEW_USER_LOGINS in keys)
    return [_body(request, one, keys) for one in page_of(request, [user])]


@endpoint(*PAGING)
def index_of_account(request: ApiRequest, account_id: str) -> list[LoginBody]:
    """List the logins of the people of an account."""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(keys >= {Permission.READ_ROSTER, Permission.VIEW_USER_LOGINS})
    return [_body(request, user, keys) for user in page_of(request, people_listed(home))]


@endpoint(*PAGING)
def channels(request: ApiRequest, user_id: str) -> list[ChannelBody]:
    """List the ways in which a person is written to: by email, if there is an address."""
    user = lookups.person(request, user_id)
    keys = known_about(user, by=request.user) or frozenset()
    allow(Permission.VIEW_USER_LOGINS in keys)
    return [_channel_body(one) for one in page_of(request, [user] if user.email else [])]


def _channel_body(user: User) -> ChannelBody:
    return {
        "id": user.pk,
        "address": user.email,
        "type": "email",
        "position": 1,
        "user_id": user.pk,
        "workflow_state": "active",
        "created_at": user.created_at,
        "last_bounce_at": None,
        "last_suppression_bounce_at": None,
    }


@endpoint(WHOSE)
def create(request: ApiRequest, account_id: str) -> LoginBody:
    """Refused: everybody has one login already."""
    home, user = account(request, account_id), person(request, request.params[WHOSE])
    with lookups.hide_existence(request, user, request.params[WHOSE]):
        check_may_change(user, by=request.user)
    lookups.check_belongs(request, home, user)
    raise NotPossible(
        _("Everybody has one login here, and this person has it already. To change it, PUT accounts/:id/logins/:id.")
    )


@endpoint()
def remove(request: ApiRequest, user_id: str, login_id: str) -> LoginBody:
    """Refused: everybody keeps their one login as long as they have an account."""
    user = lookups.person(request, user_id)
    if person(request, login_id) != user:
        raise Http404
    with lookups.hide_existence(request, user, user_id):
        check_may_change(user, by=request.user)
    raise NotPossible(
        _("Everybody has one login here. To keep a person from signing in, suspend it; or delete the account.")
    )


@endpoint(*FIELDS, DECLARED_USER_TYPE, WORKFLOW_STATE, PASSWORD, *NOT_OF_LOGINS)
def change(request: ApiRequest, account_id: str, login_id: str) -> LoginBody:
    """Change a login: what the person signs in with, its SIS ids, and whether it is suspended.

    Somebody who has no password yet can be given a first one.
    """
    home, user = account(request, account_id), person(request, login_id)
    with lookups.hide_existence(request, user, login_id):
        check_may_change(user, by=request.user)
    lookups.check_belongs(request, home, user)
    given = request.params
    state, fields = given[WORKFLOW_STATE], given.fields(*FIELDS, DECLARED_USER_TYPE)
    with transaction.atomic():
        edit_user(user, by=request.user, **fields)
        if password := given[PASSWORD]:
            set_first_password(user, password, by=request.user)
        if state:
            STATES[state](user, by=request.user)
    return _body(request, user, known_about(user, by=request.user) or frozenset())


def _body(request: ApiRequest, user: User, keys: frozenset[Permission]) -> LoginBody:
    body: LoginBody = {
        "id": user.pk,
        "user_id": user.pk,
        "account_id": request.root_id,
        "authentication_provider_id": PROVIDER_ID,
        "authentication_provider_type": PROVIDER,
        "workflow_state": "active" if user.is_active else "suspended",
        "created_at": user.created_at,
    }
    if Permission.VIEW_USER_LOGINS in keys:
        body |= {"unique_id": user.login_id, "declared_user_type": user.declared_user_type or None}
    if Permission.READ_SIS in keys:
        body |= {"sis_user_id": user.sis_user_id, "integration_id": user.integration_id}
    return body
