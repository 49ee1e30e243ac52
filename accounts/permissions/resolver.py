"""What a person may do in an account: from admin roles there or above, and the overrides of their permissions.

Courses add the roles of their enrollments: see courses/access/permissions.py. Any number of accounts and courses costs
one statement, and within one request (`remembering`) nothing is looked up twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from accounts.memory import read_from, remember, remembered
from accounts.models import Account, AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.models.account import UPWARDS, UPWARDS_OF, upwards
from accounts.models.prepared import Among, prepared
from accounts.permissions.registry import ALWAYS, AVAILABLE, DEFAULTS, PERMISSIONS, ROOT_ONLY, Permission

NOTHING: frozenset[Permission] = frozenset()


class HeldRole(NamedTuple):
    """A role a person has."""

    id: int
    base_type: str


@dataclass(frozen=True)
class Chain:
    """The accounts from one account (first) up to the root (last), with the person's admin roles in each."""

    account_ids: tuple[int, ...]
    admin_roles: Mapping[int, frozenset[HeldRole]]

    def above(self) -> Iterator[Chain]:
        """Yield this chain, and that of every account in it."""
        for number in range(len(self.account_ids)):
            yield Chain(self.account_ids[number:], self.admin_roles)

    def roles(self) -> frozenset[HeldRole]:
        """Return the admin roles along the chain."""
        return frozenset().union(*(self.admin_roles.get(account, ()) for account in self.account_ids))


# The accounts from each of %(accounts)s upwards, with the admin roles of %(user)s on them. As a course has roles of
# its own to look up, courses/access/permissions.py puts a second SELECT with the same columns beside this one.
ADMIN_ROLES = """
SELECT up.start_id, up.id, up.depth, r.id AS role_id, r.base_type, NULL::bigint AS course_id, NULL::bigint AS section_id
FROM up
LEFT JOIN accounts_accountadmin m ON m.account_id = up.id AND m.user_id = %(user)s AND m.workflow_state = 'active'
LEFT JOIN accounts_role r ON r.id = m.role_id AND r.workflow_state = 'active'
"""


def with_overrides(roles: str) -> str:
    """Return the statement for such roles, after whose rows there is one with the overrides that bear on them.

    Those of a built-in role bear on custom roles of its base type too.
    """
    return f"""
{UPWARDS}, held AS ({roles})
SELECT *, NULL::json AS overrides FROM held
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, coalesce(json_agg(json_build_array(
           o.account_id, o.role_id, o.permission, o.enabled, o.locked, o.applies_to_self, o.applies_to_descendants,
           r.base_type, r.account_id IS NULL)), '[]')
FROM accounts_roleoverride o JOIN accounts_role r ON r.id = o.role_id
WHERE o.account_id IN (SELECT id FROM up)
  AND (o.role_id IN (SELECT role_id FROM held)
       OR (r.account_id IS NULL AND r.base_type IN (SELECT base_type FROM held)))
ORDER BY 1, 3
"""  # noqa: S608 built from constants


CHAINS = with_overrides(ADMIN_ROLES)
Row = tuple[int, int, int, int | None, str, int | None, int | None]


def look_up(sql: str, values: Mapping[str, Any]) -> tuple[list[Row], Overrides]:
    """Return the rows of a statement made by `with_overrides`, and the overrides."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        # NULL comes last.
        *rows, (*_nothing, overrides) = cursor.fetchall()
    return [row[:-1] for row in rows], Overrides(Override(*each) for each in overrides)


def chains_of(rows: Iterable[Row]) -> dict[int, Chain]:
    """Return the chain of each account from the rows of the statement above, in its order."""
    paths: dict[int, dict[int, None]] = defaultdict(dict)
    roles: dict[int, set[HeldRole]] = defaultdict(set)
    for start, account, _depth, role_id, base_type, _course, _section in rows:
        paths[start][account] = None
        if role_id is not None:
            roles[account].add(HeldRole(role_id, base_type))
    held = {account: frozenset(found) for account, found in roles.items()}
    return {start: Chain(tuple(ids), held) for start, ids in paths.items()}


class Fold(NamedTuple):
    """What is left of a role's defaults after the overrides along a chain."""

    given: frozenset[Permission]  # what the role may do in the first account
    inherited: frozenset[Permission]  # what it might do without that account's own overrides
    locked: Mapping[Permission, int]  # by key, the account above whose lock binds
    decided: Mapping[Permission, int]  # by key, the account that `inherited` is owed to; absent: the default


