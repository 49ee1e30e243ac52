"""Export Pairing Codes: a page that says what will happen and shows the result, and the file."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.errors import Refused
from accounts.text.fields import plain_id
from accounts.web.downloads import send_secret_csv
from accounts.web.refusals import attempt, tell
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import shown_once
from courses.models import Course
from pairing.domain import eligibility, export


@login_required
def confirm(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show how many students get a code, and for how many an older one ends; after an export, show its result.

    The page shows the result for ten minutes after an export; `again` asks whether to create codes again.
    """
    return _page(request, _course_for(request, course_id), asks_again="again" in request.GET)


def _exported_before(_request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Answer a form sent twice: show the result of the export, and how to create codes again."""
    return redirect("export_codes_confirm", course_id)


@require_POST
@login_required
@shown_once(_exported_before)
def download(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponseBase:
    """Create the codes and send the file. This takes a POST: a link that a browser may prefetch must not change
    anything.
    """
    course = _course_for(request, course_id)
    zone = timezone.get_current_timezone()
    after = plain_id(request.POST.get("after", ""))
    pieces = attempt(lambda: export.export(course, by=request.user, zone=zone, after=after))
    if isinstance(pieces, Refused):
        return _page(request, course, asks_again=True, refusal=pieces)
    return send_secret_csv(pieces, export.file_name(course))


def _page(
    request: AuthenticatedHttpRequest, course: Course, *, asks_again: bool, refusal: Refused | None = None
) -> HttpResponse:
    last = export.last_export(course, by=request.user)
    recent = last if last and last.is_recent else None
    context = {
        "course": course,
        "last": last,
        "recent": recent,
        "refusal": refusal,
        "file_name": export.file_name(course),
        "forecast": export.forecast(course, by=request.user) if asks_again or not recent else None,
    }
    template = "pairing/exported.html" if recent and not asks_again else "pairing/export.html"
    return tell(render(request, template, context), refusal)


def _course_for(request: AuthenticatedHttpRequest, course_id: int) -> Course:
    course = get_object_or_404(Course.objects.present(), pk=course_id)
    if refusal := eligibility.why_not_for_class(course, by=request.user):
        raise PermissionDenied(str(refusal))
    return course
