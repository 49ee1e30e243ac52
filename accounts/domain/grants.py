"""Nobody gives what they do not have: not on an account, and not on those below it, where they may do less."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.domain.events import PermissionChanged, RoleChanged
from accounts.errors import NotAllowed
from accounts.models import Account, AccountAdmin, AuditEvent, BaseType, Role, User
from accounts.models.account import with_all_below
from accounts.models.audit import AuditEventQuerySet
from accounts.permissions.registry import DEFAULTS, PERMISSIONS, Permission, labels_of
from accounts.permissions.resolver import HeldRole, permissions_by, permissions_on, where_overrides_bear

# The values of an override, by field.
Values = dict[str, Any]
FIELDS = ("enabled", "locked", "applies_to_self", "applies_to_descendants")


def held_as(role: Role) -> HeldRole:
    """Return the role as the rules of permissions take it."""
    return HeldRole(role.pk, role.base_type)


def check_may_give(role: Role, account: Account, *, by: User) -> None:
    """Raise NotAllowed if `role`, held on `account`, may do something there or below that `by` may not do there."""
    check_nothing_lacks(lacking([role], account, by=by)[role.pk])


def check_nothing_lacks(keys: Collection[Permission]) -> None:
    """Raise NotAllowed naming these permissions if `by` lacks any."""
    if keys:
        message = _("You cannot grant permissions you do not have: %(labels)s.")
        raise NotAllowed(message % {"labels": labels_of(keys)})


def lacking(roles: Iterable[Role], account: Account, *, by: User) -> dict[int, frozenset[Permission]]:
    """Return, by role id, what the role in `account` allows there or somewhere below where `by` may not do it.

    A fixed number of statements for any number of roles and accounts.
    """
    roles = list(roles)
    accounts = _where_rights_differ(roles, account, by)
    mine = permissions_on(by, accounts)
    theirs = permissions_by([held_as(role) for role in roles], mine)
    return {role.pk: frozenset().union(*(theirs[pk][role.pk] - mine[pk] for pk in mine)) for role in roles}


def _where_rights_differ(roles: Collection[Role], account: Account, by: User) -> QuerySet[Account]:
    """Return the accounts, from `account` downwards, on which to compare: wherever an override bears on
    either's roles.
    """
    held = AccountAdmin.objects.filter(user=by, workflow_state=AccountAdmin.State.ACTIVE)
    compared = Role.objects.filter(Q(pk__in=[role.pk for role in roles]) | Q(pk__in=held.values("role")))
    below = Account.objects.filter(pk__in=with_all_below(account))
    return below.filter(Q(pk=account.pk) | where_overrides_bear(compared))


class Change:
    """What a change of overrides gives, on the account and below it, compared with what `by` may do there.

    Made before the change: whoever holds the role would have it afterwards, and so seem to have had it. A change for
    a built-in role may wake what custom roles of its base type have been given.
    """

    def __init__(self, role: Role, account: Account, *, by: User) -> None:
        of_type = Role.objects.filter(base_type=role.base_type)
        self._roles = [role] if role.account_id else list(of_type)
        self._mine = permissions_on(by, _where_rights_differ(self._roles, account, by))
        self._before = self._allowed()

    def _allowed(self) -> dict[int, dict[int, frozenset[Permission]]]:
        return permissions_by([held_as(role) for role in self._roles], self._mine)

    def gains_beyond(self) -> frozenset[Permission]:
        """Return, after the change, what it has granted somewhere that `by` could not do there themselves."""
        now = self._allowed()
        return frozenset().union(
            *(
                now[pk][role.pk] - self._before[pk][role.pk] - mine
                for pk, mine in self._mine.items()
                for role in self._roles
            )
        )


def own_again(
    role: Role, account: Account, stands: Mapping[Permission, Values], changed: Mapping[Permission, Values], *, by: User
) -> set[Permission]:
    """Return those of these changes to `stands` that need no permission, so that nothing is lost for good.

    On the root account only, above which there is nobody to ask: what Account Admins have by default, switched on
    again by one of them; and whatever stood before one's own changes, as long as nobody has changed it since.
    """
    if account.parent_id is not None or not changed:
        return set()
    is_admin_role = role.account_id is None and role.base_type == BaseType.ACCOUNT_ADMIN
    if is_admin_role and AccountAdmin.objects.filter(
        user=by, account=account, role=role, workflow_state=AccountAdmin.State.ACTIVE
    ):
        return changed.keys() & DEFAULTS[BaseType.ACCOUNT_ADMIN]
    stood = _stood_before(role, account, stands, by)
    return {key for key, values in changed.items() if _held(values) in stood[key]}


def _stood_before(
    role: Role, account: Account, stands: Mapping[Permission, Values], by: User
) -> dict[Permission, list[Values]]:
    """Return, by key, what was set before each of the latest changes by `by`, back to someone else's."""
    now: dict[Permission, Values | None] = {key: _held(values) for key, values in stands.items()}
    found: dict[Permission, list[Values]] = {key: [] for key in stands}
    events = AuditEvent.objects.of(PermissionChanged, role=role.pk, account=account.pk, permission__in=[*stands])
    for event in _own(events, by):
        change = event.read(PermissionChanged)
        key = PERMISSIONS[change.permission]
        # Someone else has changed it since.
        stood = now[key] = _held(change.before) if now[key] == _held(change.values) else None
        if stood is not None:
            found[key].append(stood)
    return found


def _held(values: Values) -> Values:
    """Return the fields of an override; all that hold nothing are the same."""
    if values["enabled"] is None and not values["locked"]:
        return {}
    return {field: values[field] for field in FIELDS}


def is_own_deactivation(role: Role, *, by: User) -> bool:
    """Return whether it was `by` who deactivated this role of the root account, and nobody has changed it since."""
    if role.account is None or role.account.parent_id is not None:
        return False
    changes = AuditEvent.objects.of(RoleChanged, role=role.pk, state__isnull=False)
    own = _own(changes, by).first()
    if own is None or own.read(RoleChanged).state != Role.State.INACTIVE:
        return False
    return not changes.filter(pk__gt=own.pk).exists()


def _own(events: AuditEventQuerySet, by: User) -> AuditEventQuerySet:
    return events.by_hand().filter(actor=by.person_acting, acting_for=by if by.actor else None).order_by("-id")
