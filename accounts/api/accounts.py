"""Accounts, their terms of use, and the switch of self registration."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import PROVIDER, PROVIDER_ID, Body, account_body, provider_body, terms_body
from accounts.api.endpoints import Call, allow, open_to_all
from accounts.api.finding import account
from accounts.api.paging import page_of
from accounts.errors import Invalid
from accounts.models import Account, SelfRegistration
from accounts.permissions import account_permissions, administered, may_on_account, permissions_on
from accounts.self_registration import set_self_registration

# What Canvas takes for the setting besides none, observer and all.
SWITCHES = {"true": "all", "false": "none"}


def index(call: Call) -> list[Body]:
    """GET accounts: those on which the caller holds a role."""
    found = page_of(call, administered(call.user))
    keys = permissions_on(call.user, found)
    return [account_body(one, call.root, keys[one.pk]) for one in found]


def show(call: Call, account_id: str) -> Body:
    """GET accounts/:id"""
    found = account(call, account_id)
    keys = account_permissions(call.user, found)
    allow(bool(keys))
    return account_body(found, call.root, keys)


@open_to_all
def terms_of_service(call: Call, account_id: str) -> Body:
    """GET accounts/:id/terms_of_service: read before there is a login to read it with."""
    account(call, account_id)
    return terms_body(call.root)


def providers(call: Call, account_id: str) -> list[Body]:
    """GET accounts/:id/authentication_providers"""
    return [provider_body(_switchable(call, account_id))]


def provider(call: Call, account_id: str, provider_id: str = PROVIDER) -> Body:
    """GET accounts/:id/authentication_providers/:id"""
    root = _switchable(call, account_id)
    _check(provider_id)
    return provider_body(root)


def change_provider(call: Call, account_id: str, provider_id: str = PROVIDER) -> Body:
    """PUT accounts/:id/authentication_providers/:id, to set `self_registration`"""
    root = _switchable(call, account_id)
    _check(provider_id)
    if "self_registration" in call.given:
        text = call.given.text("self_registration").strip().lower()
        wanted = SWITCHES.get(text, text)
        if wanted not in SelfRegistration.values:
            raise Invalid({"self_registration": [("inclusion", _("Please give none, observer or all."))]})
        set_self_registration(root, wanted, by=call.user)
        root.refresh_from_db()
    return provider_body(root)


def _switchable(call: Call, account_id: str) -> Account:
    """The root account, for those who may manage its settings; no other account has ways to sign in."""
    found = account(call, account_id)
    allow(may_on_account(call.user, "manage_account_settings", found))
    if found.parent_id is not None:
        raise Http404
    return found


def _check(provider_id: str) -> None:
    if provider_id not in (PROVIDER, str(PROVIDER_ID)):
        raise Http404