class Override(NamedTuple):
    """How an account sets a permission for a role; of a built-in role, for custom ones of its base type as well."""

    account_id: int
    role_id: int
    permission: str
    enabled: bool | None
    locked: bool
    applies_to_self: bool
    applies_to_descendants: bool
    base_type: str
    is_of_built_in: bool


@dataclass
class Walk:
    """The state on the way down from the root: what a role may do so far, and which account has locked or set what."""

    given: set[Permission]
    locked: dict[Permission, int]
    decided: dict[Permission, int]

    def step(self, overrides: Iterable[Override], changeable: frozenset[Permission], *, here: bool) -> None:
        """Apply the overrides of one account; `here`: the last one."""
        for override in overrides:
            key = PERMISSIONS.get(override.permission)
            applies = override.applies_to_self if here else override.applies_to_descendants
            # An older version may have left what is no permission any more.
            if key is None or not applies or key in self.locked or key not in changeable:
                continue
            if override.enabled is not None:
                (self.given.add if override.enabled else self.given.discard)(key)
                self.decided[key] = override.account_id
            if override.locked:
                self.locked[key] = override.account_id

    def locked_off_in(self, account_id: int) -> set[Permission]:
        """Return what this account has locked as off."""
        return {key for key, account in self.locked.items() if account == account_id} - self.given


class Overrides:
    """The overrides that bear on some roles in some accounts."""

    def __init__(self, found: Iterable[Override]) -> None:
        self._by_place: dict[tuple[int, int], list[Override]] = defaultdict(list)
        self._of_built_in: dict[tuple[int, str], list[Override]] = defaultdict(list)
        for override in found:
            self._by_place[override.account_id, override.role_id].append(override)
            if override.is_of_built_in:
                self._of_built_in[override.account_id, override.base_type].append(override)

    @staticmethod
    def bearing_on(roles: Collection[HeldRole], account_ids: Collection[int]) -> Overrides:
        """Look up the overrides that bear on these roles in these accounts (one statement)."""
        ids, bases = {role.id for role in roles}, {role.base_type for role in roles}
        found = _bearing(list(ids), list(bases), list(account_ids)) if ids else []
        return Overrides(Override(*each) for each in found)

    def at(self, account_id: int, role_id: int) -> dict[Permission, Override]:
        """Return an account's own overrides for a role, by permission."""
        return {
            PERMISSIONS[each.permission]: each
            for each in self._by_place[account_id, role_id]
            if each.permission in PERMISSIONS
        }

    def fold(self, role: HeldRole, chain: Chain) -> Fold:
        """Go from the root down to the first account of `chain`; a lock applies to everything below it.

        A permission that an account has locked as off for a built-in role is off for custom roles of its base type too,
        unless that account, or one above, has granted it to that same role.
        """
        base = BaseType(role.base_type)
        changeable = AVAILABLE[base] - ALWAYS.get(base, NOTHING)
        own, built_in = (Walk(set(DEFAULTS[base]), {}, {}) for _ in range(2))
        before = Fold(frozenset(own.given), frozenset(own.given), {}, {})
        for account_id in reversed(chain.account_ids):
            here = account_id == chain.account_ids[0]
            others = (each for each in self._of_built_in[account_id, role.base_type] if each.role_id != role.id)
            built_in.step(others, changeable, here=here)
            withheld = built_in.locked_off_in(account_id) - own.locked.keys()
            own.given -= withheld
            own.decided |= dict.fromkeys(withheld, account_id)
            if here:
                before = Fold(frozenset(), frozenset(own.given), dict(own.locked), dict(own.decided))
            own.step(self._by_place[account_id, role.id], changeable, here=here)
            own.locked |= dict.fromkeys(withheld, account_id)
        return before._replace(given=frozenset(own.given))

    def granted(self, chain: Chain) -> frozenset[Permission]:
        """Return everything the admin roles along `chain` allow in its first account."""
        root = chain.account_ids[-1]
        found: set[Permission] = set()
        for account_id in chain.account_ids:
            for role in chain.admin_roles.get(account_id, ()):
                given = self.fold(role, chain).given
                found |= given if account_id == root else given - ROOT_ONLY
        return frozenset(found)


