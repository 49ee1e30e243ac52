"""SIS imports: create, list, show, abort, take back, and what they had to say."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.endpoints import ApiRequest, Body, allow, takes_files
from accounts.api.lookups import account, condition
from accounts.api.pagination import page_of
from accounts.errors import Invalid
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from sis.api.bodies import MOST_MESSAGES, error_body, import_body, progress_body
from sis.api.uploads import Unreadable, options_of, received
from sis.imports.abort import abort, abort_waiting
from sis.imports.intake import create_import
from sis.imports.queue import ask_for_work
from sis.imports.restore import begin_restoring
from sis.models import SisImport, SisImportError
from sis.report.queries import Wanted, as_csv, messages_of
from sis.upload.storage import kept_copy

READERS = frozenset({Permission.IMPORT_SIS, Permission.MANAGE_SIS})


def _root(request: ApiRequest, account_id: str, keys: frozenset[Permission]) -> Account:
    """The root account, for callers with one of these permissions on it. Raises Invalid for any other account."""
    found = account(request, account_id)
    if found.parent_id is not None:
        raise Invalid({"account": [("invalid", _("SIS imports can only be made in the root account."))]})
    allow(bool(account_permissions(request.user, found) & keys))
    return found


@takes_files
def create(request: ApiRequest, account_id: str) -> Body | Response:
    """POST accounts/:id/sis_imports"""
    root = _root(request, account_id, frozenset({Permission.IMPORT_SIS}))
    try:
        upload, name, given = received(request)
        options = options_of(given)
        made = create_import(root, upload, name, options, by=request.user)
    except Unreadable as refusal:
        return refusal.answer
    except Http404:
        return Response({"message": _("The batch_mode_term_id is no term that exists.")}, 400)
    except Invalid as error:
        return Response({"message": error.message, "errors": [{"message": error.message}]}, 400)
    return import_body(made, request, [])


def index(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/sis_imports"""
    root = _root(request, account_id, READERS)
    found = SisImport.objects.filter(account=root).select_related("user").order_by("-id")
    if since := request.params.moment("created_since"):
        found = found.filter(created_at__gte=since)
    if before := request.params.moment("created_before"):
        found = found.filter(created_at__lt=before)
    if states := request.params.texts("workflow_state"):
        found = found.filter(workflow_state__in=states)
    return {"sis_imports": _bodies(request, page_of(request, found))}


def importing(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/sis_imports/importing"""
    root = _root(request, account_id, READERS)
    found = SisImport.objects.filter(account=root, workflow_state__in=SisImport.RUNNING)
    return {"sis_imports": _bodies(request, list(found.select_related("user").order_by("id")))}


def show(request: ApiRequest, account_id: str, import_id: str) -> Body:
    """GET accounts/:id/sis_imports/:id"""
    return _body(request, _import(_root(request, account_id, READERS), import_id))


def stop(request: ApiRequest, account_id: str, import_id: str) -> Body:
    """PUT accounts/:id/sis_imports/:id/abort"""
    found = _import(_root(request, account_id, READERS), import_id)
    if not abort(found, by=request.user):
        raise Http404
    return _body(request, found)


def stop_all(request: ApiRequest, account_id: str) -> Body:
    """PUT accounts/:id/sis_imports/abort_all_pending"""
    abort_waiting(_root(request, account_id, READERS), by=request.user)
    return {"aborted": True}


def take_back(request: ApiRequest, account_id: str, import_id: str) -> Body:
    """PUT accounts/:id/sis_imports/:id/restore_states"""
    found = _import(_root(request, account_id, frozenset({Permission.MANAGE_SIS})), import_id)
    wanted = {key: request.params.flag(key) for key in ("batch_mode", "undelete_only", "unconclude_only")}
    begin_restoring(found, by=request.user, **wanted)
    ask_for_work()
    found.refresh_from_db()
    return progress_body(found, request)


def progress(request: ApiRequest, import_id: str) -> Body:
    """GET progress/:id, of an import being taken back"""
    root = request.root
    allow(bool(account_permissions(request.user, root) & READERS))
    found = _import(root, import_id)
    if not found.restoring:
        raise Http404
    return progress_body(found, request)


def errors(request: ApiRequest, account_id: str, import_id: str | None = None) -> Body:
    """GET accounts/:id/sis_imports/:id/errors and GET accounts/:id/sis_import_errors"""
    root = _root(request, account_id, READERS)
    found = SisImportError.objects.filter(sis_import__account=root).order_by("-id")
    if import_id is not None:
        found = found.filter(sis_import=_import(root, import_id))
    if request.params.flag("failure"):
        found = found.filter(failure=True)
    return {"sis_import_errors": [error_body(error) for error in page_of(request, found)]}


def errors_attachment(request: ApiRequest, account_id: str, import_id: str) -> HttpResponseBase:
    """GET accounts/:id/sis_imports/:id/errors_attachment: all there is to say, as CSV"""
    found = _import(_root(request, account_id, READERS), import_id)
    answer = StreamingHttpResponse(as_csv(messages_of(found, Wanted())), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sis_errors_attachment_{found.pk}.csv"'
    return answer


def upload(request: ApiRequest, account_id: str, import_id: str) -> HttpResponseBase:
    """GET accounts/:id/sis_imports/:id/upload: the file as it came, but for passwords"""
    found = _import(_root(request, account_id, READERS), import_id)
    try:
        return FileResponse(kept_copy(found), as_attachment=True, filename=found.file_name)
    except FileNotFoundError:
        raise Http404 from None


def _import(root: Account, text: str) -> SisImport:
    found = SisImport.objects.filter(account=root, **condition(text, {})).select_related("user").first()
    if found is None:
        raise Http404
    return found


def _body(request: ApiRequest, sis_import: SisImport) -> Body:
    return _bodies(request, [sis_import])[0]


def _bodies(request: ApiRequest, imports: list[SisImport]) -> list[dict[str, Any]]:
    """The imports of one page, each with the first of its messages (one statement for all)."""
    said: dict[int, list[SisImportError]] = defaultdict(list)
    place = Window(RowNumber(), partition_by=[F("sis_import"), F("failure")], order_by=F("id").asc())
    first = (
        SisImportError.objects.filter(sis_import__in=[one.pk for one in imports if one.has_ended])
        .annotate(place=place)
        .filter(Q(place__lte=MOST_MESSAGES))
    )
    for error in first.order_by("id"):
        said[error.sis_import_id].append(error)
    return [import_body(one, request, said[one.pk]) for one in imports]
