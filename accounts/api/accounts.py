"""Accounts, their terms of use, and the switch of self registration."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import PROVIDER, PROVIDER_ID, Body, account_body, provider_body, terms_body
from accounts.api.endpoints import ApiRequest, allow, public
from accounts.api.lookups import account
from accounts.api.pagination import page_of
from accounts.domain.accounts import create_sub_account, edit_account, sub_accounts_of
from accounts.domain.settings import set_self_registration
from accounts.errors import Invalid
from accounts.models import Account, SelfRegistration
from accounts.models.account_tree import with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, administered, may_on_account, permissions_on
from accounts.text.collation import Holds
from accounts.web.pagination import search_words

# What Canvas takes for the setting besides none, observer and all.
SWITCHES = {"true": "all", "false": "none"}


def index(request: ApiRequest) -> list[Body]:
    """GET accounts: those on which the caller holds a role."""
    found = page_of(request, administered(request.user))
    keys = permissions_on(request.user, found)
    return [account_body(one, request.root, keys[one.pk]) for one in found]


def show(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id"""
    found = account(request, account_id)
    keys = account_permissions(request.user, found)
    allow(bool(keys))
    return account_body(found, request.root, keys)


def change(request: ApiRequest, account_id: str) -> Body:
    """PUT accounts/:id: its name, SIS id and time zone"""
    found = account(request, account_id)
    wanted = request.params.under("account")
    fields = {field: wanted.text(field) for field in ("name", "sis_account_id", "default_time_zone") if field in wanted}
    edited = edit_account(found, by=request.user, **fields)
    return account_body(edited, request.root, account_permissions(request.user, edited))


def sub_accounts(request: ApiRequest, account_id: str) -> list[Body]:
    """GET accounts/:id/sub_accounts: those directly below, or with `recursive` all below"""
    home = account(request, account_id)
    allow(bool(account_permissions(request.user, home)))
    found = sub_accounts_of(home)
    if request.params.flag("recursive"):
        below = Account.objects.filter(pk__in=with_all_below(home)).exclude(pk=home.pk)
        found = below.order_by("sort_key", "id")
    if words := search_words(request.params.text("search_term")):
        found = found.filter(Holds(words))
    listed = page_of(request, found)
    keys = permissions_on(request.user, listed)
    return [account_body(one, request.root, keys[one.pk]) for one in listed]


def create_below(request: ApiRequest, account_id: str) -> Body:
    """POST accounts/:id/sub_accounts"""
    home = account(request, account_id)
    wanted = request.params.under("account")
    fields = {field: wanted.text(field) for field in ("name", "sis_account_id", "default_time_zone")}
    made = create_sub_account(home, by=request.user, **fields)
    return account_body(made, request.root, account_permissions(request.user, made))


@public
def terms_of_service(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/terms_of_service: read before there is a login to read it with."""
    account(request, account_id)
    return terms_body(request.root)


def providers(request: ApiRequest, account_id: str) -> list[Body]:
    """GET accounts/:id/authentication_providers"""
    return [provider_body(_switchable(request, account_id))]


def provider(request: ApiRequest, account_id: str, provider_id: str = PROVIDER) -> Body:
    """GET accounts/:id/authentication_providers/:id"""
    root = _switchable(request, account_id)
    _check(provider_id)
    return provider_body(root)


def change_provider(request: ApiRequest, account_id: str, provider_id: str = PROVIDER) -> Body:
    """PUT accounts/:id/authentication_providers/:id, to set `self_registration`"""
    root = _switchable(request, account_id)
    _check(provider_id)
    if "self_registration" in request.params:
        text = request.params.text("self_registration").strip().lower()
        wanted = SWITCHES.get(text, text)
        if wanted not in SelfRegistration.values:
            raise Invalid({"self_registration": [("inclusion", _("Please give none, observer or all."))]})
        set_self_registration(root, wanted, by=request.user)
        root.refresh_from_db()
    return provider_body(root)


def _switchable(request: ApiRequest, account_id: str) -> Account:
    """The root account, for those who may manage its settings; no other account has ways to sign in."""
    found = account(request, account_id)
    allow(may_on_account(request.user, Permission.MANAGE_ACCOUNT_SETTINGS, found))
    if found.parent_id is not None:
        raise Http404
    return found


def _check(provider_id: str) -> None:
    if provider_id not in (PROVIDER, str(PROVIDER_ID)):
        raise Http404
