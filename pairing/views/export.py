"""Export Pairing Codes: a page that says what will happen, and the file."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from accounts.zones import zone_named
from courses.models import Course
from pairing import exporting, gates


@login_required
def confirm(request: SignedInRequest, course_id: int) -> HttpResponse:
    """How many students get a code, and for how many an older one ends."""
    course = _course_for(request, course_id)
    forecast = exporting.forecast(course, by=request.user)
    return render(request, "pairing/export.html", {"course": course, "forecast": forecast})


@require_POST
@login_required
def download(request: SignedInRequest, course_id: int) -> HttpResponseBase:
    """Make the codes and send the file. A POST: a link that a browser may fetch ahead must not change anything."""
    course = _course_for(request, course_id)
    pieces = exporting.export(course, by=request.user, zone=zone_named(request.user.time_zone))
    headers = {"Content-Disposition": content_disposition_header(True, exporting.file_name(course)) or ""}
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


def _course_for(request: SignedInRequest, course_id: int) -> Course:
    course = get_object_or_404(Course.objects.present(), pk=course_id)
    if refusal := gates.why_not_for_class(course, by=request.user):
        raise PermissionDenied(str(refusal))
    return course
