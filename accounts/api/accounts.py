"""Accounts, their terms of use, and the switch of self registration."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import PROVIDER, PROVIDER_ID, Body, account_body, provider_body, terms_body
from accounts.api.endpoints import Call, allow, open_to_all
from accounts.api.finding import account
from accounts.api.paging import page_of
from accounts.collation import Holds
from accounts.errors import Invalid
from accounts.models import Account, SelfRegistration
from accounts.paging import search_words
from accounts.permissions import account_permissions, administered, may_on_account, permissions_on
from accounts.self_registration import set_self_registration
from accounts.sub_accounts import create_sub_account, edit_account, sub_accounts_of
from accounts.tree import with_all_below

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


def change(call: Call, account_id: str) -> Body:
    """PUT accounts/:id: its name, SIS id and time zone"""
    found = account(call, account_id)
    wanted = call.given.under("account")
    fields = {field: wanted.text(field) for field in ("name", "sis_account_id", "default_time_zone") if field in wanted}
    edited = edit_account(found, by=call.user, **fields)
    return account_body(edited, call.root, account_permissions(call.user, edited))


def sub_accounts(call: Call, account_id: str) -> list[Body]:
    """GET accounts/:id/sub_accounts: those directly below, or with `recursive` all below"""
    home = account(call, account_id)
    allow(bool(account_permissions(call.user, home)))
    found = sub_accounts_of(home)
    if call.given.flag("recursive"):
        below = [pk for pk in with_all_below(home) if pk != home.pk]
        found = Account.objects.filter(pk__in=below).order_by("sort_key", "id")
    if words := search_words(call.given.text("search_term")):
        found = found.filter(Holds(words))
    listed = page_of(call, found)
    keys = permissions_on(call.user, listed)
    return [account_body(one, call.root, keys[one.pk]) for one in listed]


def create_below(call: Call, account_id: str) -> Body:
    """POST accounts/:id/sub_accounts"""
    home = account(call, account_id)
    wanted = call.given.under("account")
    fields = {field: wanted.text(field) for field in ("name", "sis_account_id", "default_time_zone")}
    made = create_sub_account(home, by=call.user, **fields)
    return account_body(made, call.root, account_permissions(call.user, made))


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
