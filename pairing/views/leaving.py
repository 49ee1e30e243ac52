"""The way out for whoever observes somebody in single courses, where the school added them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.requests import SignedInRequest
from courses.linking import has_stopped, observing_by_course, stop_observing


@login_required
def leave(request: SignedInRequest, student_id: int) -> HttpResponse:
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
