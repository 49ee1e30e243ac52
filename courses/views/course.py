"""What a course shows to everyone in it: home, announcements, syllabus, assignments and grades."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.text.fields import plain_id
from accounts.web.addresses import addresses
from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access.courses import CourseAccess, Part, followed
from courses.access.permissions import sections_seen
from courses.access.sight import sight_of
from courses.domain import course_tabs
from courses.domain.announcements import announcements_to
from courses.domain.assignment_lists import assignments_without_work, is_locked, view_of
from courses.domain.course_tabs import NEWEST
from courses.domain.grades import View, Work, given_to, total_of, work_of, work_on
from courses.domain.rosters import teachers_of
from courses.grades import letter
from courses.models import Course, Enrollment
from courses.views import course_frame
from courses.views.course_frame import asked_for
from courses.visibility import Element, Sees

ANNOUNCEMENTS_ON_A_PAGE = 20


@login_required
def home(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the front page, the teachers, and the latest announcements."""
    access = course_frame.enter(request, course_id, course_tabs.HOME, Element.HOME)
    has_news = sight_of(request.user, access).opens(course_tabs.ANNOUNCEMENTS.id, Element.ANNOUNCEMENTS)
    newest = list(announcements_to(request.user, access)[: NEWEST + 1]) if has_news else []
    context = {
        "has_news": has_news,
        "announcements": newest[:NEWEST],
        "more": len(newest) > NEWEST,
        "teachers": teachers_of(access.course),
    }
    return course_frame.show(request, access, course_tabs.HOME, "home.html", **context)


@login_required
def announcements(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show all announcements, newest first."""
    access = course_frame.enter(request, course_id, course_tabs.ANNOUNCEMENTS, Element.ANNOUNCEMENTS)
    page = page_of(announcements_to(request.user, access), request.GET.get("page"), ANNOUNCEMENTS_ON_A_PAGE)
    return course_frame.show(request, access, course_tabs.ANNOUNCEMENTS, "announcements.html", page=page)


@login_required
def syllabus(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the syllabus, with the dates of the published assignments: the student's own ones, if there is one."""
    access = course_frame.enter(request, course_id, course_tabs.SYLLABUS, Element.SYLLABUS)
    student = _student(request, access)
    works = given_to(student, access.course) if student else assignments_without_work(request.user, access)
    context = {"student": student, "dated": [work for work in works if work.due_at]}
    return course_frame.show(request, access, course_tabs.SYLLABUS, "syllabus.html", **context)


@login_required
def assignments(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show all assignments by due date; for student and observer with the status of the work."""
    access = course_frame.enter(request, course_id, course_tabs.ASSIGNMENTS, Element.ASSIGNMENTS)
    student = _student(request, access)
    works = work_of(student, access.course, view=_view(request, access, student)) if student else []
    context = {
        "student": student,
        "works": _with_addresses(works, access.course),
        "assignments": None if student else assignments_without_work(request.user, access),
    }
    return course_frame.show(request, access, course_tabs.ASSIGNMENTS, "assignments.html", **context)


def _with_addresses(works: Iterable[Work], course: Course) -> list[tuple[Work, str]]:
    """Return work with the address of each assignment."""
    address = addresses("course_assignment", course.pk)
    return [(work, address(work.assignment.pk)) for work in works]


def _student(request: AuthenticatedHttpRequest, access: CourseAccess, named: str | None = None) -> User | None:
    """Return the student whose work the reader looks at; None if they see nobody's. Raises Http404 for others."""
    student = asked_for(request, followed(request.user, access), named)
    return student if sight_of(request.user, access, student).sees(Element.STATUS) is not Sees.NO else None


@login_required
def assignment(request: AuthenticatedHttpRequest, course_id: int, assignment_id: int) -> HttpResponse:
    """Show one assignment, with the student's work and, once released, its grade and comments."""
    access = course_frame.enter(request, course_id, course_tabs.ASSIGNMENTS, Element.ASSIGNMENT_TEXT)
    student = _student(request, access)
    view = _view(request, access, student)
    work = work_on(assignment_id, student, access.course, view=view) if student else None
    if student and work is None and not access.sees_drafts:
        raise Http404
    without = assignments_without_work(request.user, access)
    assignment = work.assignment if work else get_object_or_404(without, pk=assignment_id)
    dates = work.assigned if work else assignment
    shown = {"student": student, "work": work, "assignment": assignment, "dates": dates}
    context = {**shown, "is_locked": is_locked(access, dates)}
    return course_frame.show(request, access, course_tabs.ASSIGNMENTS, "assignment.html", **context)


@login_required
def grades(request: AuthenticatedHttpRequest, course_id: int, student_id: int | None = None) -> HttpResponse:
    """Show one's own or the observed student's released grades and comments; for staff those of any student here.

    The student is named in the address, as Canvas has it, or by `?student=`.
    """
    access = course_frame.enter(request, course_id, course_tabs.GRADES, Element.HOME)
    students = followed(request.user, access)
    wanted = request.GET.get("student") if student_id is None else str(student_id)
    if Permission.VIEW_ALL_GRADES in access.permissions and wanted not in [None, *(str(s.pk) for s in students)]:
        return _grades_for_staff(request, access, wanted or "")
    student = _student(request, access, wanted)
    if student is None:
        raise PermissionDenied(_("This page shows the grades of one student. Staff get here from User Details."))
    view = _view(request, access, student)
    works = work_of(student, access.course, view=view)
    shown = _with_addresses(works, access.course)
    context = {"student": student, "works": shown, **_total(works, access.course, view)}
    return course_frame.show(request, access, course_tabs.GRADES, "grades.html", **context)


def _view(request: AuthenticatedHttpRequest, access: CourseAccess, student: User | None) -> View:
    """Return what the reader sees of the work of this student."""
    return view_of(sight_of(request.user, access, student))


def _total(works: list[Work], course: Course, view: View) -> dict[str, Any]:
    """Return what the page says of the total: figures, in a course that shows only letters the letter."""
    if not view.total:
        return {"has_total": False}
    found = total_of(works, course)
    return {
        "has_total": True,
        "numbers": view.numbers,
        "total": found,
        "total_letter": letter(found.percent, course.grading_scheme),
    }


def _grades_for_staff(request: AuthenticatedHttpRequest, access: CourseAccess, wanted: str) -> HttpResponse:
    """Show any student's grades; with the permission to edit grades also unreleased ones."""
    # An invitation gives no access to grades.
    there = Enrollment.objects.present().students().settled()
    there = there.filter(section__course=access.course, user=OuterRef("pk"))
    there = there.within(sections_seen(request.user, access.course))
    student = get_object_or_404(User.objects.present().filter(Exists(there)), pk=plain_id(wanted))
    sees_held_back = Permission.MANAGE_GRADES in access.permissions
    view = View(sees_held_back=sees_held_back)
    works = work_of(student, access.course, view=view)
    context = {
        "student": student,
        "works": _with_addresses(works, access.course),
        **_total(works, access.course, view),
        "for_staff": True,
        "sees_held_back": sees_held_back,
        "any_held_back": any(work.is_held_back for work in works),
    }
    return course_frame.show(request, replace(access, part=Part.STAFF), course_tabs.GRADES, "grades.html", **context)
