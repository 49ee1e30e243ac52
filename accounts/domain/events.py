"""What is recorded of people, logins, roles and accounts: one dataclass for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.audit import AccountId, Action, Event, Named, Shown
from accounts.models.role import BaseType
from accounts.permissions.registry import PERMISSIONS

RoleId = Annotated[int, Named("accounts.Role", "label", otherwise=BaseType.ACCOUNT_ADMIN.label)]

FIELDS: dict[str, str | Promise] = {
    "name": _("name"),
    "sortable_name": _("sortable name"),
    "short_name": _("display name"),
    "pronouns": _("pronouns"),
    "email": _("email"),
    "login_id": _("login"),
    "sis_user_id": _("SIS ID"),
    "integration_id": _("integration ID"),
    "time_zone": _("time zone"),
    "locale": _("language"),
    "declared_user_type": _("declared type"),
    "password": _("password"),
    "terms_of_use": _("agreement to the terms of use"),
}


def _field_names(names: list[str]) -> str:
    return ", ".join(str(FIELDS.get(name, name)) for name in names)


def _permission(key: str) -> str | Promise:
    return PERMISSIONS[key].label if key in PERMISSIONS else key


@dataclass(frozen=True)
class ByRoster(Event):
    """What is common to events about what rosters change too: `sis_import` is the one that did, or was undone."""

    sis_import: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class UserRegistered(Event, action=Action.USER_REGISTERED):
    sentence = _("%(subject)s created an account.")


@dataclass(frozen=True)
class UserCreated(ByRoster, action=Action.USER_CREATED):
    sentence = _("%(who)s created the account of %(subject)s.")


@dataclass(frozen=True)
class UserChanged(ByRoster, action=Action.USER_CHANGED):
    sentence = _("%(who)s changed the account of %(subject)s: %(fields)s.")
    own_sentence = _("%(who)s changed their own account: %(fields)s.")

    fields: Annotated[list[str], Shown(_field_names)]


@dataclass(frozen=True)
class StateChanged(ByRoster):
    """What is common to changes of an account's state."""


@dataclass(frozen=True)
class UserSuspended(StateChanged, action=Action.USER_SUSPENDED):
    sentence = _("%(who)s suspended the account of %(subject)s.")


@dataclass(frozen=True)
class UserReactivated(StateChanged, action=Action.USER_REACTIVATED):
    sentence = _("%(who)s reactivated the account of %(subject)s.")


@dataclass(frozen=True)
class UserDeleted(StateChanged, action=Action.USER_DELETED):
    """By hand with how many of each ended with it, and with the ids that are free from now on."""

    sentence = _("%(who)s deleted the account of %(subject)s.")

    links: int | None = None
    enrollments: int | None = None
    admin_roles: int | None = None
    codes: int | None = None
    login_id: str | None = None
    sis_user_id: str | None = None
    integration_id: str | None = None


@dataclass(frozen=True)
class SessionsEnded(Event, action=Action.SESSIONS_ENDED):
    sentence = _("%(who)s signed %(subject)s out everywhere.")
    own_sentence = _("%(who)s signed out everywhere.")


@dataclass(frozen=True)
class PasswordChanged(Event, action=Action.PASSWORD_CHANGED):
    sentence = _("%(who)s set a first password for %(subject)s.")
    own_sentence = _("%(subject)s chose a new password.")

    tokens_ended: int


@dataclass(frozen=True)
class TokenCreated(Event, action=Action.TOKEN_CREATED):
    sentence = _("%(who)s created an access token for %(subject)s.")
    own_sentence = _("%(who)s created an access token.")

    purpose: str


@dataclass(frozen=True)
class TokensEnded(ByRoster, action=Action.TOKENS_ENDED):
    sentence = _("A new password from a roster revoked the access tokens of %(subject)s.")


@dataclass(frozen=True)
class AdminCreated(ByRoster, action=Action.ADMIN_CREATED):
    """Without a `role` it is the built-in one of account admins."""

    sentence = _("%(who)s gave %(subject)s the role %(role)s on %(account)s.")

    account: AccountId
    role: RoleId | None = None


@dataclass(frozen=True)
class AdminRemoved(ByRoster, action=Action.ADMIN_REMOVED):
    sentence = _("%(who)s removed the role %(role)s on %(account)s from %(subject)s.")

    account: AccountId
    role: RoleId


@dataclass(frozen=True)
class RoleCreated(Event, action=Action.ROLE_CREATED):
    sentence = _("%(who)s created the role %(role)s on %(account)s.")

    role: RoleId
    account: AccountId
    label: str
    base_type: str


@dataclass(frozen=True)
class RoleChanged(Event, action=Action.ROLE_CHANGED):
    """Another `label` than `before`, or another `state`."""

    sentence = _("%(who)s changed the role %(role)s on %(account)s.")

    role: RoleId
    account: AccountId
    label: str
    before: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class PermissionChanged(Event, action=Action.PERMISSION_CHANGED):
    """How a permission stands for a role in an account from now on, and how it stood `before`, by the same fields."""

    sentence = _("%(who)s changed “%(permission)s” for the role %(role)s on %(account)s.")

    role: RoleId
    account: AccountId
    permission: Annotated[str, Shown(_permission)]
    enabled: bool | None
    locked: bool
    applies_to_self: bool
    applies_to_descendants: bool
    before: dict[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """How it stands, by the fields that `before` has too."""
        return {name: getattr(self, name) for name in self.before}


@dataclass(frozen=True)
class AccountCreated(ByRoster, action=Action.ACCOUNT_CREATED):
    sentence = _("%(who)s created the account %(account)s.")

    account: AccountId
    parent: int
    name: str


@dataclass(frozen=True)
class AccountChanged(ByRoster, action=Action.ACCOUNT_CHANGED):
    sentence = _("%(who)s changed the account %(account)s.")

    account: AccountId
    fields: list[str]
    name: str


@dataclass(frozen=True)
class AccountDeleted(ByRoster, action=Action.ACCOUNT_DELETED):
    sentence = _("%(who)s deleted the account %(account)s.")

    account: AccountId
    name: str


@dataclass(frozen=True)
class SiteRestored(Event, action=Action.SITE_RESTORED):
    """With the moment of the last event before it (None: there was none), and how many of each were ended."""

    sentence = _("The database was restored from a backup. Changes after %(until)s are lost.")

    until: str | None
    ended: dict[str, int]


@dataclass(frozen=True)
class SettingChanged(Event):
    """What is common to changes of what holds for the whole institution."""

    before: Any
    after: Any


@dataclass(frozen=True)
class SelfRegistrationChanged(SettingChanged, action=Action.SELF_REGISTRATION_CHANGED):
    sentence = _("%(who)s changed self registration from “%(before)s” to “%(after)s”.")


@dataclass(frozen=True)
class CodeScopeChanged(SettingChanged, action=Action.CODE_SCOPE_CHANGED):
    sentence = _("%(who)s changed what codes from courses open from “%(before)s” to “%(after)s”.")
