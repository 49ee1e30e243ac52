"""The files of roster imports: what they had to say, what was uploaded, and the links on their way out."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.models.replica import lagging
from accounts.web.downloads import send_csv
from accounts.web.requests import AuthenticatedHttpRequest
from sis import export
from sis.report.queries import as_csv, messages_of
from sis.upload.storage import kept_copy
from sis.views.frame import get_rosters_account, import_of, may_export_links, show_page
from sis.views.imports import wanted_by


@require_GET
@login_required
def messages(request: AuthenticatedHttpRequest, account_id: int, import_id: int) -> HttpResponseBase:
    """Show what an import has to say, as searched and filtered on its page."""
    found = import_of(get_rosters_account(request, account_id), import_id)
    wanted = wanted_by(request)
    return send_csv(lambda: as_csv(messages_of(found, wanted)), f"roster_import_{found.pk}_messages.csv")


@require_GET
@login_required
def upload(request: AuthenticatedHttpRequest, account_id: int, import_id: int) -> HttpResponseBase:
    """Send the file as it came, but for passwords."""
    found = import_of(get_rosters_account(request, account_id), import_id)
    try:
        return FileResponse(kept_copy(found), as_attachment=True, filename=found.file_name)
    except FileNotFoundError:
        raise Http404 from None


@login_required
def links(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponseBase:
    """user_observers.csv of all links: says what will be in it, and a POST sends it."""
    post = get_rosters_account(request, account_id)
    if not may_export_links(post):
        raise PermissionDenied(
            _("To export links, you need the permissions “Users - manage observers” and “SIS Data - read”.")
        )
    if request.method == "POST":
        return lagging(lambda database: _send_links(request.user, database))
    return show_page(request, post, "links.html", written=lagging(export.forecast))


def _send_links(by: User, database: str) -> FileResponse:
    links = partial(export.export, export.Written(), by=by, database=database)
    return send_csv(links, export.FILE_NAME, database=database)
