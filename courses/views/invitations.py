"""Answer an invitation to a course."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.web.pages import ConfirmPage, PlainPage
from courses.domain.invitations import answer, invitations_of

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
