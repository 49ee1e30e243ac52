"""What all pages of rosters have in common: who may see them, and their frame."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from courses.views.accounts import Post, enter
from sis.models import SisImport

IMPORT, MANAGE = "import_sis", "manage_sis"
READERS = frozenset({IMPORT, MANAGE})


def enter_rosters(request: SignedInRequest, account_id: int, *needed: str) -> Post:
    """The root account, for readers of rosters who have all that is `needed`. Raises Http404, PermissionDenied."""
    post = enter(request, account_id)
    if post.account.parent_id is not None:
        raise Http404
    if not post.permissions & READERS:
        raise PermissionDenied(_("This page is for those who import rosters."))
    if not post.permissions.issuperset(needed):
        raise PermissionDenied(_("Your role does not allow this. Ask an administrator of the institution."))
    return post


def import_of(post: Post, import_id: int) -> SisImport:
    """An import of this root account. Raises Http404."""
    found = SisImport.objects.filter(account=post.account).select_related("user")
    return get_object_or_404(found, pk=import_id)


def show_page(request: SignedInRequest, post: Post, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """Render a page of rosters within the frame of the account."""
    frame = {
        "account": post.account,
        "permissions": post.permissions,
        "tab": "rosters",
        "may_import": IMPORT in post.permissions,
        "may_manage": MANAGE in post.permissions,
        "may_export_links": may_export_links(post),
    }
    return render(request, f"sis/{template}", {**frame, **context}, status=status)


def may_export_links(post: Post) -> bool:
    """The file tells by their SIS ids who observes whom."""
    return post.permissions.issuperset({"manage_user_observers", "read_sis"})
