"""The pages of an account's roles: viewing one, creating, renaming, deactivating and activating."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.domain.permission_grid import ACCOUNT_ROLES, kind_of, permissions_for, rows
from accounts.domain.roles import PERMISSION, create_role, rename_role, roles_of, set_role_state
from accounts.forms.users import RenameRoleForm, RoleForm
from accounts.models import Account, BaseType, Role
from accounts.web.pages import ConfirmPage, FormPage, Way, way
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.rosters import holders_of
from courses.views.accounts import AccountPage, get_account_or_403
from courses.views.permissions import show_panel


def grid(account: Account, role: Role) -> str:
    """Return the address of the grid, at the tab with this role."""
    return f"{reverse('account_permissions', args=[account.pk])}?roles={kind_of(role)}"


class RolePage(AccountPage):
    """What pages that make or change a role have in common: they lead to the grid."""

    permission, tab = PERMISSION, "permissions"
    role: Role

    def back(self) -> Way:
        return way(_("Permissions"), "account_permissions", self.here.account.pk)

    def then(self) -> str:
        return grid(self.here.account, self.role)


class NewRole(RolePage, FormPage):
    """A form for a new role."""

    template = "role_new.html"
    done = _("Role %(role)s created.")

    def form(self, data: QueryDict | None) -> RoleForm:
        is_account_role = self.request.GET.get("roles") == ACCOUNT_ROLES
        first = BaseType.ACCOUNT_MEMBERSHIP if is_account_role else BaseType.TEACHER
        return RoleForm(data, initial={"base_role_type": first})

    def act(self, form: RoleForm) -> None:
        given = form.cleaned_data
        self.role = create_role(self.here.account, given["label"], given["base_role_type"], by=self.by)
        self.names["role"] = self.role.label


class ShowRole(RolePage, FormPage):
    """One role with everything it may do, and where it is this account's own a form to rename it."""

    done = _("Role renamed to %(role)s.")
    is_done_once = False

    def find(self, role_id: int) -> None:
        self.role = get_object_or_404(roles_of(self.here.account), pk=role_id)
        self.is_own = self.role.account_id == self.here.account.pk
        if self.request.method == "POST" and not self.is_own:
            raise Http404

    def form(self, data: QueryDict | None) -> RenameRoleForm:
        return RenameRoleForm(data, initial={"label": self.role.label})

    def act(self, form: RenameRoleForm) -> None:
        # Another object: after a complaint, the page still shows the name it has.
        self.names["role"] = rename_role(copy(self.role), form.cleaned_data["label"], by=self.by).label

    def show(self, *, form: RenameRoleForm, **context: Any) -> HttpResponse:
        found = rows(self.here.account, [self.role], permissions_for(self.here.account, [self.role.base_type]))
        return show_panel(
            self.request,
            self.here,
            "role",
            role=self.role,
            kind=kind_of(self.role),
            cells=[row.cells[0] for row in found],
            form=form if self.is_own else None,
            **context,
        )


class DeactivateRole(RolePage, ConfirmPage):
    """Deactivate a role, after telling how many people it is about."""

    template = "role_deactivate.html"
    done = _("Role %(role)s deactivated. It no longer gives anyone permissions.")

    def find(self, role_id: int) -> None:
        self.role = get_object_or_404(self.here.account.roles, pk=role_id, workflow_state=Role.State.ACTIVE)
        self.names["role"] = self.role.label

    def act(self) -> Role:
        return set_role_state(self.role, Role.State.INACTIVE, by=self.by)

    def facts(self) -> dict[str, Any]:
        holders = holders_of(self.role)
        said = ngettext("%(count)s person has this role.", "%(count)s people have this role.", holders.counted)
        return {
            "role": self.role,
            "kind": kind_of(self.role),
            "holders": holders,
            "said": said % {"count": holders},
        }


@require_POST
@login_required
def activate(request: AuthenticatedHttpRequest, account_id: int, role_id: int) -> HttpResponse:
    """Activate a deactivated role again."""
    here = get_account_or_403(request, account_id, PERMISSION)
    role = set_role_state(get_object_or_404(here.account.roles, pk=role_id), Role.State.ACTIVE, by=request.user)
    messages.success(request, _("Role %(role)s activated for everyone who has it.") % {"role": role.label})
    return redirect(grid(here.account, role))
