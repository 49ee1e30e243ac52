"""SIS imports: create, list, show, abort, take back, and what they had to say."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.http import FileResponse, Http404, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.response import Response

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.ids import condition
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Moment, Text, Whole, Words
from accounts.errors import Invalid
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.web.downloads import send_csv
from sis.access import IMPORT, MANAGE, READERS, check_may
from sis.api.bodies import MOST_MESSAGES, error_body, import_body, progress_body
from sis.api.body_types import AbortedBody, ErrorsBody, ImportBody, ImportsBody, ProgressBody, SourceBody, SourcesBody
from sis.api.uploads import PARAMETERS, Unreadable, options_of, received
from sis.imports.intake import create_import
from sis.imports.queue import abort, abort_waiting, ask_for_work
from sis.imports.restore import begin_restoring
from sis.imports.schedule import set_schedule, sources_of
from sis.models import SisImport, SisImportError
from sis.report.queries import Wanted, as_csv, messages_of
from sis.upload.storage import kept_copy

endpoint = in_group("SIS imports")

CREATED_SINCE = Moment("created_since", "List only imports created then or later.")
CREATED_BEFORE = Moment("created_before", "List only imports created earlier.")
STATES = Words("workflow_state[]", "List only imports in these states.", words=SisImport.State.values)
FAILURE = Flag("failure", "List only errors, and no warnings.")
SCOPE = (
    Flag("batch_mode", "Take back only what batch mode removed."),
    Flag("undelete_only", "Only bring back what was removed."),
    Flag("unconclude_only", "Only bring back what was concluded."),
)
KEY = Text("key", "The key of the source, as the list gives it.", required=gettext_lazy("The key is missing."))
HOURS = Whole(
    "expected_hours",
    "Within how many hours of the last upload the next is expected, at most 1000; 0 for never, empty for as learnt.",
)
CSV = "text/csv"


def _root(request: ApiRequest, account_id: str, keys: frozenset[Permission]) -> Account:
    """Return the root account, for callers with one of these permissions on it. Raises Invalid for any other
    account.
    """
    found = account(request, account_id)
    check_may(found, keys, by=request.user)
    return found


@endpoint(*PARAMETERS, takes_files=True)
def create(request: ApiRequest, account_id: str) -> ImportBody | Response:
    """Import a roster: the file `attachment` of a form of several parts, or the body itself.

    It is carried out beside the request; ask for the import to see how far it is.
    """
    root = _root(request, account_id, frozenset({IMPORT}))
    try:
        upload, name, given = received(request)
        options = options_of(given)
        made = create_import(root, upload, name, options, by=request.user)
    except Unreadable as refusal:
        return refusal.answer
    except Http404:
        return Response({"message": _("There is no term with this batch_mode_term_id.")}, 400)
    except Invalid as error:
        return Response({"message": error.message, "errors": [{"message": error.message}]}, 400)
    return import_body(made, request, [])


@endpoint(CREATED_SINCE, CREATED_BEFORE, STATES, *PAGING)
def index(request: ApiRequest, account_id: str) -> ImportsBody:
    """List the imports, the last first."""
    root = _root(request, account_id, READERS)
    found = SisImport.objects.filter(account=root).select_related("user").order_by("-id")
    if since := request.params[CREATED_SINCE]:
        found = found.filter(created_at__gte=since)
    if before := request.params[CREATED_BEFORE]:
        found = found.filter(created_at__lt=before)
    if states := request.params[STATES]:
        found = found.filter(workflow_state__in=states)
    return {"sis_imports": _bodies(request, page_of(request, found))}


@endpoint()
def importing(request: ApiRequest, account_id: str) -> ImportsBody:
    """List the imports that are running."""
    root = _root(request, account_id, READERS)
    found = SisImport.objects.filter(account=root, workflow_state__in=SisImport.RUNNING)
    return {"sis_imports": _bodies(request, list(found.select_related("user").order_by("id")))}


@endpoint()
def show(request: ApiRequest, account_id: str, import_id: str) -> ImportBody:
    """Show an import: how far it is, and what came of it."""
    return _body(request, _import(_root(request, account_id, READERS), import_id))


@endpoint()
def stop(request: ApiRequest, account_id: str, import_id: str) -> ImportBody:
    """Abort an import; what it has done stays."""
    found = _import(_root(request, account_id, READERS), import_id)
    if not abort(found, by=request.user):
        raise Http404
    return _body(request, found)


@endpoint()
def stop_all(request: ApiRequest, account_id: str) -> AbortedBody:
    """Abort all imports that wait."""
    abort_waiting(_root(request, account_id, READERS), by=request.user)
    return {"aborted": True}


@endpoint(*SCOPE)
def take_back(request: ApiRequest, account_id: str, import_id: str) -> ProgressBody:
    """Take an import back: what it removed, concluded or changed in state is as before."""
    found = _import(_root(request, account_id, frozenset({MANAGE})), import_id)
    wanted = request.params.values(*SCOPE)
    begin_restoring(found, by=request.user, **wanted)
    ask_for_work()
    found.refresh_from_db()
    return progress_body(found, request)


@endpoint()
def progress(request: ApiRequest, import_id: str) -> ProgressBody:
    """Show how far taking an import back has come."""
    root = request.root
    check_may(root, READERS, by=request.user)
    found = _import(root, import_id)
    if not found.restoring:
        raise Http404
    return progress_body(found, request)


@endpoint(FAILURE, *PAGING)
def errors(request: ApiRequest, account_id: str, import_id: str | None = None) -> ErrorsBody:
    """List what an import, or all imports, had to say."""
    root = _root(request, account_id, READERS)
    found = SisImportError.objects.filter(sis_import__account=root).order_by("-id")
    if import_id is not None:
        found = found.filter(sis_import=_import(root, import_id))
    if request.params[FAILURE]:
        found = found.filter(failure=True)
    return {"sis_import_errors": [error_body(error) for error in page_of(request, found)]}


@endpoint(produces=CSV)
def errors_attachment(request: ApiRequest, account_id: str, import_id: str) -> HttpResponseBase:
    """Download all that an import had to say, as CSV."""
    found = _import(_root(request, account_id, READERS), import_id)
    return send_csv(lambda: as_csv(messages_of(found, Wanted())), f"sis_errors_attachment_{found.pk}.csv")


@endpoint(produces="*/*")
def upload(request: ApiRequest, account_id: str, import_id: str) -> HttpResponseBase:
    """Download the file as it came, but for passwords."""
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


def _body(request: ApiRequest, sis_import: SisImport) -> ImportBody:
    return _bodies(request, [sis_import])[0]


def _bodies(request: ApiRequest, imports: list[SisImport]) -> list[ImportBody]:
    """Return the imports of one page, each with the first of its messages (one statement for all)."""
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


@endpoint()
def sources(request: ApiRequest, account_id: str) -> SourcesBody:
    """List who sends rosters: when each last came, when the next is expected, and whether it is late.

    A source is a folder of the inbox, a data set, the system that a OneRoster upload names, or a person.
    """
    return _source_bodies(_root(request, account_id, READERS))


@endpoint(KEY, HOURS)
def schedule(request: ApiRequest, account_id: str) -> SourcesBody:
    """Set when the next upload of a source is expected."""
    root = _root(request, account_id, frozenset({MANAGE}))
    set_schedule(root, request.params[KEY], request.params[HOURS], by=request.user)
    return _source_bodies(root)


def _source_bodies(root: Account) -> SourcesBody:
    bodies: list[SourceBody] = [
        {
            "key": source.key,
            "name": source.name,
            "last_import_id": source.last_import,
            "last_workflow_state": source.last_state,
            "last_arrived_at": source.last_came,
            "expected_hours": source.hours,
            "expected_at": source.expected_at,
            "late": source.is_late,
            "problem": source.problem or None,
        }
        for source in sources_of(root)
    ]
    return {"sis_sources": bodies}
