"""Whose account a person may change: the one check that pages and API make before they edit, suspend or delete.

A person's name, login and account are the same in all schools of the institution. So changing them needs the permission
in the whole institution, or in every account the person belongs to.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.models.account_tree import with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account, permissions_on
from courses.access.consent import accounts_of
from courses.access.further_rights import reaches_further

PERMISSION = Permission.MANAGE_USER_LOGINS
# What people may change about themselves.
OWN_FIELDS = frozenset({"time_zone", "locale"})


def why_not_change(person: User, *, by: User) -> str | None:
    """Return why `by` may not edit, suspend or delete the account of `person`; None if they may.

    The number of statements does not depend on the number of accounts and courses they are in.
    """
    root = Account.objects.root()
    if not may_on_account(by, PERMISSION, root):
        held = permissions_on(by, accounts_of(person)).values()
        if not all(PERMISSION in keys for keys in held):
            return _(
                "To change this account, you need the permission “Users - manage login details” in the "
                "root account or in every account this person belongs to."
            )
    if reaches_further(person, by):
        return _("This person has permissions that you do not have, so you cannot change this account.")
    return None


def check_may_change(person: User, *, by: User) -> None:
    """Raise NotAllowed, with the reason, unless `by` may change the account of `person`."""
    if reason := why_not_change(person, by=by):
        raise NotAllowed(reason)


def are_own_settings(fields: Collection[str], person: User, *, by: User) -> bool:
    """Return whether these are fields of `by`'s own that people change for themselves."""
    return person == by and OWN_FIELDS.issuperset(fields)


def belongs_only_to(person: User, account: Account) -> bool:
    """Return whether everything the person belongs to in the institution is in `account` and below it."""
    if account.parent_id is None:
        return True
    return {each.pk for each in accounts_of(person)} <= set(with_all_below(account))
