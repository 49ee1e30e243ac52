"""Who may send rosters and read what came of them: on the root account, which all rosters are for."""

from __future__ import annotations

from collections.abc import Set

from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions

IMPORT, MANAGE = Permission.IMPORT_SIS, Permission.MANAGE_SIS
READERS = frozenset({IMPORT, MANAGE})


def check_takes_rosters(account: Account) -> None:
    """Raise Invalid for any account but the root account."""
    _check_is_root(account, _("SIS imports can only be made in the root account."))


def check_takes_reports(account: Account) -> None:
    """Raise Invalid for any account but the root account."""
    _check_is_root(account, _("Reports can only be made in the root account."))


def _check_is_root(account: Account, otherwise: str) -> None:
    if account.parent_id is not None:
        raise Invalid({"account": [("invalid", otherwise)]})


def check_may(account: Account, any_of: Set[str], *, by: User) -> None:
    """Raise Invalid for any account but the root account, NotAllowed where `by` has none of these permissions there."""
    check_takes_rosters(account)
    if not account_permissions(by, account) & any_of:
        raise NotAllowed
