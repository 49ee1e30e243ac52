"""User Settings: one's time zone, one's codes, and one's observers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.domain.users import edit_user
from accounts.models import User
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access.courses import is_observer
from courses.domain.observers import who_observes
from pairing.domain import eligibility
from pairing.domain.objections import office_for, reported_by
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
    context = {"form": form, **_pairing(request.user), **_observers(request.user)}
    return render(request, "pairing/settings.html", context, status=status)


def _pairing(reader: User) -> dict[str, Any]:
    """Return whether somebody can make codes for themselves, and those they have."""
    why_not = eligibility.refusal_for(reader, by=reader)
    codes = PairingCode.objects.live().filter(student=reader).select_related("issued_by", "course", "account")
    return {
        "may_pair": why_not is None,
        "only_observes": why_not and why_not.why is eligibility.Why.NOT_A_STUDENT and is_observer(reader),
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
