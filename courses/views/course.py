"""What a course shows to everyone in it: home, announcements, syllabus."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse

from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.rosters import teachers_of
from courses.views import course_frame

NEWEST = 3
ANNOUNCEMENTS_ON_A_PAGE = 20


@login_required
def home(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the front page, the teachers, and the latest announcements."""
    access = course_frame.get_course_access(request, course_id)
    newest = list(access.course.announcements.posted().select_related("author")[: NEWEST + 1])
    context = {
        "announcements": newest[:NEWEST],
        "more": len(newest) > NEWEST,
        "teachers": teachers_of(access.course),
    }
    return course_frame.show(request, access, course_frame.HOME, "home.html", **context)


@login_required
def announcements(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show all announcements, newest first."""
    access = course_frame.get_course_access(request, course_id)
    found = access.course.announcements.posted().select_related("author")
    page = page_of(found, request.GET.get("page"), ANNOUNCEMENTS_ON_A_PAGE)
    return course_frame.show(request, access, course_frame.ANNOUNCEMENTS, "announcements.html", page=page)


@login_required
def syllabus(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the syllabus, with the dates of the published assignments."""
    access = course_frame.get_course_access(request, course_id)
    dated = access.course.assignments.published().filter(due_at__isnull=False)
    return course_frame.show(request, access, course_frame.SYLLABUS, "syllabus.html", dated=dated)
