"""Admin roles on accounts."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account, person
from accounts.api.pagination import page_of
from accounts.domain.admins import PERMISSION, admin_roles_of, admins_of, make_admin, remove_admin
from accounts.errors import Invalid
from accounts.models import Account, AccountAdmin, BaseType, Role
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.ids import plain_ids
from courses.api import lookups
from courses.domain.rosters import findable


def index(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/admins, on request only of some people (`user_id[]`)"""
    home = _home(request, account_id)
    found = admins_of(home)
    if ids := request.params.texts("user_id"):
        found = found.filter(user__in=plain_ids(ids))
    keys = account_permissions(request.user, home)
    return [_body(admin, keys) for admin in page_of(request, found)]


def create(request: ApiRequest, account_id: str) -> Body:
    """POST accounts/:id/admins: gives a role, by default that of the account admin"""
    home = _home(request, account_id)
    role = _role(request, home)
    if "user_id" not in request.params:
        raise Invalid({"user_id": [("blank", _("Please say whom to make an admin."))]})
    user = person(request, request.params.text("user_id"))
    if not findable(home, by=request.user).filter(pk=user.pk).exists():
        raise Http404
    with lookups.hide_existence(request, user, request.params.text("user_id")):
        made = make_admin(user, role, home, by=request.user)
    return _body(made, account_permissions(request.user, home))


def remove(request: ApiRequest, account_id: str, user_id: str) -> Body:
    """DELETE accounts/:id/admins/:user_id"""
    home = _home(request, account_id)
    held = admins_of(home).filter(user=person(request, user_id), role=_role(request, home)).first()
    if held is None:
        raise Http404
    return _body(remove_admin(held, by=request.user), account_permissions(request.user, home))


def _home(request: ApiRequest, account_id: str) -> Account:
    home = account(request, account_id)
    allow(PERMISSION in account_permissions(request.user, home))
    return home


def _role(request: ApiRequest, home: Account) -> Role:
    """By `role_id`, or by `role`: a built-in role's type or a custom one's label."""
    wanted, name = request.params.whole("role_id"), request.params.text("role") or BaseType.ACCOUNT_ADMIN
    roles = list(admin_roles_of(home))
    found = [role for role in roles if (role.pk == wanted if wanted is not None else role.name == name)]
    if not found:
        raise Invalid({"role_id": [("inclusion", _("There is no such admin role in this account."))]})
    return found[0]


def _body(admin: AccountAdmin, keys: frozenset[Permission]) -> dict[str, object]:
    return {
        "id": admin.pk,
        "role": admin.role.name,
        "role_id": admin.role_id,
        "user": user_body(admin.user, keys),
        "workflow_state": admin.workflow_state,
    }
