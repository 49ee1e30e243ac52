"""The home of whoever runs accounts: their accounts, what waits for them there, and the first steps on a fresh site.

Other apps have something to say here of which this one knows nothing: failed imports, reports, alarms. Each has
functions that take the reader's posts and give what there is; config/settings.py lists them (HOME_WAITING, HOME_STEPS).
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
    """An account, and what the reader may do there."""

    account: Account
    permissions: frozenset[Permission]

    @property
    def is_root(self) -> bool:
        return self.account.parent_id is None


@dataclass(frozen=True)
class Waiting:
    """Something that somebody should look at: what it is, in a sentence, and where it is dealt with."""

    text: str
    url: str


@dataclass(frozen=True)
class Step:
    """One of the first things to decide on a fresh site."""

    title: str
    text: str
    url: str
    is_done: bool


def posts_of(reader: User, accounts: Sequence[Account]) -> list[AccountContext]:
    """Those of these accounts on which `reader` may do anything (two statements at most)."""
    permissions = permissions_on(reader, accounts) if accounts else {}
    return [AccountContext(account, permissions[account.pk]) for account in accounts if permissions[account.pk]]


def waiting(posts: Sequence[AccountContext]) -> list[Waiting]:
    """What waits for whoever holds these posts, in the order of HOME_WAITING."""
    return [one for source in _sources("HOME_WAITING") for one in source(posts)] if posts else []


def first_steps(posts: Sequence[AccountContext]) -> list[Step]:
    """The first steps for whoever runs the institution, as long as nobody there has ever observed anybody."""
    if not any(here.is_root for here in posts) or ObservationLink.objects.exists():
        return []
    return [step for source in _sources("HOME_STEPS") for step in source(posts)]


def _sources(setting: str) -> list[Callable[[Sequence[AccountContext]], Iterable]]:
    return [import_string(path) for path in getattr(settings, setting)]
