"""Roles and their permissions, and what the caller may do in an account."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.api.bodies import account_body
from accounts.api.body_types import PermissionSetting, RoleBody
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.ids import condition
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, FlagsByKey, Text, Texts, Word, Words
from accounts.domain.roles import (
    CUSTOM_BASE_TYPES,
    PERMISSION,
    Setting,
    Wish,
    create_role,
    rename_role,
    roles_of,
    set_permissions,
    set_role_state,
    settings_of,
)
from accounts.errors import Invalid
from accounts.models import Account, BaseType, Role
from accounts.permissions.registry import PERMISSIONS, Permission
from accounts.permissions.resolver import account_permissions

BUILT_IN = "built_in"
# What Canvas calls the base types that it calls otherwise.
BASE_ROLE_TYPES: dict[str, str] = {BaseType.ACCOUNT_ADMIN: BaseType.ACCOUNT_MEMBERSHIP}

endpoint = in_group("Roles and permissions")

PERMISSIONS_ASKED = Texts("permissions[]", "Tell only of these permissions. What does not exist here nobody has.")
STATES = Words("state[]", "List roles in these states; by default active ones.", words=Role.State.values)
SHOW_INHERITED = Flag("show_inherited", "List the roles of the accounts above too.")
LABEL = Text("label", "The name of the role.")
ROLE = Text("role", "The name of the role, where there is no label: an older word for it.")
ROLE_ID = Text("role_id", "The role in the path again, as Canvas's documentation asks for it.")
ROLE_NAME = Text("role", "Its name; likewise.")
SAID_AGAIN = (ROLE_ID, ROLE_NAME)
OTHER_ROLE = gettext_lazy("This is not the role in the address.")
BASE_TYPE = Word(
    "base_role_type",
    "What kind of role it is, and so with which permissions it begins; by default a role on an account.",
    words=CUSTOM_BASE_TYPES,
)
EXPLICIT = FlagsByKey(
    "permissions[<permission>][explicit]",
    "Whether the permission is set in this account; false goes back to what holds above.",
    keys=PERMISSIONS,
)
ENABLED = FlagsByKey(
    "permissions[<permission>][enabled]", "Whether the role has it; counts where explicit is true.", keys=PERMISSIONS
)
SCOPES = (
    FlagsByKey("permissions[<permission>][locked]", "Whether accounts below may not change it.", keys=PERMISSIONS),
    FlagsByKey(
        "permissions[<permission>][applies_to_self]", "Whether it holds in this very account.", keys=PERMISSIONS
    ),
    FlagsByKey(
        "permissions[<permission>][applies_to_descendants]", "Whether it holds in the accounts below.", keys=PERMISSIONS
    ),
)
WISHES = (EXPLICIT, ENABLED, *SCOPES)


@endpoint(PERMISSIONS_ASKED)
def permissions(request: ApiRequest, account_id: str) -> dict[str, bool]:
    """Tell which permissions the caller has on an account."""
    return permissions_body(request, account_permissions(request.user, account(request, account_id)))


def permissions_body(request: ApiRequest, mine: frozenset[Permission]) -> dict[str, bool]:
    """Return which of these permissions the caller has; nobody has a permission that does not exist here."""
    asked = request.params[PERMISSIONS_ASKED] or list(PERMISSIONS)
    return {key: key in mine for key in asked}


@endpoint(STATES, SHOW_INHERITED, *PAGING)
def index(request: ApiRequest, account_id: str) -> list[RoleBody]:
    """List the built-in roles and the account's own."""
    home = _home(request, account_id)
    states = request.params[STATES]
    found = roles_of(home, states=states or [Role.State.ACTIVE])
    if not request.params[SHOW_INHERITED]:
        found = found.filter(Q(account=None) | Q(account=home))
    return _bodies(request, home, page_of(request, found.order_by("id"), is_small=True))


@endpoint(*SAID_AGAIN)
def show(request: ApiRequest, account_id: str, role_id: str) -> RoleBody:
    """Show a role and what it may do in the account."""
    home = _home(request, account_id)
    return _bodies(request, home, [_role_said_again(request, home, role_id)])[0]


@endpoint(LABEL, ROLE, BASE_TYPE, *WISHES)
def create(request: ApiRequest, account_id: str) -> RoleBody:
    """Create a role in an account, to be held there and below."""
    home, given = _home(request, account_id), request.params
    with transaction.atomic():
        base_type = given[BASE_TYPE] or BaseType.ACCOUNT_MEMBERSHIP
        made = create_role(home, given[LABEL] or given[ROLE], base_type, by=request.user)
        _set_permissions(request, home, made)
    return _bodies(request, home, [made])[0]


