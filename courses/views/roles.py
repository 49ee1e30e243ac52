"""The pages of an account's roles: looking at one, making, renaming, deactivating and activating."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.domain.permission_grid import ACCOUNT_ROLES, kind_of, permissions_for, rows
from accounts.domain.roles import PERMISSION, create_role, rename_role, roles_of, set_role_state
from accounts.errors import Invalid, NotAllowed
from accounts.forms.users import RenameRoleForm, RoleForm
from accounts.models import Account, BaseType, Role
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.rosters import holders_of
from courses.views.accounts import get_account_or_403, show_page
from courses.views.permissions import show_panel


@login_required
@done_once
def new(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """A form for a new role; a POST makes it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    kind = request.GET.get("roles")
    first = BaseType.ACCOUNT_MEMBERSHIP if kind == ACCOUNT_ROLES else BaseType.TEACHER
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"base_role_type": first})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            role = create_role(here.account, given["label"], given["base_role_type"], by=request.user)
        except Invalid as refusal:
            form.add_refusal(refusal)
        except NotAllowed as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The role %(role)s is there.") % {"role": role.label})
            return to_grid(here.account, role)
    response = show_page(request, here, "permissions", "role_new.html", form=form)
    response.status_code = 422 if request.method == "POST" else 200
    return response


def to_grid(account: Account, role: Role) -> HttpResponse:
    """Back to the grid, at the tab with this role."""
    return redirect(f"{reverse('account_permissions', args=[account.pk])}?roles={kind_of(role)}")


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, role_id: int) -> HttpResponse:
    """One role with everything it may do; a POST renames it, where it is this account's own."""
    here = get_account_or_403(request, account_id, PERMISSION)
    role = get_object_or_404(roles_of(here.account), pk=role_id)
    is_own = role.account_id == here.account.pk
    form = RenameRoleForm(request.POST if request.method == "POST" else None, initial={"label": role.label})
    label = role.label
    if request.method == "POST" and form.is_valid():
        get_object_or_404(here.account.roles, pk=role_id)
        try:
            rename_role(role, form.cleaned_data["label"], by=request.user)
        except Invalid as refusal:
            form.add_refusal(refusal)
            role.label = label
        else:
            messages.success(request, _("The role is called %(role)s now.") % {"role": role.label})
            return to_grid(here.account, role)
    found = rows(here.account, [role], permissions_for(here.account, [role.base_type]))
    return show_panel(
        request,
        here,
        "role",
        role=role,
        kind=kind_of(role),
        cells=[row.cells[0] for row in found],
        form=form if is_own else None,
        status=422 if request.method == "POST" else 200,
    )


@login_required
@done_once
def deactivate(request: AuthenticatedHttpRequest, account_id: int, role_id: int) -> HttpResponse:
    """Ask, telling how many people it is about; a POST deactivates the role."""
    here = get_account_or_403(request, account_id, PERMISSION)
    role = get_object_or_404(here.account.roles, pk=role_id, workflow_state=Role.State.ACTIVE)
    if request.method == "POST":
        _set_state(request, role, Role.State.INACTIVE, _("%(role)s is deactivated: it gives nobody anything now."))
        return to_grid(here.account, role)
    holders = holders_of(role)
    said = ngettext("%(count)s person holds this role.", "%(count)s people hold this role.", holders)
    context: dict[str, Any] = {
        "role": role,
        "kind": kind_of(role),
        "holders": holders,
        "said": said % {"count": holders},
    }
    return show_page(request, here, "permissions", "role_deactivate.html", **context)


@require_POST
@login_required
def activate(request: AuthenticatedHttpRequest, account_id: int, role_id: int) -> HttpResponse:
    """Switch a deactivated role on again."""
    here = get_account_or_403(request, account_id, PERMISSION)
    role = get_object_or_404(here.account.roles, pk=role_id)
    _set_state(request, role, Role.State.ACTIVE, _("%(role)s is active again, for everybody who holds it."))
    return to_grid(here.account, role)


def _set_state(request: AuthenticatedHttpRequest, role: Role, state: str, done: str) -> None:
    try:
        set_role_state(role, state, by=request.user)
    except NotAllowed as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done % {"role": role.label})
