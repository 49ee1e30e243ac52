"""What every page says about the site: the institution, the accounts its reader manages, and the time there.

Looked up once for a request. Other apps know where a person is enrolled and whom they observe: config/settings.py names
the functions that return, for use in the query, the time zone of their school (ZONE_OF_SCHOOL) and whether they observe
anyone (OBSERVES).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Expression, F, QuerySet, Value
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from accounts.models import Account, User
from accounts.models.prepared import prepared
from accounts.permissions.resolver import accounts_with_own_role

NO = Value(False, BooleanField())


@dataclass(frozen=True)
class Site:
    """`root` is None before set-up; `administered` are the accounts where the reader has a role, highest first.

    `zone` is the time zone of a reader who has chosen none, `observes` whether they observe anyone.
    """

    root: Account | None
    administered: list[Account]
    zone: str
    observes: bool


def site_of(request: HttpRequest) -> Site:
    """Return the site for the person of this request (one statement, the first time)."""
    user = getattr(request, "user", None)
    reader = user if isinstance(user, User) else None
    # The user of a request changes in the middle of it when a person acts as someone else.
    known: tuple[User | None, Site] | None = getattr(request, "_site", None)
    if known is None or known[0] != reader:
        known = (reader, _look_up(reader))
        request._site = known  # type: ignore[attr-defined]
    return known[1]


def _look_up(reader: User | None) -> Site:
    if reader is None:
        found = _root()
    else:
        found = _root_and_own(reader) if reader.time_zone else _root_and_own_with_zone(reader)
    accounts: list[Any] = sorted(found, key=lambda account: (len(account.ancestors), account.sort_key, account.pk))
    root = next((account for account in accounts if account.parent_id is None), None)
    if root:
        Account.objects.root_is(root.values())
    held: list[Account] = [account for account in accounts if account.is_held]
    return Site(root, held, root.zone, root.observes) if root else Site(None, held, "UTC", observes=False)


@prepared
def _root() -> QuerySet[Account]:
    return _roots(F("default_time_zone"), NO)


@prepared
def _root_and_own(reader: User) -> QuerySet[Account]:
    return _roots(F("default_time_zone"), import_string(settings.OBSERVES)(reader)).union(_own(reader), all=True)


@prepared
def _root_and_own_with_zone(reader: User) -> QuerySet[Account]:
    zone, observes = import_string(settings.ZONE_OF_SCHOOL)(reader), import_string(settings.OBSERVES)(reader)
    return _roots(zone, observes).union(_own(reader), all=True)


def _roots(zone: Expression | F, observes: Expression) -> QuerySet[Account]:
    return Account.objects.filter(parent=None).annotate(is_held=NO, zone=zone, observes=observes)


def _own(reader: User) -> QuerySet[Account]:
    own = accounts_with_own_role(reader)
    return own.annotate(is_held=Value(True, BooleanField()), zone=F("default_time_zone"), observes=NO)


def site(request: HttpRequest) -> dict[str, Any]:
    """Return `root`, the institution, and `administered`, the accounts where the reader has a role, looked up only when
    used.
    """
    return {
        "root": SimpleLazyObject(lambda: site_of(request).root),
        "administered": SimpleLazyObject(lambda: site_of(request).administered),
        "is_demo": settings.DEMO,
    }
