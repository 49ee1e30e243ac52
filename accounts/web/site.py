"""What every page says about the site: the institution, the accounts its reader manages, and the time there.

Looked up once for a request. Other apps know where a person is enrolled: config/settings.py names the function that
returns the time zone of their school (ZONE_OF_SCHOOL).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, F, Value
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from accounts.models import Account, User
from accounts.permissions.resolver import accounts_with_own_role


@dataclass(frozen=True)
class Site:
    """`root` is None before set-up; `administered` are the accounts where the reader has a role, highest first.

    `zone` is the time zone of a reader who has chosen none.
    """

    root: Account | None
    administered: list[Account]
    zone: str


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
    own_zone = F("default_time_zone")
    zone = import_string(settings.ZONE_OF_SCHOOL)(reader) if reader and not reader.time_zone else own_zone
    found = Account.objects.filter(parent=None).annotate(is_held=Value(False, BooleanField()), zone=zone)
    if reader:
        own = accounts_with_own_role(reader)
        found = found.union(own.annotate(is_held=Value(True, BooleanField()), zone=own_zone), all=True)
    accounts = sorted(found, key=lambda account: (len(account.ancestors), account.sort_key, account.pk))
    root = next((account for account in accounts if account.parent_id is None), None)
    if root:
        Account.objects.root_is([getattr(root, column) for column in Account.columns()])
    zone_there = root.zone if root else "UTC"
    return Site(root, [account for account in accounts if account.is_held], zone_there)


def site(request: HttpRequest) -> dict[str, Any]:
    """Return `root`, the institution, and `administered`, the accounts where the reader has a role, looked up only when
    used.
    """
    return {
        "root": SimpleLazyObject(lambda: site_of(request).root),
        "administered": SimpleLazyObject(lambda: site_of(request).administered),
        "is_demo": settings.DEMO,
    }
