"""What a course says to everybody in it: home, announcements, syllabus."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse

from accounts.paging import page_of
from accounts.requests import SignedInRequest
from courses.people import teachers_of
from courses.views import inside

NEWEST = 3
ANNOUNCEMENTS_ON_A_PAGE = 20


@login_required
def home(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The front page, who teaches here, and the newest announcements."""
    here = inside.enter(request, course_id)
    newest = list(here.course.announcements.posted().select_related("author")[: NEWEST + 1])
    context = {
        "announcements": newest[:NEWEST],
        "more": len(newest) > NEWEST,
        "teachers": teachers_of(here.course),
    }
    return inside.show(request, here, inside.HOME, "home.html", **context)


@login_required
def announcements(request: SignedInRequest, course_id: int) -> HttpResponse:
    """All announcements, newest first."""
    here = inside.enter(request, course_id)
    found = here.course.announcements.posted().select_related("author")
    page = page_of(found, request.GET.get("page"), ANNOUNCEMENTS_ON_A_PAGE)
    return inside.show(request, here, inside.ANNOUNCEMENTS, "announcements.html", page=page)


@login_required
def syllabus(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The syllabus, with the dates of the published assignments."""
    here = inside.enter(request, course_id)
    dated = here.course.assignments.published().filter(due_at__isnull=False)
    return inside.show(request, here, inside.SYLLABUS, "syllabus.html", dated=dated)
