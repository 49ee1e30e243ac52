"""What all pages of rosters have in common: who may see them, and their frame."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.permissions.registry import Permission
from accounts.web.pages import ActionPage, Way, way
from accounts.web.requests import AuthenticatedHttpRequest
from courses.views.accounts import AccountContext, get_account_or_403
from sis.access import IMPORT, MANAGE, READERS
from sis.models import SisImport


def get_rosters_account(request: AuthenticatedHttpRequest, account_id: int, *needed: str) -> AccountContext:
    """Return the root account, for readers of rosters who have all that is `needed`. Raises Http404,
    PermissionDenied.
    """
    here = get_account_or_403(request, account_id)
    if here.account.parent_id is not None:
        raise Http404
    if not here.permissions & READERS:
        raise PermissionDenied(_("Only people who import rosters can open this page."))
    if not here.permissions.issuperset(needed):
        raise PermissionDenied(_("Your role does not allow this. Ask an administrator of the institution."))
    return here


class ImportPage(ActionPage):
    """The frame of rosters around a form or a question about one import, for those with `permission`."""

    permission: ClassVar[Permission]

    def enter(self, account_id: int, import_id: int) -> None:
        self.here = get_rosters_account(self.request, account_id, self.permission)
        self.found = import_of(self.here, import_id)

    def back(self) -> Way:
        return way(self.found.file_name, "sis_import", self.here.account.pk, self.found.pk)

    def show(self, **context: Any) -> HttpResponse:
        context = {"import": self.found, **self.facts(), **context}
        return show_page(self.request, self.here, self.template, **context)


def import_of(here: AccountContext, import_id: int) -> SisImport:
    """Return an import of this root account. Raises Http404."""
    found = SisImport.objects.filter(account=here.account).select_related("user")
    return get_object_or_404(found, pk=import_id)


def show_page(
    request: AuthenticatedHttpRequest, here: AccountContext, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of rosters within the frame of the account."""
    frame = {
        "account": here.account,
        "permissions": here.permissions,
        "tab": "rosters",
        "may_import": IMPORT in here.permissions,
        "may_manage": MANAGE in here.permissions,
        "may_export_links": may_export_links(here),
    }
    return render(request, f"sis/{template}", {**frame, **context}, status=status)


def may_export_links(here: AccountContext) -> bool:
    """Return whether the reader may have the file, which tells by their SIS ids who observes whom."""
    return here.permissions.issuperset({Permission.MANAGE_USER_OBSERVERS, Permission.READ_SIS})