@prepared
def _bearing(roles: list[int], bases: list[str], accounts: list[int]) -> QuerySet[RoleOverride, tuple[Any, ...]]:
    """Return the overrides in these accounts for these roles, and for the built-in roles of these base types."""
    meant = Q(Among("role", roles)) | Q(Among("role__base_type", bases), role__account=None)
    of_built_in = ExpressionWrapper(Q(role__account=None), BooleanField())
    found = RoleOverride.objects.filter(meant, Among("account", accounts))
    return found.values_list(*Override._fields[:-2], "role__base_type", of_built_in)


# What is looked up is read from these tables.
read_from(Account, AccountAdmin, Role, RoleOverride)


def remember_accounts(user: User, chains: Iterable[Chain], overrides: Overrides) -> None:
    """Keep what `user` may do in every account along these chains: it costs no more statements."""
    found = {part.account_ids[0]: part for chain in chains for part in chain.above()}
    remember("account", user, {pk: overrides.granted(part) for pk, part in found.items()})
    remember(UPWARDS_OF, None, {pk: list(part.account_ids) for pk, part in found.items()})


def account_permissions(user: User, account: Account) -> frozenset[Permission]:
    """Return the keys of everything `user` may do in `account`, from admin roles there or above (one statement)."""
    return permissions_on(user, [account])[account.pk]


def permissions_on(user: User, accounts: Iterable[Account]) -> dict[int, frozenset[Permission]]:
    """Return, by account id, the keys of everything `user` may do in each account (one statement for any number)."""
    ids = {account.pk for account in accounts}
    if not user.is_active:
        return dict.fromkeys(ids, NOTHING)
    known = remembered("account", user, ids)
    if missing := ids - known.keys():
        rows, overrides = look_up(CHAINS, {"accounts": list(missing), "user": user.pk})
        chains = chains_of(rows)
        remember_accounts(user, chains.values(), overrides)
        known |= {pk: overrides.granted(chain) for pk, chain in chains.items()}
    return known


def known_permissions(user: User, account_ids: Collection[int]) -> dict[int, frozenset[Permission]]:
    """Return, by account id, what this request knows already of what `user` may do in these accounts."""
    return remembered("account", user, account_ids)


def permissions_by(roles: Iterable[HeldRole], accounts: Iterable[int]) -> dict[int, dict[int, frozenset[Permission]]]:
    """Return, by account id and role id, what each role there or above allows (two statements for any number)."""
    roles = list(roles)
    chains = {pk: Chain(tuple(ids), {}) for pk, ids in upwards(list(accounts)).items()}
    along = {account_id for chain in chains.values() for account_id in chain.account_ids}
    overrides = Overrides.bearing_on(roles, along)
    return {
        pk: {
            role.id: overrides.fold(role, chain).given - (ROOT_ONLY if len(chain.account_ids) > 1 else NOTHING)
            for role in roles
        }
        for pk, chain in chains.items()
    }


def where_overrides_bear(roles: QuerySet[Role]) -> Q:
    """Return the accounts, as a condition, where overrides affect these roles; elsewhere each allows what it does
    above.

    The accounts directly below are included, because an override may leave out its own account. Further down nothing
    differs.
    """
    of_built_in = Q(role__account=None, role__base_type__in=roles.values("base_type"))
    bearing = RoleOverride.objects.filter(Q(role__in=roles) | of_built_in).values("account")
    return Q(pk__in=bearing) | Q(parent__in=bearing)


def may_on_account(user: User, key: Permission, account: Account) -> bool:
    """Return whether `user` has the permission `key` on `account`. Raises KeyError for an unknown key."""
    return PERMISSIONS[key] in account_permissions(user, account)


def accounts_with_own_role(user: User) -> QuerySet[Account]:
    """Return the accounts where `user` has their own role, in no order."""
    held = AccountAdmin.objects.filter(user=user, workflow_state=AccountAdmin.State.ACTIVE)
    return Account.objects.filter(pk__in=held.values("account"), workflow_state=Account.State.ACTIVE)


def administered(user: User) -> list[Account]:
    """Return the accounts where `user` has their own role, highest first (one statement)."""
    return list(accounts_with_own_role(user).order_by("ancestors__len", "sort_key", "id"))
