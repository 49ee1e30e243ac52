"""Answering an invitation to a course."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.invitations import answer, invitations_of


@login_required
def show(request: AuthenticatedHttpRequest, enrollment_id: int) -> HttpResponse:
    """What one is invited to, with both answers; a POST gives one."""
    place = get_object_or_404(invitations_of(request.user), pk=enrollment_id)
    if request.POST.get("answer") in ("accept", "refuse"):
        accepts = request.POST["answer"] == "accept"
        try:
            answer(place, accepts=accepts, by=request.user)
        except Refused as refusal:
            raise PermissionDenied(refusal.message) from None
        names = {"course": place.section.course.name}
        if accepts:
            messages.success(request, _("You are now in %(course)s.") % names)
            return redirect("course", place.section.course_id)
        messages.success(request, _("You have refused the invitation to %(course)s.") % names)
        return redirect("dashboard")
    return render(request, "courses/invitation.html", {"place": place, "course": place.section.course})
