"""Permissions: what there is, who has it by default, and what somebody may do on an account.

Keys, labels and defaults are Canvas's. Courses add their enrollments' roles: see courses/permissions.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, BaseType, RoleOverride, User

STAFF = frozenset({BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER})
ADMIN = frozenset({BaseType.ACCOUNT_ADMIN})


@dataclass(frozen=True)
class Permission:
    """One thing a role may or may not do; `default` are the base types that have it unless overridden."""

    key: str
    label: str | Promise
    default: frozenset[BaseType]


PERMISSIONS = {
    permission.key: permission
    for permission in (
        Permission("generate_observer_pairing_code", _("Users - generate observer pairing codes for students"), ADMIN),
        Permission("manage_user_observers", _("Users - manage observers"), ADMIN),
        Permission("manage_user_logins", _("Users - manage login details"), ADMIN),
        Permission("view_user_logins", _("Users - view login IDs"), ADMIN | {BaseType.TEACHER, BaseType.TA}),
        Permission("read_roster", _("Users - view list"), ADMIN | STAFF),
        Permission("read_sis", _("SIS Data - read"), ADMIN | {BaseType.TEACHER}),
        Permission("import_sis", _("SIS Data - import"), ADMIN),
        Permission("manage_sis", _("SIS Data - manage"), ADMIN),
        Permission("manage_account_settings", _("Account-level settings - manage"), ADMIN),
        Permission("manage_courses_admin", _("Courses - manage"), ADMIN),
        Permission("read_course_list", _("Courses - view list"), ADMIN),
        Permission(
            "manage_students",
            _("Users - manage students in courses"),
            ADMIN | {BaseType.TEACHER, BaseType.TA},
        ),
        Permission("view_all_grades", _("Grades - view all grades"), ADMIN | {BaseType.TEACHER, BaseType.TA}),
    )
}


class HeldRole(NamedTuple):
    """A role somebody holds."""

    id: int
    base_type: str


@dataclass(frozen=True)
class Chain:
    """The accounts from one account (first) up to the root (last), with the admin roles somebody holds on them."""

    account_ids: tuple[int, ...]
    admin_roles: frozenset[HeldRole]


CHAINS = """
WITH RECURSIVE up(start_id, id, parent_id, depth) AS (
    SELECT id, id, parent_id, 0 FROM accounts_account WHERE id = ANY(%(accounts)s)
    UNION ALL
    SELECT up.start_id, a.id, a.parent_id, up.depth + 1 FROM accounts_account a JOIN up ON a.id = up.parent_id
)
SELECT up.start_id, up.id, up.depth, r.id, r.base_type
FROM up
LEFT JOIN accounts_accountadmin m ON m.account_id = up.id AND m.user_id = %(user)s AND m.workflow_state = 'active'
LEFT JOIN accounts_role r ON r.id = m.role_id AND r.workflow_state = 'active'
ORDER BY up.start_id, up.depth
"""


def chains(user: User, account_ids: Iterable[int]) -> dict[int, Chain]:
    """The chain of each of these accounts, with `user`'s admin roles along it (one statement)."""
    path: dict[int, dict[int, None]] = defaultdict(dict)
    roles: dict[int, set[HeldRole]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(CHAINS, {"accounts": list(set(account_ids)), "user": user.pk})
        for start, account, _depth, role_id, base_type in cursor.fetchall():
            path[start][account] = None
            if role_id is not None:
                roles[start].add(HeldRole(role_id, base_type))
    return {start: Chain(tuple(ids), frozenset(roles[start])) for start, ids in path.items()}


class Overrides:
    """The overrides that can bear on some roles in some accounts (one statement)."""

    def __init__(self, roles: Collection[HeldRole], account_ids: Collection[int]) -> None:
        self._by_place: dict[tuple[int, int], list[RoleOverride]] = defaultdict(list)
        if roles:
            found = RoleOverride.objects.filter(role_id__in={role.id for role in roles}, account_id__in=account_ids)
            for override in found:
                self._by_place[override.account_id, override.role_id].append(override)

    def granted(self, role: HeldRole, chain: Chain) -> set[str]:
        """The permissions `role` has in the first account of `chain`, all overrides above considered."""
        given = {key for key, permission in PERMISSIONS.items() if role.base_type in permission.default}
        locked: set[str] = set()
        for account_id in reversed(chain.account_ids):
            here = account_id == chain.account_ids[0]
            for override in self._by_place[account_id, role.id]:
                applies = override.applies_to_self if here else override.applies_to_descendants
                if not applies or override.permission in locked:
                    continue
                if override.enabled is not None:
                    (given.add if override.enabled else given.discard)(override.permission)
                if override.locked:
                    locked.add(override.permission)
        return given & PERMISSIONS.keys()


def account_permissions(user: User, account: Account) -> frozenset[str]:
    """The keys of everything `user` may do on `account`, by admin roles there or above (two statements)."""
    return permissions_on(user, [account])[account.pk]


def permissions_on(user: User, accounts: Iterable[Account]) -> dict[int, frozenset[str]]:
    """By account id, the keys of everything `user` may do on each account (two statements for any number)."""
    ids = [account.pk for account in accounts]
    if not user.is_active or not ids:
        return dict.fromkeys(ids, frozenset())
    found = chains(user, ids)
    overrides = Overrides(
        {role for chain in found.values() for role in chain.admin_roles},
        {account_id for chain in found.values() for account_id in chain.account_ids},
    )
    return {
        pk: frozenset().union(*(overrides.granted(role, chain) for role in chain.admin_roles))
        for pk, chain in found.items()
    }


def may_on_account(user: User, key: str, account: Account) -> bool:
    """Whether `user` has the permission `key` on `account`. Raises KeyError for an unknown key."""
    return PERMISSIONS[key].key in account_permissions(user, account)


def administered(user: User) -> list[Account]:
    """The accounts on which `user` holds a role of their own, highest first (one statement)."""
    return list(
        Account.objects.filter(
            account_admins__user=user,
            account_admins__workflow_state="active",
            workflow_state=Account.State.ACTIVE,
        )
        .distinct()
        .order_by("parent_id", "name")
    )
