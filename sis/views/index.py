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
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.api.endpoints import takes_files
from accounts.errors import Invalid
from accounts.paging import page_of
from accounts.requests import SignedInRequest, is_larger
from accounts.sent_forms import done_once
from courses.views.accounts import Post
from sis.brake_setting import set_deletion_brake
from sis.creating import create_import
from sis.examples import EXAMPLES, ONE_ROSTER, SCHOOL_DATA_SYNC
from sis.forms import BrakeForm, UploadForm
from sis.models import SisImport
from sis.outcome import badge_of, label_of
from sis.views.frame import IMPORT, MANAGE, enter_rosters, show_page

PER_PAGE = 25


# Checking the token reads the upload, all of it: not before we know that this person may send one.
@takes_files
@csrf_exempt
@login_required
def index(request: SignedInRequest, account_id: int) -> HttpResponse:
    """The upload form and the history; a POST takes an upload in."""
    post = enter_rosters(request, account_id)
    if request.method != "POST":
        return _page(request, post, UploadForm())
    if IMPORT not in post.permissions:
        raise PermissionDenied(_("Your role does not allow to import rosters."))
    if is_larger(request, settings.SIS_LARGEST_UPLOAD):
        largest = filesizeformat(settings.SIS_LARGEST_UPLOAD)
        refusal = _("This file is too large: at most {size} can be uploaded at once.").format(size=largest)
        return _page(request, post, UploadForm(), status=413, refusal=refusal)
    return _receive(request, post)


@csrf_protect
@done_once
def _receive(request: SignedInRequest, post: Post) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        attachment = form.cleaned_data["attachment"]
        options = form.options(dry_run="dry_run" in request.POST)
        try:
            made = create_import(post.account, attachment.file, attachment.name, options, by=request.user)
            return redirect("sis_import", post.account.pk, made.pk)
        except Invalid as error:
            for field, complaints in error.errors.items():
                form.add_error(field if field in form.fields else None, str(complaints[0][1]))
    return _page(request, post, form, status=422)


@require_POST
@login_required
def brake(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Set which share of what is active one import may remove."""
    post = enter_rosters(request, account_id, MANAGE)
    form = BrakeForm(request.POST)
    if not form.is_valid():
        return _page(request, post, UploadForm(), brake_form=form, status=422)
    set_deletion_brake(post.account, form.cleaned_data["share"], by=request.user)
    messages.success(request, _("Saved. It holds from the next import on."))
    return redirect("sis_imports", account_id)


def _page(request: SignedInRequest, post: Post, form: UploadForm, status: int = 200, **context: Any) -> HttpResponse:
    history = SisImport.objects.filter(account=post.account).select_related("user").order_by("-id")
    page = page_of(history, request.GET.get("page"), PER_PAGE)
    shown = {
        "form": form,
        "brake_form": BrakeForm(initial={"share": post.account.sis_deletion_brake}),
        "page": page,
        "lines": [(one, label_of(one), badge_of(one)) for one in page.items],
        "examples": EXAMPLES,
        "one_roster": ONE_ROSTER,
        "school_data_sync": SCHOOL_DATA_SYNC,
        "days": settings.SIS_KEEP_DAYS,
    }
    return show_page(request, post, "imports.html", status, **{**shown, **context})
