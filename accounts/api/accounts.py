"""Accounts, their terms of use, and the self registration setting."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext_noop

from accounts.api.account_includes import INCLUDE, account_bodies
from accounts.api.bodies import PROVIDER, PROVIDER_ID, account_body, provider_body, terms_body
from accounts.api.body_types import AccountBody, ProviderBody, TermsBody
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Text, Word, not_served
from accounts.domain.accounts import create_sub_account, edit_account, set_self_registration, sub_accounts_of
from accounts.models import Account, SelfRegistration
from accounts.models.account import with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, administered, may_on_account, permissions_on
from accounts.text.search import Search
from accounts.web.pagination import search_words

endpoint = in_group("Accounts")

NAME = Text("account[name]", "The name of the account.")
SIS_ID = Text("account[sis_account_id]", "The school's own id of the account; empty takes it away.")
TIME_ZONE = Text(
    "account[default_time_zone]",
    "The time zone of all who have chosen none, as an IANA name or as Canvas names it.",
)
FIELDS = (NAME, SIS_ID, TIME_ZONE)
NO_QUOTAS = not_served(
    gettext_noop("There are no storage quotas here."),
    "account[default_storage_quota_mb]",
    "account[default_user_storage_quota_mb]",
    "account[default_group_storage_quota_mb]",
)
STICKINESS = not_served(
    gettext_noop("A change made here always counts, also over one made by hand before."),
    "override_sis_stickiness",
    fits=("true",),
)
NOT_OF_ACCOUNTS = (
    *NO_QUOTAS,
    *not_served(
        gettext_noop("This setting of Canvas does not exist here."),
        *("account[settings]", "account[services]", "account[course_template_id]"),
        *("account[lock_outcome_proficiency]", "account[lock_proficiency_calculation]"),
    ),
    *not_served(gettext_noop("An account is moved by a roster only (accounts.csv)."), "account[parent_account_id]"),
    *STICKINESS,
)
ORDER = Word("order", "Sort by this; by default by name.", words=("id", "name"))
NOT_OF_PROVIDERS = (
    *not_served(gettext_noop("There is one way to sign in, so it is the first."), "position", fits=("1",)),
    *not_served(gettext_noop("There is no second factor here."), "mfa_required", fits=("false",)),
)
RECURSIVE = Flag("recursive", "List all accounts below, not only those directly below.")
SEARCH_TERM = Text("search_term", "List only accounts with words in their names that begin with each of these.")
SELF_REGISTRATION = Word(
    "self_registration",
    "Who may create an account for themselves: nobody, observers with a pairing code, or everybody.",
    words=SelfRegistration.values,
    # What Canvas takes for the setting besides.
    aliases={"true": "all", "false": "none"},
    may_be_empty=False,
)


@endpoint(INCLUDE, *PAGING)
def index(request: ApiRequest) -> list[AccountBody]:
    """List the accounts on which the caller holds a role."""
    found = page_of(request, administered(request.user), is_small=True)
    return account_bodies(request, found, permissions_on(request.user, found))


@endpoint(INCLUDE)
def show(request: ApiRequest, account_id: str) -> AccountBody:
    """Show an account; `self` is the root account."""
    found = account(request, account_id)
    keys = account_permissions(request.user, found)
    allow(bool(keys))
    return account_bodies(request, [found], {found.pk: keys})[0]


@endpoint(*FIELDS, *NOT_OF_ACCOUNTS)
def change(request: ApiRequest, account_id: str) -> AccountBody:
    """Change an account: its name, SIS id and time zone."""
    found = account(request, account_id)
    edited = edit_account(found, by=request.user, **request.params.fields(*FIELDS))
    return account_body(edited, request.root, account_permissions(request.user, edited))


@endpoint(RECURSIVE, SEARCH_TERM, ORDER, INCLUDE, *PAGING)
def sub_accounts(request: ApiRequest, account_id: str) -> list[AccountBody]:
    """List the accounts directly below an account, or all below it."""
    home = account(request, account_id)
    allow(bool(account_permissions(request.user, home)))
    found = sub_accounts_of(home)
    if request.params[RECURSIVE]:
        below = Account.objects.filter(pk__in=with_all_below(home)).exclude(pk=home.pk)
        found = below.order_by("sort_key", "id")
    if words := search_words(request.params[SEARCH_TERM]):
        found = found.filter(Search(words).found)
    if request.params[ORDER] == "id":
        found = found.order_by("id")
    listed = page_of(request, found, is_small=True)
    return account_bodies(request, listed, permissions_on(request.user, listed))


@endpoint(*FIELDS, *NO_QUOTAS)
def create_below(request: ApiRequest, account_id: str) -> AccountBody:
    """Create an account below another."""
    home = account(request, account_id)
    made = create_sub_account(home, by=request.user, **request.params.values(*FIELDS))
    return account_body(made, request.root, account_permissions(request.user, made))


@endpoint(public=True)
def terms_of_service(request: ApiRequest, account_id: str) -> TermsBody:
    """Show the terms of use, and who may create an account.

    No token is needed: it is read before there is a login to get one with.
    """
    account(request, account_id)
    return terms_body(request.root)


@endpoint()
def providers(request: ApiRequest, account_id: str) -> list[ProviderBody]:
    """List the ways to sign in: there is one."""
    return [provider_body(_switchable(request, account_id))]


@endpoint()
def provider(request: ApiRequest, account_id: str, provider_id: str = PROVIDER) -> ProviderBody:
    """Show the way to sign in, with who may create an account."""
    root = _switchable(request, account_id)
    _check(provider_id)
    return provider_body(root)


@endpoint(SELF_REGISTRATION, *NOT_OF_PROVIDERS)
def change_provider(request: ApiRequest, account_id: str, provider_id: str = PROVIDER) -> ProviderBody:
    """Set who may create an account."""
    root = _switchable(request, account_id)
    _check(provider_id)
    if wanted := request.params[SELF_REGISTRATION]:
        set_self_registration(root, wanted, by=request.user)
        root.refresh_from_db()
    return provider_body(root)


def _switchable(request: ApiRequest, account_id: str) -> Account:
    """Return the root account, for people who may manage its settings; no other account has ways to sign in."""
    found = account(request, account_id)
    allow(may_on_account(request.user, Permission.MANAGE_ACCOUNT_SETTINGS, found))
    if found.parent_id is not None:
        raise Http404
    return found


def _check(provider_id: str) -> None:
    if provider_id not in (PROVIDER, str(PROVIDER_ID)):
        raise Http404
