"""What a course shows to everyone in it: home, announcements, syllabus, assignments and grades."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.text.fields import plain_id
from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access.courses import CourseAccess, Part, followed
from courses.access.permissions import sections_seen
from courses.domain import course_tabs
from courses.domain.announcements import announcements_to
from courses.domain.course_tabs import NEWEST
from courses.domain.grades import given_to, total_of, work_of, work_on
from courses.domain.rosters import teachers_of
from courses.models import Enrollment
from courses.models.assignment import AssignmentQuerySet
from courses.views import course_frame
from courses.views.course_frame import asked_for

ANNOUNCEMENTS_ON_A_PAGE = 20


@login_required
def home(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the front page, the teachers, and the latest announcements."""
    access = course_frame.get_course_access(request, course_id)
    newest = list(announcements_to(request.user, access)[: NEWEST + 1])
    context = {
        "announcements": newest[:NEWEST],
        "more": len(newest) > NEWEST,
        "teachers": teachers_of(access.course),
    }
    return course_frame.show(request, access, course_tabs.HOME, "home.html", **context)


@login_required
def announcements(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show all announcements, newest first."""
    access = course_frame.get_course_access(request, course_id)
    page = page_of(announcements_to(request.user, access), request.GET.get("page"), ANNOUNCEMENTS_ON_A_PAGE)
    return course_frame.show(request, access, course_tabs.ANNOUNCEMENTS, "announcements.html", page=page)


@login_required
def syllabus(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the syllabus, with the dates of the published assignments: the student's own ones, if there is one."""
    access = course_frame.get_course_access(request, course_id)
    student = asked_for(request, followed(request.user, access))
    works = given_to(student, access.course) if student else _published(access)
    context = {"student": student, "dated": [work for work in works if work.due_at]}
    return course_frame.show(request, access, course_tabs.SYLLABUS, "syllabus.html", **context)


@login_required
def assignments(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show all assignments by due date; for student and observer with the status of the work."""
    access = course_frame.get_course_access(request, course_id)
    student = asked_for(request, followed(request.user, access))
    works = work_of(student, access.course) if student else None
    context = {"student": student, "works": works, "assignments": None if student else _listed(access)}
    return course_frame.show(request, access, course_tabs.ASSIGNMENTS, "assignments.html", **context)


def _listed(access: CourseAccess) -> AssignmentQuerySet:
    return access.course.assignments.present().by_date() if access.sees_drafts else _published(access)


def _published(access: CourseAccess) -> AssignmentQuerySet:
    """Return what is published; for those who do not run the course only what is for everybody in it."""
    published = access.course.assignments.published()
    return published if access.is_staff else published.given_to_all()


@login_required
def assignment(request: AuthenticatedHttpRequest, course_id: int, assignment_id: int) -> HttpResponse:
    """Show one assignment, with the student's work and, once released, its grade and comments."""
    access = course_frame.get_course_access(request, course_id)
    student = asked_for(request, followed(request.user, access))
    work = work_on(assignment_id, student, access.course) if student else None
    if student and work is None and not access.sees_drafts:
        raise Http404
    assignment = work.assignment if work else get_object_or_404(_listed(access), pk=assignment_id)
    context = {"student": student, "work": work, "assignment": assignment, "due_at": (work or assignment).due_at}
    return course_frame.show(request, access, course_tabs.ASSIGNMENTS, "assignment.html", **context)


@login_required
def grades(request: AuthenticatedHttpRequest, course_id: int, student_id: int | None = None) -> HttpResponse:
    """Show one's own or the observed student's released grades and comments; for staff those of any student here.

    The student is named in the address, as Canvas has it, or by `?student=`.
    """
    access = course_frame.get_course_access(request, course_id)
    students = followed(request.user, access)
    wanted = request.GET.get("student") if student_id is None else str(student_id)
    if Permission.VIEW_ALL_GRADES in access.permissions and wanted not in [None, *(str(s.pk) for s in students)]:
        return _grades_for_staff(request, access, wanted or "")
    student = asked_for(request, students, wanted)
    if student is None:
        raise PermissionDenied(_("This page shows the grades of one student. Staff get here from User Details."))
    works = work_of(student, access.course)
    context = {"student": student, "works": works, "total": total_of(works, access.course)}
    return course_frame.show(request, access, course_tabs.GRADES, "grades.html", **context)


def _grades_for_staff(request: AuthenticatedHttpRequest, access: CourseAccess, wanted: str) -> HttpResponse:
    """Show any student's grades; with the permission to edit grades also unreleased ones."""
    # An invitation gives no access to grades.
    there = Enrollment.objects.present().students().settled()
    there = there.filter(section__course=access.course, user=OuterRef("pk"))
    there = there.within(sections_seen(request.user, access.course))
    student = get_object_or_404(User.objects.present().filter(Exists(there)), pk=plain_id(wanted))
    sees_held_back = Permission.MANAGE_GRADES in access.permissions
    works = work_of(student, access.course, sees_held_back=sees_held_back)
    context = {
        "student": student,
        "works": works,
        "total": total_of(works, access.course),
        "for_staff": True,
        "sees_held_back": sees_held_back,
        "any_held_back": any(work.is_held_back for work in works),
    }
    return course_frame.show(request, replace(access, part=Part.STAFF), course_tabs.GRADES, "grades.html", **context)
