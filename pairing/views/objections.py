"""Students' reports about observers: created on their settings, listed on the account's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.observers import who_observes
from courses.views.accounts import get_account_or_403, show_page
from pairing.domain.objections import PERMISSION, object_to, open_objections, settle


@login_required
@done_once
def make(request: AuthenticatedHttpRequest, observer_id: int) -> HttpResponse:
    """Report one of one's observers; opening the address leads back to the settings."""
    if request.method == "POST":
        object_to(observer_id, by=request.user)
        messages.success(request, _("Report sent. The people who can remove the link will see it."))
    return redirect("settings")


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the open reports, each with whether the person still observes the student."""
    here = get_account_or_403(request, account_id, PERMISSION)
    page = page_of(open_objections(here.account), request.GET.get("page"))
    return show_page(request, here, "reports", "reports.html", page=page)


@require_POST
@login_required
@done_once
def close(request: AuthenticatedHttpRequest, account_id: int, report_id: int) -> HttpResponse:
    """Close a report."""
    here = get_account_or_403(request, account_id, PERMISSION)
    found = get_object_or_404(open_objections(here.account), pk=report_id)
    settle(found, by=request.user)
    still = any(observer.person == found.observer for observer in who_observes(found.student))
    names = {"observer": found.observer.short_name, "student": found.student.short_name}
    text = _("Report resolved. %(observer)s still observes %(student)s.") if still else _("Report resolved.")
    messages.success(request, text % names)
    return redirect("observer_reports", account_id)
