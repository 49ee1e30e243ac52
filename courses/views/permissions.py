"""The Permissions page: what each role may do in an account, and the panel to change it.

Everything is a page of its own; htmx shows the same beside the grid.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.domain.accounts import sub_accounts_of
from accounts.domain.permission_grid import (
    BASE_TYPES,
    COURSE_ROLES,
    Cell,
    in_order,
    kind_of,
    permissions_for,
    roles_for_grid,
    rows,
)
from accounts.domain.roles import PERMISSION, SCOPE, Setting, Wish, choices_of, roles_of, set_permission, settings_of
from accounts.errors import Invalid, Refused
from accounts.models import Account, Role, User
from accounts.permissions.registry import PERMISSIONS, ROOT_ONLY, Permission
from accounts.permissions.resolver import permissions_on
from accounts.web.pages import ConfirmPage
from accounts.web.pagination import search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.views.accounts import AccountContext, AccountPage, get_account_or_403, show_page

CHOICES = {"on": True, "off": False, "inherit": None}
NAMES = {enabled: name for name, enabled in CHOICES.items()}
UNDO = "permission_undo"


class Saved(NamedTuple):
    """What was just changed, in a sentence, and the values to undo it."""

    message: str
    back: dict[str, Any]


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the grid of one kind of roles, with the deactivated ones below it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    asked = request.GET.get("roles", "")
    kind = asked if asked in BASE_TYPES else COURSE_ROLES
    words = search_words(request.GET.get("search"))
    roles = roles_for_grid(here.account, kind)
    found = rows(here.account, roles, permissions_for(here.account, BASE_TYPES[kind], words))
    inactive = here.account.roles.filter(workflow_state=Role.State.INACTIVE, base_type__in=BASE_TYPES[kind])
    context: dict[str, Any] = {
        "kind": kind,
        "words": words,
        "roles": choices_of(roles),
        "rows": found,
        "inactive": in_order(inactive),
        "sub_accounts": sub_accounts_of(here.account),
    }
    return show_page(request, here, "permissions", "permissions.html", **context)


@login_required
def permission(request: AuthenticatedHttpRequest, account_id: int, key: str) -> HttpResponse:
    """Show one permission: what it does, and how it is set for every role that can have it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    asked = _permission(key)
    (row,) = rows(here.account, roles_for_grid(here.account), [asked])
    cells = [cell for cell in row.cells if cell.setting]
    kind = kind_of(cells[0].role) if cells else COURSE_ROLES
    return show_panel(request, here, "permission", permission=asked, cells=cells, kind=kind)


class PermissionSetting(AccountPage, ConfirmPage):
    """One permission of one role, and the form that changes it."""

    permission = PERMISSION
    is_done_once = False

    def find(self, role_id: int, key: str) -> None:
        self.role = get_object_or_404(roles_of(self.here.account), pk=role_id)
        self.asked = _permission(key)

    def act(self) -> None:
        wish = _wish(self.request.POST)
        self.before = set_permission(self.role, self.here.account, self.asked, wish, by=self.by)

    def finish(self) -> HttpResponse:
        cell = _cell(self.role, self.asked, self.here.account)
        saved = Saved(_said(self.here.account, cell, "undo" in self.request.POST), _fields(self.before))
        if self.request.htmx:
            return self.show(saved=saved)
        messages.success(self.request, saved.message)
        self.request.session[UNDO] = [*self._ids()], saved.back
        return redirect("account_permission_setting", *self._ids())

    def _ids(self) -> tuple[int, int, str]:
        return self.here.account.pk, self.role.pk, self.asked

    def _saved_before(self) -> Saved | None:
        """Return what was changed by the form that led here, to be undone; asked for once."""
        cell, back = self.request.session.pop(UNDO, None) or (None, {})
        return Saved("", back) if cell == [*self._ids()] else None

    def show(self, *, refusal: Refused | None = None, saved: Saved | None = None) -> HttpResponse:
        if self.request.method != "POST":
            saved = self._saved_before()
        given = self.request.POST if refusal else None
        shown = _setting(self.by, self.here, self.role, self.asked, given)
        return show_panel(self.request, self.here, "setting", refusal=refusal, saved=saved, **shown)


def _permission(key: str) -> Permission:
    if key not in PERMISSIONS:
        raise Http404
    return PERMISSIONS[key]


def _wish(given: QueryDict) -> Wish:
    choice = given.get("enabled", "")
    if choice not in CHOICES:
        raise Invalid({"enabled": [("inclusion", _("Choose on, off or as inherited."))]})
    return {"enabled": CHOICES[choice], **{field: field in given for field in ("locked", *SCOPE)}}


def _fields(setting: Setting) -> dict[str, Any]:
    """Return the setting as the form's fields."""
    return {"enabled": NAMES[setting.explicit], **{field: getattr(setting, field) for field in ("locked", *SCOPE)}}


def _cell(role: Role, asked: Permission, account: Account) -> Cell:
    return Cell(role, asked, settings_of([role], account)[role.pk].get(asked), role.label)


def _said(account: Account, cell: Cell, undone: bool) -> str:
    names = {"role": cell.role.label, "account": account.name}
    if cell.state == "on":
        said = _("%(role)s can do this in %(account)s.") % names
    else:
        said = _("%(role)s cannot do this in %(account)s.") % names
    if cell.setting and cell.setting.explicit is not None and not cell.setting.applies_to_self:
        said += " " + (
            _("In the accounts below, they can.") if cell.setting.explicit else _("Nor in the accounts below.")
        )
    if cell.is_locked:
        said += " " + _("Accounts below cannot change it.")
    return (_("Undone: %s") if undone else _("Saved: %s")) % said


def _setting(by: User, here: AccountContext, role: Role, asked: Permission, given: QueryDict | None) -> dict[str, Any]:
    """Return what the panel of one permission of one role says; `given` is what was sent and refused."""
    cell = _cell(role, asked, here.account)
    up = {account.pk: account for account in (*here.above, here.account)}
    locked_by = up.get(cell.setting.locked_by or 0) if cell.setting else None
    return {
        "cell": cell,
        "kind": kind_of(role),
        "given": given or (_fields(cell.setting) if cell.setting else {}),
        "locked_by": locked_by,
        "locked_role": _locked_role(role, asked, locked_by) if locked_by else None,
        "may_open": locked_by and PERMISSION in permissions_on(by, [locked_by])[locked_by.pk],
        "inherited_from": up.get(cell.setting.inherited_from or 0) if cell.setting else None,
        "root_only": asked in ROOT_ONLY,
    }


def _locked_role(role: Role, asked: Permission, account: Account) -> Role:
    """Return the role for which `account` has locked it: this one, or the built-in one of its base type."""
    if role.overrides.filter(account=account, permission=asked, locked=True).exists():
        return role
    return Role.objects.built_in(role.base_type)


def show_panel(request: AuthenticatedHttpRequest, here: AccountContext, name: str, **context: Any) -> HttpResponse:
    """Show a part as the panel beside the grid if htmx asks for it, otherwise as a page."""
    panel = f"accounts/partials/{name}_panel.html"
    template = "partials/panel.html" if request.htmx else "permission_panel.html"
    return show_page(request, here, "permissions", template, panel=panel, in_panel=bool(request.htmx), **context)
