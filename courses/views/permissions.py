"""The Permissions page: what each role may do in an account, and the panel in which that is changed.

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
from accounts.domain.roles import PERMISSION, SCOPE, Setting, Wish, roles_of, set_permission, settings_of
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, Role
from accounts.models.account_tree import above
from accounts.permissions.registry import PERMISSIONS, ROOT_ONLY, Permission
from accounts.permissions.resolver import permissions_on
from accounts.web.pagination import search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.views.accounts import AccountContext, get_account_or_403, show_page

CHOICES = {"on": True, "off": False, "inherit": None}
NAMES = {enabled: name for name, enabled in CHOICES.items()}
UNDO = "permission_undo"


class Saved(NamedTuple):
    """What was just changed, in a sentence, and the values to undo it by."""

    message: str
    back: dict[str, Any]


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """The grid of one kind of roles, with those that are switched off below it."""
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
        "roles": roles,
        "rows": found,
        "inactive": in_order(inactive),
        "sub_accounts": sub_accounts_of(here.account),
    }
    return show_page(request, here, "permissions", "permissions.html", **context)


@login_required
def permission(request: AuthenticatedHttpRequest, account_id: int, key: str) -> HttpResponse:
    """One permission: what it does, and how it stands for every role that can have it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    asked = _permission(key)
    (row,) = rows(here.account, roles_for_grid(here.account), [asked])
    cells = [cell for cell in row.cells if cell.setting]
    kind = kind_of(cells[0].role) if cells else COURSE_ROLES
    return show_panel(request, here, "permission", permission=asked, cells=cells, kind=kind)


@login_required
def setting(request: AuthenticatedHttpRequest, account_id: int, role_id: int, key: str) -> HttpResponse:
    """One permission of one role; a POST changes it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    role = get_object_or_404(roles_of(here.account), pk=role_id)
    asked = _permission(key)
    if request.method == "POST":
        return _save(request, here, role, asked)
    place, back = request.session.pop(UNDO, None) or (None, {})
    is_here = place == [here.account.pk, role.pk, key]
    return _show(request, here, role, asked, saved=Saved("", back) if is_here else None)


def _permission(key: str) -> Permission:
    if key not in PERMISSIONS:
        raise Http404
    return PERMISSIONS[key]


def _save(request: AuthenticatedHttpRequest, here: AccountContext, role: Role, asked: Permission) -> HttpResponse:
    try:
        before = set_permission(role, here.account, asked, _wish(request.POST), by=request.user)
    except (Invalid, NotAllowed) as refusal:
        status = 422 if isinstance(refusal, Invalid) else refusal.status
        return _show(request, here, role, asked, given=request.POST, refusal=refusal, status=status)
    saved = Saved(_said(here.account, _cell(role, asked, here.account), "undo" in request.POST), _fields(before))
    if request.htmx:
        return _show(request, here, role, asked, saved=saved)
    messages.success(request, saved.message)
    request.session[UNDO] = [here.account.pk, role.pk, asked], saved.back
    return redirect("account_permission_setting", here.account.pk, role.pk, asked)


def _wish(given: QueryDict) -> Wish:
    choice = given.get("enabled", "")
    if choice not in CHOICES:
        raise Invalid({"enabled": [("inclusion", _("Please choose on, off or as inherited."))]})
    return {"enabled": CHOICES[choice], **{field: field in given for field in ("locked", *SCOPE)}}


def _fields(setting: Setting) -> dict[str, Any]:
    """The setting as the form's fields."""
    return {"enabled": NAMES[setting.explicit], **{field: getattr(setting, field) for field in ("locked", *SCOPE)}}


def _cell(role: Role, asked: Permission, account: Account) -> Cell:
    return Cell(role, asked, settings_of([role], account)[role.pk].get(asked))


def _said(account: Account, cell: Cell, undone: bool) -> str:
    names = {"role": cell.role.label, "account": account.name}
    if cell.state == "on":
        said = _("%(role)s may do this in %(account)s.") % names
    else:
        said = _("%(role)s may not do this in %(account)s.") % names
    if cell.setting and cell.setting.explicit is not None and not cell.setting.applies_to_self:
        said += " " + (_("In accounts below they may.") if cell.setting.explicit else _("Nor in accounts below."))
    if cell.is_locked:
        said += " " + _("Accounts below cannot change it.")
    return (_("Undone: %s") if undone else _("Saved: %s")) % said


def _show(
    request: AuthenticatedHttpRequest,
    here: AccountContext,
    role: Role,
    asked: Permission,
    *,
    given: QueryDict | None = None,
    refusal: Invalid | NotAllowed | None = None,
    saved: Saved | None = None,
    status: int = 200,
) -> HttpResponse:
    cell = _cell(role, asked, here.account)
    up = {account.pk: account for account in (*above(here.account), here.account)}
    locked_by = up.get(cell.setting.locked_by or 0) if cell.setting else None
    context: dict[str, Any] = {
        "cell": cell,
        "kind": kind_of(role),
        "given": given or (_fields(cell.setting) if cell.setting else {}),
        "locked_by": locked_by,
        "locked_role": _locked_role(role, asked, locked_by) if locked_by else None,
        "may_open": locked_by and PERMISSION in permissions_on(request.user, [locked_by])[locked_by.pk],
        "inherited_from": up.get(cell.setting.inherited_from or 0) if cell.setting else None,
        "root_only": asked in ROOT_ONLY,
        "refusal": refusal,
        "saved": saved,
    }
    return show_panel(request, here, "setting", status=status, **context)


def _locked_role(role: Role, asked: Permission, account: Account) -> Role:
    """The role for which `account` has locked it: this one, or the built-in one of its base type."""
    if role.overrides.filter(account=account, permission=asked, locked=True).exists():
        return role
    return Role.objects.built_in(role.base_type)


def show_panel(
    request: AuthenticatedHttpRequest, here: AccountContext, name: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Show a part as the panel beside the grid where htmx asks for it, else as a page."""
    panel = f"accounts/partials/{name}_panel.html"
    template = "partials/panel.html" if request.htmx else "permission_panel.html"
    response = show_page(request, here, "permissions", template, panel=panel, in_panel=bool(request.htmx), **context)
    response.status_code = status
    return response
