"""Admin roles on accounts."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.admins import PERMISSION, admin_roles_of, admins_of, make_admin, remove_admin
from accounts.api.bodies import user_body
from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account, person
from accounts.api.paging import page_of
from accounts.errors import Invalid
from accounts.ids import plain_ids
from accounts.models import Account, AccountAdmin, BaseType, Role
from accounts.permissions import account_permissions
from courses.api import finding
from courses.people import findable


def index(call: Call, account_id: str) -> Body:
    """GET accounts/:id/admins, on request only of some people (`user_id[]`)"""
    home = _home(call, account_id)
    found = admins_of(home)
    if ids := call.given.texts("user_id"):
        found = found.filter(user__in=plain_ids(ids))
    keys = account_permissions(call.user, home)
    return [_body(admin, keys) for admin in page_of(call, found)]


def create(call: Call, account_id: str) -> Body:
    """POST accounts/:id/admins: gives a role, by default that of the account admin"""
    home = _home(call, account_id)
    role = _role(call, home)
    if "user_id" not in call.given:
        raise Invalid({"user_id": [("blank", _("Please say whom to make an admin."))]})
    user = person(call, call.given.text("user_id"))
    if not findable(home, by=call.user).filter(pk=user.pk).exists():
        raise Http404
    with finding.secretly(call, user, call.given.text("user_id")):
        made = make_admin(user, role, home, by=call.user)
    return _body(made, account_permissions(call.user, home))


def remove(call: Call, account_id: str, user_id: str) -> Body:
    """DELETE accounts/:id/admins/:user_id"""
    home = _home(call, account_id)
    held = admins_of(home).filter(user=person(call, user_id), role=_role(call, home)).first()
    if held is None:
        raise Http404
    return _body(remove_admin(held, by=call.user), account_permissions(call.user, home))


def _home(call: Call, account_id: str) -> Account:
    home = account(call, account_id)
    allow(PERMISSION in account_permissions(call.user, home))
    return home


def _role(call: Call, home: Account) -> Role:
    """By `role_id`, or by `role`: a built-in role's type or a custom one's label."""
    wanted, name = call.given.whole("role_id"), call.given.text("role") or BaseType.ACCOUNT_ADMIN
    roles = list(admin_roles_of(home))
    found = [role for role in roles if (role.pk == wanted if wanted is not None else role.name == name)]
    if not found:
        raise Invalid({"role_id": [("inclusion", _("There is no such admin role in this account."))]})
    return found[0]


def _body(admin: AccountAdmin, keys: frozenset[str]) -> dict[str, object]:
    return {
        "id": admin.pk,
        "role": admin.role.name,
        "role_id": admin.role_id,
        "user": user_body(admin.user, keys),
        "workflow_state": admin.workflow_state,
    }
