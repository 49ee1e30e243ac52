"""What is done to one person of a course: sections, role, conclude, deactivate, reactivate, remove."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.domain.roles import choices_of
from accounts.errors import Invalid
from accounts.text.fields import plain_id
from accounts.web.pages import ConfirmPage, Text, Way, way
from courses.access.enrollment_actions import EnrollmentAction, enrollment_permissions
from courses.access.permissions import sections_seen
from courses.domain.enrollments import changed_meanwhile
from courses.domain.members import Member, carry_out, change_role, members_in, set_sections, watchers_of
from courses.domain.sections import sections_open_to
from courses.models import Enrollment
from courses.views.people import PeoplePage
from courses.views.person_menu import ACTIONS

DONE: dict[EnrollmentAction, Text] = {
    EnrollmentAction.CONCLUDE: _("%(name)s has concluded as %(role)s."),
    EnrollmentAction.DEACTIVATE: _("%(name)s is now inactive as %(role)s."),
    EnrollmentAction.REACTIVATE: _("%(name)s is active again as %(role)s."),
    EnrollmentAction.REMOVE: _("%(name)s is no longer in this course as %(role)s."),
}
# An unanswered invitation cannot be concluded: it ends.
WITHDRAWN = _("Invitation of %(name)s as %(role)s withdrawn.")


class MemberPage(PeoplePage, ConfirmPage):
    """What pages that change one person of a course have in common."""

    def find(self, user_id: int, *args: Any, **ids: Any) -> None:
        self.member = self.member_asked_for(user_id)
        self.rights = enrollment_permissions(self.by, self.access.course)
        self.names = {"name": self.member.person.short_name, "role": self.member.role.label}

    def member_asked_for(self, user_id: int) -> Member:
        """Return the person as what `role` in the request says, or as the first thing they are. Raises Http404."""
        wanted = self.request.POST.get("role_id") or self.request.GET.get("role") or ""
        role_id = plain_id(wanted)
        if wanted and role_id is None:
            raise Http404
        found = members_in(self.access.course, user_id, role_id, by=self.by)
        if not found:
            raise Http404
        return found[0]

    def may_all(self, action: EnrollmentAction, enrollments: Iterable[Enrollment]) -> bool:
        """Return whether the reader may do this to all of these."""
        return all(self.rights.may(action, enrollment) for enrollment in enrollments)

    def back(self) -> Way:
        return way(self.member.person.short_name, "course_user", self.access.course.pk, self.member.person.pk)

    def show(self, **context: Any) -> HttpResponse:
        return super().show(member=self.member, person=self.member.person, **context)


class EditSections(MemberPage):
    """Choose the sections somebody is in."""

    template = "person_sections.html"
    done = _("Sections of %(name)s changed.")
    is_done_once = False

    def find(self, user_id: int) -> None:
        super().find(user_id)
        own = self.member.own_enrollments()
        if not own or not self.may_all(EnrollmentAction.MOVE, own):
            raise PermissionDenied(_("You do not have permission to change this person's sections here."))
        self.offered = list(sections_open_to(self.by, self.access.course))
        # A person limited to sections cannot give others more.
        self.may_limit = self.member.runs_course and sections_seen(self.by, self.access.course) is None
        sent = self.request.POST if self.request.method == "POST" else None
        self.chosen = {str(each.section_id) for each in own} if sent is None else set(sent.getlist("section"))
        self.limited = self.member.is_limited if sent is None else "limited" in sent

    def act(self) -> None:
        wanted = [each for each in self.offered if str(each.pk) in self.chosen]
        set_sections(self.member, wanted, by=self.by, is_limited=self.limited if self.may_limit else None)

    def facts(self) -> dict[str, Any]:
        options = [(each, str(each.pk) in self.chosen) for each in self.offered]
        return {"options": options, "may_limit": self.may_limit, "limited": self.limited}


class EditRole(MemberPage):
    """Choose another role for somebody."""

    template = "person_role.html"
    done = _("%(name)s is now in this course as %(role)s.")

    def find(self, user_id: int) -> None:
        super().find(user_id)
        self.offered = [each for each in self.rights.roles_to_give() if each != self.member.role]
        if not self.offered or not self.may_all(EnrollmentAction.REMOVE, self.member.enrollments):
            raise PermissionDenied(_("You do not have permission to change this person's role here."))
        self.chosen = self.request.POST.get("new_role", "")

    def act(self) -> None:
        new = next((each for each in self.offered if str(each.pk) == self.chosen), None)
        if new is None:
            raise Invalid({"role": [("blank", _("Choose a role."))]})
        change_role(self.member, new, by=self.by)
        self.names["role"] = new.label

    def facts(self) -> dict[str, Any]:
        options = [(each, str(each.role.pk) == self.chosen) for each in choices_of(self.offered)]
        return {"options": options, "watchers": _watchers(self.member)}


class ChangeState(MemberPage):
    """Say what concluding, deactivating, reactivating or removing somebody means, then do it."""

    template = "person_change.html"

    def find(self, user_id: int, action: EnrollmentAction) -> None:
        super().find(user_id)
        self.action, self.subject = action, self.member.subject_to(action)
        if not self.may_all(action, self.subject):
            raise PermissionDenied(_("You do not have permission to do this to this person here."))
        self.withdraws = action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE) and all(
            each.state in Enrollment.UNANSWERED for each in self.subject
        )
        self.where = {each.section_id: each.section for each in self.subject}
        self.done = WITHDRAWN if self.withdraws else DONE[action]

    def act(self) -> None:
        asked = self.request.POST.get("section", "")
        chosen = next((pk for pk in self.where if str(pk) == asked), None)
        if asked and chosen is None:
            raise changed_meanwhile()
        carry_out(self.member.within(chosen) if chosen else self.member, self.action, by=self.by)

    def then(self) -> str:
        return reverse("course_people", args=[self.access.course.pk])

    def facts(self) -> dict[str, Any]:
        return {
            "action": self.action.value,
            "withdraws": self.withdraws,
            "action_label": ACTIONS[self.action][1],
            "subject": self.subject,
            "where": self.where.values(),
            "watchers": _watchers(self.member),
            "observes": [each.associated_user for each in self.subject if each.associated_user],
        }


def _watchers(member: Member) -> int:
    return watchers_of(member) if member.is_student else 0
