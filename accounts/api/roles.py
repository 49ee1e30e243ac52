"""Roles and their permissions, and what the caller may do on an account."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.http import Http404

from accounts.api.bodies import Body, account_body
from accounts.api.endpoints import ApiRequest, allow
from accounts.api.ids import condition
from accounts.api.lookups import account
from accounts.api.pagination import page_of
from accounts.api.parameters import Parameters
from accounts.domain.roles import (
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
from accounts.models import Account, BaseType, Role
from accounts.permissions.registry import PERMISSIONS, Permission
from accounts.permissions.resolver import account_permissions

BUILT_IN = "built_in"


def permissions(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/permissions: of those asked for (`permissions[]`, else all), which the caller has"""
    return permissions_body(request, account_permissions(request.user, account(request, account_id)))


def permissions_body(request: ApiRequest, mine: frozenset[Permission]) -> Body:
    """Which permissions the caller has; what does not exist here nobody has."""
    asked = request.params.texts("permissions") or list(PERMISSIONS)
    return {key: key in mine for key in asked}


def index(request: ApiRequest, account_id: str) -> list[Body]:
    """GET accounts/:id/roles: the built-in ones and the account's own; with `show_inherited` those above too"""
    home = _home(request, account_id)
    states = [state for state in request.params.texts("state") if state in Role.State.values]
    found = roles_of(home, states=states or [Role.State.ACTIVE])
    if not request.params.flag("show_inherited"):
        found = found.filter(Q(account=None) | Q(account=home))
    return _bodies(request, home, page_of(request, found.order_by("id")))


def show(request: ApiRequest, account_id: str, role_id: str) -> Body:
    """GET accounts/:id/roles/:id"""
    home = _home(request, account_id)
    return _bodies(request, home, [_role(home, role_id)])[0]


def create(request: ApiRequest, account_id: str) -> Body:
    """POST accounts/:id/roles"""
    home = _home(request, account_id)
    given = request.params
    base = given.text("base_role_type") or BaseType.ACCOUNT_MEMBERSHIP
    with transaction.atomic():
        made = create_role(home, given.text("label") or given.text("role"), base, by=request.user)
        _set_permissions(request, home, made)
    return _bodies(request, home, [made])[0]


def change(request: ApiRequest, account_id: str, role_id: str) -> Body:
    """PUT accounts/:id/roles/:id: its label, its permissions in this account, or both"""
    home = _home(request, account_id)
    role = _role(home, role_id)
    with transaction.atomic():
        if label := request.params.text("label"):
            rename_role(role, label, by=request.user)
        _set_permissions(request, home, role)
    return _bodies(request, home, [role])[0]


def deactivate(request: ApiRequest, account_id: str, role_id: str) -> Body:
    """DELETE accounts/:id/roles/:id"""
    return _set_state(request, account_id, role_id, Role.State.INACTIVE)


def activate(request: ApiRequest, account_id: str, role_id: str) -> Body:
    """POST accounts/:id/roles/:id/activate"""
    return _set_state(request, account_id, role_id, Role.State.ACTIVE)


def _set_state(request: ApiRequest, account_id: str, role_id: str, state: str) -> Body:
    home = _home(request, account_id)
    return _bodies(request, home, [set_role_state(_role(home, role_id), state, by=request.user)])[0]


def _home(request: ApiRequest, account_id: str) -> Account:
    home = account(request, account_id)
    allow(PERMISSION in account_permissions(request.user, home))
    return home


def _role(home: Account, role_id: str) -> Role:
    found = roles_of(home, states=Role.State.values).filter(**condition(role_id, {})).first()
    if found is None:
        raise Http404
    return found


def _set_permissions(request: ApiRequest, home: Account, role: Role) -> None:
    wanted = request.params.under("permissions")
    # Canvas knows permissions for what is not here; scripts that set them are not to stumble.
    wishes = {PERMISSIONS[key]: _wish(wanted.under(key)) for key in wanted if key in PERMISSIONS}
    if wishes:
        set_permissions(role, home, wishes, by=request.user)


def _wish(given: Parameters) -> Wish:
    """As Canvas reads it: `enabled` counts where `explicit` is true; `explicit=false` goes back to what is above."""
    wish: Wish = {
        field: given.flag(field)
        for field in ("locked", "applies_to_self", "applies_to_descendants")
        if given.text(field)
    }
    if given.text("explicit"):
        wish["enabled"] = given.flag("enabled") if given.flag("explicit") else None
    return wish


def _bodies(request: ApiRequest, home: Account, roles: list[Role]) -> list[Body]:
    settings = settings_of(roles, home)
    return [_body(request, role, settings[role.pk]) for role in roles]


def _body(request: ApiRequest, role: Role, settings: dict[Permission, Setting]) -> Body:
    return {
        "id": role.pk,
        "label": role.label,
        "role": role.name,
        "base_role_type": role.base_type,
        "is_account_role": role.base_type in (BaseType.ACCOUNT_ADMIN, BaseType.ACCOUNT_MEMBERSHIP),
        "workflow_state": BUILT_IN if role.account is None else role.workflow_state,
        "created_at": role.created_at,
        "account": None if role.account is None else account_body(role.account, request.root, ()),
        "permissions": {key: _setting_body(setting) for key, setting in settings.items()},
    }


def _setting_body(setting: Setting) -> Body:
    body: Body = {
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
