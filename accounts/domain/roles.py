"""Roles and their permissions: creating, renaming and deactivating roles, and overriding permissions.

Nobody works above an account where they may manage permissions, and nobody grants what they do not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.domain.audit import record, record_many
from accounts.domain.events import PermissionChanged, RoleChanged, RoleCreated
from accounts.domain.grants import (
    Change,
    check_may_give,
    check_nothing_lacks,
    held_as,
    is_own_deactivation,
    own_again,
)
from accounts.domain.validation import check, refusing_what_is_taken
from accounts.errors import Invalid, NotAllowed
from accounts.memory import forget
from accounts.models import COURSE_BASE_TYPES, Account, BaseType, Role, RoleOverride, User
from accounts.models.account import upwards, with_all_above
from accounts.permissions.registry import ALWAYS, AVAILABLE, PERMISSIONS, ROOT_ONLY, Permission
from accounts.permissions.resolver import Chain, Overrides, account_permissions
from accounts.text.names import tidied

# In capitals or lowercase, and with or without a plural s.
WORDS = {
    BaseType.STUDENT: "student",
    BaseType.TEACHER: "teacher",
    BaseType.TA: "ta",
    BaseType.DESIGNER: "designer",
    BaseType.OBSERVER: "observer",
}
# Other words that begin with one of these are read as the same, unless a role has exactly that name.
BEGINNINGS = (BaseType.STUDENT, BaseType.TEACHER)
# By lowercase word, the base type that it always means.
MEANINGS: dict[str, BaseType] = {
    **{base.value.lower(): base for base in COURSE_BASE_TYPES},
    **{form: base for base, word in WORDS.items() for form in (word, f"{word}s")},
}


def is_reserved(label: str, base_type: str) -> bool:
    """Return whether a custom role of this base type must not have this name.

    Reserved are the words themselves; and, for course roles, names that rosters would read as a role of another kind if
    the role did not exist, so that a roster never turns students into teachers.
    """
    folded = label.strip().lower()
    if folded in MEANINGS:
        return True
    return base_type in COURSE_BASE_TYPES and any(
        folded.startswith(WORDS[base]) and base_type != base for base in BEGINNINGS
    )


PERMISSION = Permission.MANAGE_ROLE_OVERRIDES
SCOPE = ("applies_to_self", "applies_to_descendants")
# The base types of custom roles. There is only one Account Admin role.
CUSTOM_BASE_TYPES = (*COURSE_BASE_TYPES, BaseType.ACCOUNT_MEMBERSHIP)


def roles_of(account: Account, *, states: Collection[str] = (Role.State.ACTIVE,)) -> QuerySet[Role]:
    """Return the roles that can be used in `account`: the built-in ones, its own, and those of the
    accounts above it.
    """
    found = Role.objects.filter(Q(account=None) | with_all_above(account), workflow_state__in=states)
    return found.select_related("account").order_by("account_id", "id")


def nearest(roles: Iterable[Role], name: str) -> Role | None:
    """Return the role that a name means of those that can be used in one account: a built-in role's type, or a custom
    one's label, of which the one made nearest to the account counts.
    """
    named = (role for role in roles if role.name == name)
    return max(named, key=lambda role: len(role.account.ancestors) if role.account else -1, default=None)


class RoleChoice(NamedTuple):
    """A role, and what to call it beside others."""

    role: Role
    name: str


def choices_of(roles: Iterable[Role]) -> list[RoleChoice]:
    """Return these roles, of which one is to be chosen, by their labels; with their accounts where two read alike."""
    roles = list(roles)
    labels = Counter(role.label.lower() for role in roles)
    return [RoleChoice(role, _with_account(role) if labels[role.label.lower()] > 1 else role.label) for role in roles]


def _with_account(role: Role) -> str:
    return f"{role.label} ({role.account.name})" if role.account else role.label


@dataclass(frozen=True)
class Setting:
    """How one permission is set for one role in one account.

    `enabled` is what applies there, `inherited` what would apply without the account's own override (`explicit`), as
    set in the account above with the id `inherited_from`, or by default; `locked_by` is the id of the account above
    whose lock applies here. What is `fixed` nobody can change.
    """

    enabled: bool
    inherited: bool
    explicit: bool | None = None
    locked: bool = False
    locked_by: int | None = None
    fixed: bool = False
    inherited_from: int | None = None
    applies_to_self: bool = True
    applies_to_descendants: bool = True


Wish = dict[str, bool | None]


def settings_of(roles: Iterable[Role], account: Account) -> dict[int, dict[Permission, Setting]]:
    """Return, by role id and permission key, how everything these roles can have is set in `account`.

    Two statements for any number of roles.
    """
    roles = list(roles)
    ids = tuple(upwards([account.pk])[account.pk])
    overrides = Overrides.bearing_on([held_as(role) for role in roles], ids)
    chain = Chain(ids, {})
    return {role.pk: _settings(role, chain, overrides) for role in roles}


def _settings(role: Role, chain: Chain, overrides: Overrides) -> dict[Permission, Setting]:
    fold = overrides.fold(held_as(role), chain)
    own = overrides.at(chain.account_ids[0], role.pk)
    found = {}
    for key in Permission:
        if key not in offered_to(role, is_root=len(chain.account_ids) == 1):
            continue
        setting = Setting(
            key in fold.given,
            key in fold.inherited,
            locked_by=fold.locked.get(key),
            fixed=key in ALWAYS.get(BaseType(role.base_type), ()),
            inherited_from=fold.decided.get(key),
        )
        if override := own.get(key):
            setting = replace(
                setting,
                explicit=override.enabled,
                locked=override.locked,
                applies_to_self=override.applies_to_self,
                applies_to_descendants=override.applies_to_descendants,
            )
        found[key] = setting
    return found


def offered_to(role: Role, *, is_root: bool) -> frozenset[Permission]:
    """Return the permissions that can be set for `role` in an account; those of the root account only there."""
    available = AVAILABLE[BaseType(role.base_type)]
    return available if is_root else available - ROOT_ONLY


def create_role(account: Account, label: str, base_type: str, *, by: User) -> Role:
    """Create a custom role of `account`, to be used there and below. Raises NotAllowed, Invalid.

    It starts with the defaults of its base type, so that is what `by` grants.
    """
    _check(account, by)
    if base_type not in CUSTOM_BASE_TYPES:
        raise Invalid({"base_type": [("inclusion", _("Choose what kind of role this is."))]}, of="role")
    with transaction.atomic():
        role = Role(account=account, base_type=base_type)
        role.label = _label(role, account, label)
        _save(role)
        check_may_give(role, account, by=by)
        record(RoleCreated(role.pk, account.pk, role.label, base_type), by=by)
    return role


def rename_role(role: Role, label: str, *, by: User) -> Role:
    """Give a custom role another name. Raises NotAllowed, Invalid."""
    account = _own_account(role, by)
    before = role.label
    if tidied(label) == before:
        return role
    with transaction.atomic():
        role.label = _label(role, account, label)
        _save(role)
        record(RoleChanged(role.pk, account.pk, role.label, before=before), by=by)
    return role


def set_role_state(role: Role, state: str, *, by: User) -> Role:
    """Deactivate a custom role (`inactive`: it gives nobody any permissions) or activate it again.

    Raises NotAllowed, Invalid.
    """
    account = _own_account(role, by)
    if role.workflow_state == state:
        return role
    with transaction.atomic():
        _in_turn(account)
        if state == Role.State.ACTIVE:
            mine = _check(account, by)
            if not is_own_deactivation(role, by=by):
                check_nothing_lacks(_switched_on(role) - mine)
                check_may_give(role, account, by=by)
        role.workflow_state = state
        _save(role)
        record(RoleChanged(role.pk, account.pk, role.label, state=state), by=by)
        _check_stays(account, by)
    return role


def set_permission(role: Role, account: Account, key: Permission, wish: Wish, *, by: User) -> Setting:
    """Change how a permission is set for `role` in `account`: `set_permissions` for one."""
    return set_permissions(role, account, {key: wish}, by=by)[key]


def set_permissions(
    role: Role, account: Account, wishes: Mapping[Permission, Wish], *, by: User
) -> dict[Permission, Setting]:
    """Change how permissions are set for `role` in `account`; return the previous settings, for undo.

    A wish may have `enabled` (None: as inherited), `locked`, `applies_to_self` and `applies_to_descendants`; what it
    leaves out stays. All of it or nothing is done. Raises NotAllowed, Invalid.
    """
    with transaction.atomic():
        _in_turn(account)
        mine = _check(account, by)
        before = _changeable(role, account, wishes)
        stands = {key: _values(setting, {}) for key, setting in before.items()}
        wanted = {key: _values(before[key], wish) for key, wish in wishes.items()}
        changed = {key: values for key, values in wanted.items() if values != stands[key]}
        gives = {key for key, values in changed.items() if _gives(before[key], values)}
        gives -= own_again(role, account, stands, {key: changed[key] for key in gives}, by=by)
        # Checked before the change: a person with the role would have the permission afterwards, and so seem to have
        # had it.
        check_nothing_lacks(gives - mine)
        change = Change(role, account, by=by) if gives else None
        if changed:
            _store(role, account, changed)
            record_many(
                [
                    (None, PermissionChanged(role.pk, account.pk, key, **values, before=stands[key]))
                    for key, values in changed.items()
                ],
                by=by,
            )
            if change:
                check_nothing_lacks(change.gains_beyond() & gives)
            _check_stays(account, by)
    return before


def _store(role: Role, account: Account, changed: Mapping[Permission, dict[str, Any]]) -> None:
    kept = {key: values for key, values in changed.items() if values["enabled"] is not None or values["locked"]}
    gone = changed.keys() - kept.keys()
    RoleOverride.objects.filter(account=account, role=role, permission__in=gone).delete()
    RoleOverride.objects.bulk_create(
        [RoleOverride(account=account, role=role, permission=key, **values) for key, values in kept.items()],
        update_conflicts=True,
        unique_fields=["account", "role", "permission"],
        update_fields=["enabled", "locked", *SCOPE],
    )


def _in_turn(account: Account) -> None:
    """Make changes wait for one another: two simultaneous ones must not both be checked against the same state."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    forget()


