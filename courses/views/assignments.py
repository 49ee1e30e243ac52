"""Assignments and grades."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from courses.views import inside
from courses.views.choosing import asked_for
from courses.visibility import Standing
from courses.work import total, work_of, work_on


@login_required
def index(request: SignedInRequest, course_id: int) -> HttpResponse:
    """All assignments by due date; for student and observer with where the work stands."""
    here = inside.enter(request, course_id)
    student = asked_for(request, inside.followed(request.user, here))
    works = work_of(student, here.course) if student else None
    context = {"student": student, "works": works, "assignments": None if student else _listed(here)}
    return inside.show(request, here, inside.ASSIGNMENTS, "assignments.html", **context)


def _listed(here: Standing) -> object:
    if here.is_staff:
        return here.course.assignments.order_by(F("due_at").asc(nulls_last=True), "id")
    return here.course.assignments.published()


@login_required
def show(request: SignedInRequest, course_id: int, assignment_id: int) -> HttpResponse:
    """One assignment, with the student's work and, once released, its grade and comments."""
    here = inside.enter(request, course_id)
    student = asked_for(request, inside.followed(request.user, here))
    work = work_on(assignment_id, student, here.course) if student else None
    if student and work is None and not here.is_staff:
        raise Http404
    if work:
        assignment = work.assignment
    else:
        found = here.course.assignments.all() if here.is_staff else here.course.assignments.published()
        assignment = get_object_or_404(found, pk=assignment_id)
    context = {"student": student, "work": work, "assignment": assignment}
    return inside.show(request, here, inside.ASSIGNMENTS, "assignment.html", **context)


@login_required
def grades(request: SignedInRequest, course_id: int) -> HttpResponse:
    """One's own or the observed student's released grades and comments."""
    here = inside.enter(request, course_id)
    student = asked_for(request, inside.followed(request.user, here))
    if student is None:
        raise PermissionDenied(_("This page shows students and observers the grades of one student."))
    works = work_of(student, here.course)
    context = {"student": student, "works": works, "total": total(works)}
    return inside.show(request, here, inside.GRADES, "grades.html", **context)
