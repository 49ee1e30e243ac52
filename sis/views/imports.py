"""One roster import: watching it, what came of it, stopping it, importing it after all, taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.web.pages import ConfirmPage, FormPage
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from sis.access import IMPORT, MANAGE
from sis.forms import TakeBackForm
from sis.imports.intake import may_be_repeated, repeat
from sis.imports.queue import abort, ask_for_work
from sis.imports.restore import begin_restoring, why_not_restored
from sis.models import SisImport, StateChange
from sis.report.log import MOST_KEPT
from sis.report.presenters import (
    badge_of,
    kinds_supplied,
    label_of,
    lines_of,
    options_of,
    sentence_of,
    silence_of,
    summary_of,
    told_of,
)
from sis.report.queries import Wanted, causes_of, files_of, kinds_of, messages_of
from sis.upload.storage import may_be_had
from sis.views.frame import ImportPage, get_rosters_account, import_of, show_page

# Screen readers are told of every quarter, not of every per cent.
QUARTER = 25
MESSAGES_PER_PAGE = 25


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, import_id: int) -> HttpResponse:
    """Show where the import stands; once it has ended, what came of it and what it has to say."""
    post = get_rosters_account(request, account_id)
    found = import_of(post, import_id)
    context: dict[str, Any] = {**_where(found), "options": options_of(found), "supplied": kinds_supplied(found)}
    if found.has_ended:
        context |= {
            "lines": lines_of(found),
            "summary": summary_of(found),
            "told": told_of(found),
            "may_be_had": may_be_had(found),
            "may_be_repeated": IMPORT in post.permissions and may_be_repeated(found),
            "may_be_taken_back": MANAGE in post.permissions and _may_be_taken_back(found),
            **_said(request, found),
        }
    return show_page(request, post, "import.html", **context)


def _where(found: SisImport) -> dict[str, Any]:
    restoring = found.workflow_state == SisImport.State.RESTORING
    percent = found.restoring.get("progress", 0) if restoring else found.progress
    quarter = percent // QUARTER * QUARTER
    return {
        "import": found,
        "dry_run": found.options.get("dry_run", False),
        "label": label_of(found),
        "badge": badge_of(found),
        "sentence": sentence_of(found),
        "percent": percent,
        "quarter": quarter,
        "told_so_far": f"{found.workflow_state}-{quarter}",
    }


def _said(request: AuthenticatedHttpRequest, found: SisImport) -> dict[str, Any]:
    wanted = wanted_by(request)
    by_cause = not wanted and "page" not in request.GET
    return {
        "wanted": wanted,
        "silence": silence_of(found),
        "causes": causes_of(found) if by_cause else [],
        "files": files_of(found),
        "kinds": kinds_of(found),
        "page": None if by_cause else page_of(messages_of(found, wanted), request.GET.get("page"), MESSAGES_PER_PAGE),
        "most_kept": MOST_KEPT,
        "too_many": found.error_count + found.warning_count > MOST_KEPT,
    }


def wanted_by(request: HttpRequest) -> Wanted:
    """Return the messages that the reader's search and filters ask for."""
    given = request.GET
    return Wanted(
        words=search_words(given.get("search")),
        file=given.get("file", "").replace("\0", "")[:255],
        kind=given.get("kind", "").replace("\0", "")[:48],
        only_errors=given.get("only_errors") == "1",
    )


def progress(request: AuthenticatedHttpRequest, account_id: int, import_id: int) -> HttpResponse:
    """Show the part of the page that changes while the import runs; once it has ended, the page is loaded again."""
    # The sign-in page has no place in the middle of another: it comes when that is loaded anew.
    if not request.user.is_authenticated:
        return HttpResponseClientRefresh()
    found = import_of(get_rosters_account(request, account_id), import_id)
    if not request.htmx:
        return redirect("sis_import", account_id, import_id)
    if found.has_ended:
        return HttpResponseClientRefresh()
    where = _where(found)
    tells = request.GET.get("told") != where["told_so_far"]
    return render(request, "sis/partials/progress.html", {**where, "account": found.account, "tells": tells})


@require_POST
@login_required
def stop(request: AuthenticatedHttpRequest, account_id: int, import_id: int) -> HttpResponse:
    """Stop an import that waits or runs."""
    found = import_of(get_rosters_account(request, account_id), import_id)
    if abort(found, by=request.user):
        messages.success(request, _("Stopped."))
    else:
        messages.warning(request, _("This import had already ended."))
    return redirect("sis_import", account_id, import_id)


class ImportAgain(ImportPage, ConfirmPage):
    """Import the stored file of a dry run, or of what the brake stopped, after asking."""

    permission, template = IMPORT, "again.html"

    def enter(self, account_id: int, import_id: int) -> None:
        super().enter(account_id, import_id)
        if self.request.method != "POST" and not may_be_repeated(self.found):
            raise Http404

    def act(self) -> None:
        self.made = repeat(self.found, dry_run="dry_run" in self.request.POST, by=self.by)

    def then(self) -> str:
        return reverse("sis_import", args=[self.here.account.pk, self.made.pk])


class TakeBack(ImportPage, FormPage):
    """Return what the import changed the state of to the state before, after asking."""

    permission, template = MANAGE, "take_back.html"
    is_done_once = False

    def enter(self, account_id: int, import_id: int) -> None:
        super().enter(account_id, import_id)
        if not _may_be_taken_back(self.found):
            raise Http404

    def form(self, data: QueryDict | None) -> TakeBackForm:
        return TakeBackForm(data)

    def act(self, form: TakeBackForm) -> None:
        what = form.cleaned_data["what"]
        undelete, unconclude = what == form.UNDELETE, what == form.UNCONCLUDE
        begin_restoring(self.found, by=self.by, undelete_only=undelete, unconclude_only=unconclude)
        ask_for_work()

    def facts(self) -> dict[str, Any]:
        return {"lines": [line for line in lines_of(self.found) if line.changes_states]}


def _may_be_taken_back(found: SisImport) -> bool:
    """Return whether there is something to take back, and it is still known what."""
    return why_not_restored(found) is None and StateChange.objects.filter(sis_import=found).exists()