def _values(before: Setting, wish: Wish) -> dict[str, Any]:
    """Return the fields of the override: what is wished for, otherwise what it had."""
    values = {
        "enabled": wish.get("enabled", before.explicit),
        **{field: getattr(before, field) if wish.get(field) is None else wish[field] for field in ("locked", *SCOPE)},
    }
    if not (values["applies_to_self"] or values["applies_to_descendants"]):
        message = _("Choose where this applies: this account, the accounts below it, or both.")
        raise Invalid({"applies_to_descendants": [("invalid", message)]})
    return values


def _changeable(role: Role, account: Account, keys: Iterable[Permission]) -> dict[Permission, Setting]:
    """Return how these permissions are set, each of which can be changed here."""
    if role.workflow_state != Role.State.ACTIVE or not roles_of(account).filter(pk=role.pk).exists():
        raise Invalid({"role": [("inclusion", _("This account has no such role."))]})
    settings = settings_of([role], account)[role.pk]
    for key in keys:
        if key not in PERMISSIONS:
            raise Invalid({"permission": [("inclusion", _("There is no such permission."))]})
        if key not in settings:
            raise Invalid({"permission": [("invalid", _("This permission cannot be granted to this role here."))]})
        if settings[key].fixed:
            raise NotAllowed(_("This role always has this permission, so that someone can correct a mistake."))
        if settings[key].locked_by is not None:
            raise NotAllowed(_("An account above has locked this permission. It can only be changed there."))
    return {key: settings[key] for key in keys}


