"""Observing: whom one observes, and pairing with a code in two steps: look, then pair."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Account, ObservationLink
from accounts.network import network_of
from accounts.requests import SignedInRequest
from courses.observing import unlink
from courses.visibility import courses_by_student, observed_students, schools_of
from pairing.errors import TooManyTries
from pairing.forms import CodeForm
from pairing.redeeming import preview, redeem


@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """The page and its form. `step=pair` spends the code; anything else only shows whom it is about."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _pair(request, form) if request.POST.get("step") == "pair" else _confirm(request, form)
        except Refused as refusal:
            form.add_error("code", refusal.message)
            return _page(request, form, refusal)
    return _page(request, form)


def _confirm(request: SignedInRequest, form: CodeForm) -> HttpResponse:
    code = preview(form.cleaned_data["code"], observer=request.user, network=network_of(request))
    context = {"form": form, "code": code, "student": code.student, "schools": schools_of(code.student)}
    return render(request, "pairing/confirm.html", context)


def _pair(request: SignedInRequest, form: CodeForm) -> HttpResponse:
    made = redeem(form.cleaned_data["code"], observer=request.user, by=request.user, network=network_of(request))
    messages.success(request, _("You are now observing %(name)s.") % {"name": made.student.short_name})
    return redirect("observees")


def _page(request: SignedInRequest, form: CodeForm, refusal: Refused | None = None) -> HttpResponse:
    links = ObservationLink.objects.live().filter(observer=request.user).select_related("student")
    courses = courses_by_student(request.user)
    linked = [(link, courses.get(link.student_id, [])) for link in links.order_by("student__sortable_name")]
    ids = {link.student_id for link, _courses in linked}
    others = [(student, courses[student.pk]) for student in observed_students(request.user) if student.pk not in ids]
    context: dict[str, Any] = {
        "form": form,
        "pairing_is_on": Account.objects.root().pairing_is_on,
        "linked": linked,
        "by_course": others,
    }
    status = refusal.status if refusal else 422 if form.is_bound else 200
    response = render(request, "pairing/observees.html", context, status=status)
    if isinstance(refusal, TooManyTries):
        response.headers["Retry-After"] = str(refusal.wait)
    return response


@login_required
def remove(request: SignedInRequest, student_id: int) -> HttpResponse:
    """Stop observing somebody, after asking."""
    link = get_object_or_404(
        ObservationLink.objects.live().select_related("student"), observer=request.user, student=student_id
    )
    if request.method == "POST":
        unlink(link, by=request.user)
        messages.success(request, _("You no longer observe %(name)s.") % {"name": link.student.short_name})
        return redirect("observees")
    return render(request, "pairing/remove.html", {"link": link, "student": link.student})
