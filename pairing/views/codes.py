"""Create and revoke single codes."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.text.fields import plain_id
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import shown_once
from courses.models import Course
from pairing import code_text
from pairing.domain import codes, eligibility, redemption
from pairing.models import LIVE_CODES_PER_STUDENT, PairingCode


@login_required
def issue(request: AuthenticatedHttpRequest, student_id: int) -> HttpResponse:
    """Create a code and show it, once: as a dialog if the page asked for one, otherwise as a page.

    Opening the address again (a bookmark, a restored tab) creates none, and leads to where codes are created.
    """
    if request.method != "POST" and student_id == request.user.pk:
        messages.info(request, _("A code is shown only once, when it is created. You can create another one here."))
        return redirect("settings")
    if request.method != "POST":
        messages.info(request, _("A code is shown only once, when it is created."))
        return redirect("dashboard")
    return _make(request, student_id)


def _made_before(request: AuthenticatedHttpRequest, student_id: int) -> HttpResponse:
    """Answer a form sent twice: the code was shown once, and another can be created."""
    student = get_object_or_404(User.objects.present(), pk=student_id)
    context = {"student": student, "course": _course_of(request), "own": student == request.user}
    return render(request, "pairing/code_made.html", context)


@shown_once(_made_before)
def _make(request: AuthenticatedHttpRequest, student_id: int) -> HttpResponse:
    student = get_object_or_404(User.objects.present(), pk=student_id)
    course = _course_of(request)
    right = eligibility.right_for(student, by=request.user, course=course, on_details=request.user != student)
    if isinstance(right, eligibility.Refusal):
        raise PermissionDenied(str(right))
    code = codes.issue(student, by=request.user, course=right.course, account=right.account, binds=right.binds)
    live = list(PairingCode.objects.live().filter(student=student).select_related("issued_by", "course", "account"))
    context = {
        "student": student,
        "course": course,
        "code": code,
        "spelled": code_text.spelled(code.text),
        "codes": live,
        "most": LIVE_CODES_PER_STUDENT,
        "own": student == request.user,
    }
    return render(request, "pairing/code_dialog.html" if request.htmx else "pairing/code.html", context)


def _course_of(request: AuthenticatedHttpRequest) -> Course | None:
    given = request.POST.get("course")
    return None if given is None else get_object_or_404(Course.objects.present(), pk=plain_id(given))


@login_required
def revoke(request: AuthenticatedHttpRequest, code_id: int) -> HttpResponse:
    """Ask whether to end one of one's own codes early; a POST ends it."""
    codes = PairingCode.objects.select_related("issued_by", "course", "account")
    code = get_object_or_404(codes, pk=code_id, student=request.user)
    if request.method != "POST" and code.is_live:
        return render(request, "pairing/revoke.html", {"code": code})
    if request.method == "POST" and redemption.revoke(code, by=request.user):
        messages.success(request, _("The code ending in %(hint)s no longer works.") % {"hint": code.hint})
    else:
        messages.info(request, _("This code had already ended."))
    return redirect("settings")
