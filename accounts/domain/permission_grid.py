"""The grid of the Permissions page: every permission by every role, as set in an account, and its wording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.domain.roles import Setting, choices_of, offered_to, roles_of, settings_of
from accounts.models import COURSE_BASE_TYPES, Account, BaseType, Role
from accounts.permissions.registry import PERMISSIONS, Permission

COURSE_ROLES, ACCOUNT_ROLES = "course", "account"
BASE_TYPES: dict[str, tuple[BaseType, ...]] = {
    COURSE_ROLES: COURSE_BASE_TYPES,
    ACCOUNT_ROLES: (BaseType.ACCOUNT_ADMIN, BaseType.ACCOUNT_MEMBERSHIP),
}


@dataclass(frozen=True)
class Cell:
    """One permission of one role; without a setting if it cannot be granted. `name` is the role's beside others."""

    role: Role
    permission: Permission
    setting: Setting | None
    name: str

    @property
    def id(self) -> str:
        return f"{self.role.pk}-{self.permission}"

    @property
    def path(self) -> str:
        """Where it is set, below the account's permissions."""
        return f"{self.role.pk}/{self.permission}"

    @property
    def is_locked(self) -> bool:
        return self.setting is not None and (
            self.setting.fixed or self.setting.locked or self.setting.locked_by is not None
        )

    @property
    def state(self) -> str:
        """`on`, `off` or `none`."""
        if self.setting is None:
            return "none"
        return "on" if self.setting.enabled else "off"

    @property
    def word(self) -> str:
        """The state in a word or two."""
        if self.setting is None:
            return _("cannot be granted")
        if self.setting.fixed:
            return _("On, always")
        if self.setting.locked_by is not None:
            return _("On, locked above") if self.setting.enabled else _("Off, locked above")
        if self.setting.locked:
            return _("On, locked") if self.setting.enabled else _("Off, locked")
        return _("On") if self.setting.enabled else _("Off")

    @property
    def mark(self) -> str:
        """What this account itself has set, if anything."""
        if self.setting is None or self.setting.locked_by is not None or self.setting.explicit is None:
            return ""
        return _("changed here") if self.setting.applies_to_self else _("changed for accounts below")


@dataclass(frozen=True)
class Row:
    """A permission with its cell for each role."""

    permission: Permission
    cells: list[Cell]

    @property
    def who(self) -> list[str]:
        """The names of the roles that have it."""
        return [cell.name for cell in self.cells if cell.state == "on"]


def kind_of(role: Role) -> str:
    """Return whether it is a course role or an account role."""
    return COURSE_ROLES if role.base_type in COURSE_BASE_TYPES else ACCOUNT_ROLES


def in_order(roles: Iterable[Role]) -> list[Role]:
    """Return the built-in roles in their usual order, then the custom ones by name."""
    return sorted(
        roles,
        key=lambda role: (role.account_id is not None, "" if role.account_id else _place(role), role.label.lower()),
    )


def _place(role: Role) -> str:
    return str(list(BaseType).index(BaseType(role.base_type)))


def roles_for_grid(account: Account, kind: str | None = None) -> list[Role]:
    """Return the active roles of one kind (None: of both) in order."""
    found = roles_of(account)
    return in_order(found.filter(base_type__in=BASE_TYPES[kind]) if kind else found)


def permissions_for(account: Account, base_types: Iterable[str], words: str = "") -> list[Permission]:
    """Return the permissions that roles of these base types can have in `account`, by label; only labels with these
    words.
    """
    is_root = account.parent_id is None
    keys = {key for base in base_types for key in offered_to(Role(base_type=base), is_root=is_root)}
    wanted = words.lower().split()
    found = [PERMISSIONS[key] for key in keys]
    return sorted(
        (one for one in found if all(word in str(one.label).lower() for word in wanted)),
        key=lambda one: str(one.label).lower(),
    )


def rows(account: Account, roles: list[Role], permissions: list[Permission]) -> list[Row]:
    """Return a row for each permission, with a cell for each role (three statements for any number)."""
    settings, choices = settings_of(roles, account), choices_of(roles)
    return [
        Row(permission, [Cell(role, permission, settings[role.pk].get(permission), name) for role, name in choices])
        for permission in permissions
    ]
