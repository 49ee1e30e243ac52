"""Roster imports: the upload, the history, the deletion brake."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.api.endpoints import takes_files
from accounts.errors import Refused
from accounts.web.pagination import page_of
from accounts.web.refusals import attempt
from accounts.web.requests import AuthenticatedHttpRequest, is_larger
from accounts.web.sent_forms import done_once
from courses.views.accounts import AccountContext
from sis.access import IMPORT, MANAGE
from sis.formats import oneroster, school_data_sync
from sis.forms import BrakeForm, ScheduleForm, UploadForm
from sis.imports.deletion_brake import set_deletion_brake
from sis.imports.intake import create_import
from sis.imports.schedule import Source, set_schedule, sources_of
from sis.kinds.registry import KINDS
from sis.models import SisImport
from sis.report.presenters import badge_of, label_of
from sis.views.frame import get_rosters_account, show_page

PER_PAGE = 25


# Checking the token reads the upload, all of it: not before we know that this person may send one.
@takes_files
@csrf_exempt
@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the upload form and the history; a POST takes an upload in."""
    here = get_rosters_account(request, account_id)
    if request.method != "POST":
        return _page(request, here, UploadForm())
    if IMPORT not in here.permissions:
        raise PermissionDenied(_("Your role does not allow you to import rosters."))
    if is_larger(request, settings.SIS_LARGEST_UPLOAD):
        largest = filesizeformat(settings.SIS_LARGEST_UPLOAD)
        refusal = _("This file is too large: at most {size} can be uploaded at once.").format(size=largest)
        return _page(request, here, UploadForm(), status=413, refusal=refusal)
    return _receive(request, here)


@csrf_protect
@done_once
def _receive(request: AuthenticatedHttpRequest, here: AccountContext) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        made = attempt(lambda: _import(request, here, form))
        if not isinstance(made, Refused):
            return redirect("sis_import", here.account.pk, made.pk)
        form.add_refusal(made)
    return form.tell(_page(request, here, form))


def _import(request: AuthenticatedHttpRequest, here: AccountContext, form: UploadForm) -> SisImport:
    attachment = form.cleaned_data["attachment"]
    options = form.options(dry_run="dry_run" in request.POST)
    return create_import(here.account, attachment.file, attachment.name, options, by=request.user)


@require_POST
@login_required
def brake(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Set which share of what is active one import may remove."""
    here = get_rosters_account(request, account_id, MANAGE)
    form = BrakeForm(request.POST)
    if not form.is_valid():
        return _page(request, here, UploadForm(), brake_form=form, status=422)
    set_deletion_brake(here.account, form.cleaned_data["share"], by=request.user)
    messages.success(request, _("Saved. This applies from the next import on."))
    return redirect("sis_imports", account_id)


@require_POST
@login_required
def schedule(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Set when the next upload of a source is expected."""
    here = get_rosters_account(request, account_id, MANAGE)
    form = ScheduleForm(request.POST)
    if form.is_valid():
        wanted = form.cleaned_data
        done = attempt(lambda: set_schedule(here.account, wanted["key"], wanted["expected_hours"], by=request.user))
        if not isinstance(done, Refused):
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('sis_imports', args=[account_id])}#sources-title")
        form.add_refusal(done)
    return form.tell(_page(request, here, UploadForm(), schedule_form=form))


def _page(
    request: AuthenticatedHttpRequest, here: AccountContext, form: UploadForm, status: int = 200, **context: Any
) -> HttpResponse:
    history = SisImport.objects.filter(account=here.account).select_related("user").order_by("-id")
    page = page_of(history, request.GET.get("page"), PER_PAGE)
    shown = {
        "form": form,
        "brake_form": BrakeForm(initial={"share": here.account.sis_deletion_brake}),
        "page": page,
        "lines": [(one, label_of(one), badge_of(one)) for one in page.items],
        "kinds": sorted(KINDS.values(), key=lambda kind: kind.example.position),
        "one_roster": oneroster.EXAMPLE,
        "school_data_sync": school_data_sync.EXAMPLE,
        "days": settings.SIS_KEEP_DAYS,
        "inbox": settings.SIS_INBOX,
        "sources": _sources(here, context.get("schedule_form")),
    }
    return show_page(request, here, "imports.html", status, **{**shown, **context})


def _sources(here: AccountContext, refused: ScheduleForm | None) -> list[tuple[Source, ScheduleForm]]:
    """Return the sources, each with a form of its own; the one that was refused says why."""
    found = []
    for number, source in enumerate(sources_of(here.account)):
        form = ScheduleForm(initial={"key": source.key, "expected_hours": source.hours}, auto_id=f"source-{number}-%s")
        if refused and refused.data.get("key") == source.key:
            refused.auto_id, form = form.auto_id, refused
        found.append((source, form))
    return found
