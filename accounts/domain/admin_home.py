"""An admin's dashboard: their accounts, what is waiting there, and the first steps on a new site.

Other apps add what this one knows nothing about: failed imports, reports, alerts. Each has functions that take the
reader's accounts and yield what there is; config/settings.py lists them (HOME_WAITING, HOME_STEPS).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import permissions_on


@dataclass(frozen=True)
class AccountContext:
    """An account, what the reader may do there, and where a page is about it, the accounts above, the root first."""

    account: Account
    permissions: frozenset[Permission]
    above: Sequence[Account] = ()

    @property
    def is_root(self) -> bool:
        return self.account.parent_id is None


@dataclass(frozen=True)
class Waiting:
    """Something that needs attention: what it is, in a sentence, and the page to handle it on."""

    text: str
    url: str


@dataclass(frozen=True)
class Step:
    """One of the first decisions on a new site."""

    title: str
    text: str
    url: str
    is_done: bool


def posts_of(reader: User, accounts: Sequence[Account]) -> list[AccountContext]:
    """Return the accounts among these where `reader` has a permission (two statements at most)."""
    permissions = permissions_on(reader, accounts) if accounts else {}
    return [AccountContext(account, permissions[account.pk]) for account in accounts if permissions[account.pk]]


def waiting(posts: Sequence[AccountContext]) -> list[Waiting]:
    """Return what is waiting in these accounts, in the order of HOME_WAITING."""
    return [one for source in _sources("HOME_WAITING") for one in source(posts)] if posts else []


def first_steps(posts: Sequence[AccountContext]) -> list[Step]:
    """Return the first steps for the institution's admins, as long as nobody there has ever observed anyone."""
    if not any(here.is_root for here in posts) or ObservationLink.objects.exists():
        return []
    return [step for source in _sources("HOME_STEPS") for step in source(posts)]


def _sources(setting: str) -> list[Callable[[Sequence[AccountContext]], Iterable]]:
    return [import_string(path) for path in getattr(settings, setting)]
