"""Observing: whom one observes, and pairing with a code in two steps: look, then pair."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.errors import Refused, TooManyTries
from accounts.models import Account, ObservationLink, User
from accounts.text.ids import plain_id
from accounts.web.client_network import network_of
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.courses import courses_by_student, observed_students, schools_of
from courses.domain.course_observers import has_stopped, observing_by_course, stays_after, stop_observing
from courses.domain.observation import unlink
from pairing.domain.redemption import Pairing, preview, redeem_shown
from pairing.forms import CodeForm
from pairing.models import PairingCode

# In the session: the ids of the codes this person has typed and been shown lately, the latest at the end.
SHOWN = "codes_shown"
REMEMBERED = 10


@login_required
def show(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The page and its form. A code leads on to the page that shows whom it is about; from there, `step=pair` pairs."""
    form = CodeForm(request.POST or None)
    agreed = _agreed_to(request)
    if request.method == "POST" and (agreed or form.is_valid()):
        try:
            if agreed:
                return _paired(request, redeem_shown(agreed, observer=request.user))
            return _look(request, form)
        except Refused as refusal:
            form.add_refusal(refusal)
            return _page(request, form, refusal)
    return _page(request, form)


def _look(request: AuthenticatedHttpRequest, form: CodeForm) -> HttpResponse:
    look = preview(
        form.cleaned_data["code"],
        observer=request.user,
        network=network_of(request),
        family_name=form.cleaned_data.get("family_name", ""),
    )
    if look.pairing:
        return _paired(request, look.pairing)
    before = [pk for pk in request.session.get(SHOWN, []) if pk != look.code.pk]
    request.session[SHOWN] = [*before, look.code.pk][-REMEMBERED:]
    return redirect("confirm_observee")


@login_required
def confirm(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Whom the code typed last is about. It has an address of its own, so that Back and reloading are safe."""
    shown = request.session.get(SHOWN, [])
    code = PairingCode.objects.live().select_related("student", "course", "account").filter(pk__in=shown[-1:]).first()
    if code is None:
        return redirect("observees")
    context = {"code": code, "student": code.student, "schools": schools_of(code.student)}
    return render(request, "pairing/confirm.html", context)


def _agreed_to(request: AuthenticatedHttpRequest) -> int | None:
    """The id of the code whose student this person was shown and agrees to observe; None for a form with a code."""
    shown = request.session.get(SHOWN, [])
    if request.POST.get("step") != "pair" or not shown:
        return None
    # The page says which code it showed: with two open, the button of each is for its own.
    wanted = plain_id(request.POST["shown"]) if "shown" in request.POST else shown[-1]
    return wanted if wanted in shown else None


def _paired(request: AuthenticatedHttpRequest, pairing: Pairing) -> HttpResponse:
    name = {"name": pairing.link.student.short_name}
    if pairing.is_new:
        messages.success(request, _("You are now observing %(name)s.") % name)
    else:
        messages.info(request, _("You are already observing %(name)s. No further code has been used up.") % name)
    return redirect("observees")


def _page(request: AuthenticatedHttpRequest, form: CodeForm, refusal: Refused | None = None) -> HttpResponse:
    links = ObservationLink.objects.live().filter(observer=request.user).select_related("student")
    courses = courses_by_student(request.user)
    linked = [(link, courses.get(link.student_id, [])) for link in links.order_by("student__sort_key", "student")]
    ids = {link.student_id for link, _courses in linked}
    others = [
        (student, courses.get(student.pk, [])) for student in observed_students(request.user) if student.pk not in ids
    ]
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
@done_once
def remove(request: AuthenticatedHttpRequest, student_id: int) -> HttpResponse:
    """Stop observing somebody, after asking."""
    link = get_object_or_404(
        ObservationLink.objects.live().select_related("student"), observer=request.user, student=student_id
    )
    if request.method == "POST":
        unlink(link, by=request.user)
        messages.success(request, _("You no longer observe %(name)s.") % {"name": link.student.short_name})
        return redirect("observees")
    context = {"link": link, "student": link.student, "stays": stays_after(link)}
    return render(request, "pairing/remove.html", context)


@login_required
@done_once
def leave(request: AuthenticatedHttpRequest, student_id: int) -> HttpResponse:
    """Say why one observes this student, in which courses, and what stopping means; a POST stops it."""
    student = get_object_or_404(User.objects.present(), pk=student_id)
    courses = list(dict.fromkeys(place.section.course for place in observing_by_course(request.user, student)))
    if request.method == "POST" and (courses or has_stopped(request.user, student)):
        # Pressed twice, it is done once, and said both times.
        stop_observing(request.user, student)
        name = {"name": student.short_name}
        messages.success(request, _("You no longer observe %(name)s in single courses.") % name)
        return redirect("observees")
    if not courses:
        raise Http404
    return render(request, "pairing/leave.html", {"student": student, "courses": courses})
