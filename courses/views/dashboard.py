"""The dashboard: the courses of the students one observes, one's own, and the answers to invitations."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.domain.admin_home import first_steps, posts_of, waiting
from accounts.text.fields import plain_id
from accounts.web.pages import ConfirmPage, PlainPage
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.site import site_of
from courses.access.courses import is_enrolled, list_students_followed, students_followed
from courses.domain.dashboard import courses_observed, own_courses
from courses.domain.members import answer, invitations_of, list_invitations_of
from courses.views.course_frame import remember, remembered


@login_required
def show(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show one student's courses at a time, with a picker if there are several; then one's own."""
    # Every page says what it says of the site; asked first, it brings the root account.
    site_of(request)
    students = list_students_followed(request.user)
    student = remembered(request, students)
    own = own_courses(request.user)
    context = {
        "students": students,
        "student": student,
        "observed": courses_observed(request.user, student) if student else None,
        "own": own.own,
        "as_visitor": own.as_visitor,
        "invitations": list_invitations_of(request.user),
        "is_enrolled": partial(is_enrolled, request.user),
        **_administration(request),
    }
    return render(request, "courses/dashboard.html", context)


def _administration(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    """Return what the dashboard shows to people who manage accounts; for everyone else it is empty, and
    costs nothing.
    """
    posts = posts_of(request.user, site_of(request).administered)
    return {"posts": posts, "waiting": waiting(posts), "steps": first_steps(posts)}


@require_POST
@login_required
def select_student(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Choose whose courses to see, and remember it."""
    wanted = plain_id(request.POST.get("student", ""))
    student = get_object_or_404(students_followed(request.user), pk=wanted)
    response = redirect("dashboard")
    remember(response, request.user, student)
    return response


ANSWERS = ("accept", "refuse")


class AnswerInvitation(PlainPage, ConfirmPage):
    """What one is invited to, with both answers."""

    template = "courses/invitation.html"
    is_done_once = False

    def enter(self, enrollment_id: int) -> None:
        self.enrollment = get_object_or_404(invitations_of(self.by), pk=enrollment_id)
        self.course = self.enrollment.section.course
        self.names = {"course": self.course.name}
        self.accepts = self.request.POST.get("answer") == "accept"

    def answer(self) -> HttpResponse:
        return super().answer() if self.request.POST.get("answer") in ANSWERS else self.show()

    def act(self) -> None:
        answer(self.enrollment, accepts=self.accepts, by=self.by)
        self.done = _("You are now in %(course)s.")
        if not self.accepts:
            self.done = _("You declined the invitation to %(course)s.")

    def then(self) -> str:
        return reverse("course", args=[self.course.pk]) if self.accepts else reverse("dashboard")

    def facts(self) -> dict[str, Any]:
        return {"enrollment": self.enrollment, "course": self.course}
