"""User Settings: one's time zone, one's codes and one's observers, and reports about observers, listed for staff."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.domain.users import edit_user
from accounts.models import User
from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from accounts.web.site import Site, site_of
from courses.domain.observers import who_observes
from courses.views.accounts import get_account_or_403, show_page
from pairing.domain import eligibility
from pairing.domain.objections import PERMISSION, object_to, office_for, open_objections, reported_by, settle
from pairing.forms import TimeZoneForm
from pairing.models import LIVE_CODES_PER_STUDENT, PairingCode


@login_required
def show(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the settings page; a POST saves the time zone."""
    form = TimeZoneForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        edit_user(request.user, by=request.user, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Time zone saved."))
        return redirect("settings")
    status = 200 if form.is_valid() or not form.is_bound else 422
    # Every page says what it says of the site; asked first, it brings the root account.
    here = site_of(request)
    context = {"form": form, **_pairing(request.user, here), **_observers(request.user)}
    return render(request, "pairing/settings.html", context, status=status)


def _pairing(reader: User, here: Site) -> dict[str, Any]:
    """Return whether somebody can make codes for themselves, and those they have."""
    why_not = eligibility.refusal_for(reader, by=reader)
    codes = PairingCode.objects.live().filter(student=reader).select_related("issued_by", "course", "account")
    return {
        "may_pair": why_not is None,
        "only_observes": why_not and why_not.why is eligibility.Why.NOT_A_STUDENT and here.observes,
        "codes": list(codes) if why_not is None else [],
        "most": LIVE_CODES_PER_STUDENT,
    }


def _observers(reader: User) -> dict[str, Any]:
    """Return who observes somebody, and what they can do about it."""
    observers = who_observes(reader)
    return {
        "observers": observers,
        "reported": reported_by(reader) if observers else set(),
        "office": office_for(reader) if observers else "",
    }


@login_required
@done_once
def report_observer(request: AuthenticatedHttpRequest, observer_id: int) -> HttpResponse:
    """Report one of one's observers; opening the address leads back to the settings."""
    if request.method == "POST":
        object_to(observer_id, by=request.user)
        messages.success(request, _("Report sent. The people who can remove the link will see it."))
    return redirect("settings")


@login_required
def observer_reports(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the open reports, each with whether the person still observes the student."""
    here = get_account_or_403(request, account_id, PERMISSION)
    page = page_of(open_objections(here.account), request.GET.get("page"))
    return show_page(request, here, "reports", "reports.html", page=page)


@require_POST
@login_required
@done_once
def settle_observer_report(request: AuthenticatedHttpRequest, account_id: int, report_id: int) -> HttpResponse:
    """Close a report."""
    here = get_account_or_403(request, account_id, PERMISSION)
    found = get_object_or_404(open_objections(here.account), pk=report_id)
    settle(found, by=request.user)
    still = any(observer.person == found.observer for observer in who_observes(found.student))
    names = {"observer": found.observer.short_name, "student": found.student.short_name}
    text = _("Report resolved. %(observer)s still observes %(student)s.") if still else _("Report resolved.")
    messages.success(request, text % names)
    return redirect("observer_reports", account_id)
