"""Assignments and grades."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.ids import plain_id
from accounts.models import User
from accounts.requests import SignedInRequest
from courses.models import Enrollment
from courses.permissions import sections_seen
from courses.views import inside
from courses.views.choosing import asked_for
from courses.visibility import Part, Standing
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
    if here.sees_drafts:
        return here.course.assignments.order_by(F("due_at").asc(nulls_last=True), "id")
    return here.course.assignments.published()


@login_required
def show(request: SignedInRequest, course_id: int, assignment_id: int) -> HttpResponse:
    """One assignment, with the student's work and, once released, its grade and comments."""
    here = inside.enter(request, course_id)
    student = asked_for(request, inside.followed(request.user, here))
    work = work_on(assignment_id, student, here.course) if student else None
    if student and work is None and not here.sees_drafts:
        raise Http404
    if work:
        assignment = work.assignment
    else:
        found = here.course.assignments.all() if here.sees_drafts else here.course.assignments.published()
        assignment = get_object_or_404(found, pk=assignment_id)
    context = {"student": student, "work": work, "assignment": assignment}
    return inside.show(request, here, inside.ASSIGNMENTS, "assignment.html", **context)


@login_required
def grades(request: SignedInRequest, course_id: int) -> HttpResponse:
    """One's own or the observed student's released grades and comments; for staff those of any student here."""
    here = inside.enter(request, course_id)
    followed = inside.followed(request.user, here)
    if "view_all_grades" in here.permissions and request.GET.get("student") not in [
        None,
        *(str(s.pk) for s in followed),
    ]:
        return _grades_for_staff(request, here)
    student = asked_for(request, followed)
    if student is None:
        raise PermissionDenied(_("This page shows the grades of one student. Staff get here from User Details."))
    works = work_of(student, here.course)
    context = {"student": student, "works": works, "total": total(works)}
    return inside.show(request, here, inside.GRADES, "grades.html", **context)


def _grades_for_staff(request: SignedInRequest, here: Standing) -> HttpResponse:
    """Any student's grades; with the right to edit grades also those that are not released yet."""
    # An invitation opens no grades.
    there = Enrollment.objects.present().students().settled()
    there = there.filter(section__course=here.course, user=OuterRef("pk"))
    there = there.within(sections_seen(request.user, here.course))
    student = get_object_or_404(User.objects.present().filter(Exists(there)), pk=plain_id(request.GET["student"]))
    sees_held_back = "manage_grades" in here.permissions
    works = work_of(student, here.course, sees_held_back=sees_held_back)
    context = {
        "student": student,
        "works": works,
        "total": total(works),
        "for_staff": True,
        "sees_held_back": sees_held_back,
        "any_held_back": any(work.is_held_back for work in works),
    }
    return inside.show(request, replace(here, part=Part.STAFF), inside.GRADES, "grades.html", **context)