def _gives(before: Setting, values: dict[str, Any]) -> bool:
    """Return whether the change can let anyone, here or below, do what they could not do before."""
    narrower = any(getattr(before, field) and not values[field] for field in SCOPE)
    uncovered = before.explicit is False and before.inherited and (values["enabled"] is None or narrower)
    # A lock overrules what accounts below have turned on; a lock on a permission that is on overrules their turning it
    # off.
    released = before.locked and (narrower or not values["locked"])
    locked_on = values["locked"] and values["enabled"] is None and before.inherited
    return bool(values["enabled"] or uncovered or released or locked_on)


def _check_stays(account: Account, by: User) -> None:
    """Check, after a change and in its transaction, that `by` still has what they need to undo it."""
    if PERMISSION not in account_permissions(by, account):
        forget()
        raise NotAllowed(_("Not saved: you would lose your own permission to manage permissions."))


def _switched_on(role: Role) -> set[Permission]:
    """Return what the role may do somewhere because an account has turned it on."""
    found = role.overrides.filter(enabled=True).values_list("permission", flat=True)
    return {PERMISSIONS[key] for key in found if key in PERMISSIONS}


def _check(account: Account, by: User) -> frozenset[Permission]:
    """Return what `by` may do in the account; raise NotAllowed unless managing permissions is part of it."""
    mine = account_permissions(by, account)
    if PERMISSION not in mine:
        raise NotAllowed(_("To change roles here, you need the permission “Permissions - manage” in this account."))
    return mine


def _own_account(role: Role, by: User) -> Account:
    if role.account is None:
        raise Invalid({"role": [("invalid", _("Built-in roles cannot be changed, only their permissions."))]})
    _check(role.account, by)
    return role.account


def _label(role: Role, account: Account, label: str) -> str:
    """Return a valid name for this role of `account`, new or old. Raises Invalid.

    Accounts above and below may have a role of that name: where it is given by name, the nearest counts.
    """
    label = tidied(label)
    others = Role.objects.filter(Q(account=None) | Q(account=account)).exclude(pk=role.pk)
    check(Role, {"label": label}, of="role")
    problem = None
    if any(label.lower() in (other.label.lower(), other.name.lower()) for other in others):
        problem = ("taken", _("A role with this name already exists."))
    elif is_reserved(label, role.base_type):
        problem = ("exclusion", _("Roster files use this word for a built-in role. Choose another name."))
    if problem:
        raise Invalid({"label": [problem]})
    return label


def _save(role: Role) -> None:
    with refusing_what_is_taken(Role, of="role"):
        role.save()