@endpoint(LABEL, *WISHES)
def change(request: ApiRequest, account_id: str, role_id: str) -> RoleBody:
    """Change the label of a role, its permissions in this account, or both."""
    home = _home(request, account_id)
    role = _role(home, role_id)
    with transaction.atomic():
        if LABEL in request.params:
            rename_role(role, request.params[LABEL], by=request.user)
        _set_permissions(request, home, role)
    return _bodies(request, home, [role])[0]


@endpoint(*SAID_AGAIN)
def deactivate(request: ApiRequest, account_id: str, role_id: str) -> RoleBody:
    """Deactivate a role: whoever holds it may do nothing by it."""
    return _set_state(request, account_id, role_id, Role.State.INACTIVE)


@endpoint(*SAID_AGAIN)
def activate(request: ApiRequest, account_id: str, role_id: str) -> RoleBody:
    """Activate a role again."""
    return _set_state(request, account_id, role_id, Role.State.ACTIVE)


def _set_state(request: ApiRequest, account_id: str, role_id: str, state: str) -> RoleBody:
    home = _home(request, account_id)
    role = _role_said_again(request, home, role_id)
    return _bodies(request, home, [set_role_state(role, state, by=request.user)])[0]


def _home(request: ApiRequest, account_id: str) -> Account:
    home = account(request, account_id)
    allow(PERMISSION in account_permissions(request.user, home))
    return home


def _role(home: Account, role_id: str) -> Role:
    found = roles_of(home, states=Role.State.values).filter(**condition(role_id, {})).first()
    if found is None:
        raise Http404
    return found


def _role_said_again(request: ApiRequest, home: Account, role_id: str) -> Role:
    """Return the role in the path. Raises Invalid if the parameters name another one."""
    role, given = _role(home, role_id), request.params
    said = {ROLE_ID: str(role.pk), ROLE_NAME: role.name}
    for parameter in SAID_AGAIN:
        if given[parameter] not in ("", said[parameter]):
            raise Invalid({parameter.name: [("invalid", OTHER_ROLE)]})
    return role


def _set_permissions(request: ApiRequest, home: Account, role: Role) -> None:
    if wishes := _wishes(request):
        set_permissions(role, home, wishes, by=request.user)


def _wishes(request: ApiRequest) -> dict[Permission, Wish]:
    """Return the settings as Canvas reads them: `enabled` counts if `explicit`; `explicit=false` inherits."""
    wishes: dict[str, Wish] = defaultdict(dict)
    for scope in SCOPES:
        for key, value in request.params[scope].items():
            wishes[key][scope.kept_as] = value
    enabled = request.params[ENABLED]
    for key, explicit in request.params[EXPLICIT].items():
        wishes[key]["enabled"] = enabled.get(key, False) if explicit else None
    return {PERMISSIONS[key]: wish for key, wish in wishes.items()}


def _bodies(request: ApiRequest, home: Account, roles: list[Role]) -> list[RoleBody]:
    settings = settings_of(roles, home)
    return [_body(request, role, settings[role.pk]) for role in roles]


def _body(request: ApiRequest, role: Role, settings: dict[Permission, Setting]) -> RoleBody:
    return {
        "id": role.pk,
        "label": role.label,
        "role": role.name,
        "base_role_type": BASE_ROLE_TYPES.get(role.base_type, role.base_type),
        "base_role_type_label": str(BaseType(role.base_type).label),
        "is_account_role": role.base_type in (BaseType.ACCOUNT_ADMIN, BaseType.ACCOUNT_MEMBERSHIP),
        "workflow_state": BUILT_IN if role.account is None else role.workflow_state,
        "created_at": role.created_at,
        "last_updated_at": role.updated_at,
        "account": None if role.account is None else account_body(role.account, request.root, ()),
        "permissions": {key: _setting_body(setting) for key, setting in settings.items()},
    }


def _setting_body(setting: Setting) -> PermissionSetting:
    body: PermissionSetting = {
        "enabled": setting.enabled,
        "locked": setting.locked or setting.locked_by is not None,
        "readonly": setting.fixed or setting.locked_by is not None,
        "explicit": setting.explicit is not None,
    }
    if setting.explicit is not None:
        body["prior_default"] = setting.inherited
    if setting.enabled:
        body["applies_to_self"] = setting.applies_to_self
        body["applies_to_descendants"] = setting.applies_to_descendants
    return body
