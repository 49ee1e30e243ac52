"""Add people: a list, a preview of who was found, and the adding itself."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from accounts.web.pages import FormPage
from courses.access.enrollment_actions import CONCLUDED, enrollment_permissions
from courses.domain.add_people import add_people, kinds_for, look_up
from courses.domain.sections import sections_open_to
from courses.forms import AddPeopleForm
from courses.models.course import default_section
from courses.views.people import PeoplePage


class AddPeople(PeoplePage, FormPage):
    """The form; `step=preview` shows who is meant, `step=add` adds them, `step=change` goes back to the form."""

    template = "add_people.html"
    # How many were added; None until then.
    number: int | None = None

    def find(self) -> None:
        self.rights = enrollment_permissions(self.by, self.access.course)
        if self.rights.is_closed:
            raise PermissionDenied(CONCLUDED)
        if not self.rights.roles_to_give():
            text = _("To add people here, you need a permission such as “Users - add students in courses”.")
            raise PermissionDenied(text)
        self.step = self.request.POST.get("step")

    def form(self, data: QueryDict | None) -> AddPeopleForm:
        is_back = self.step == "change"
        return AddPeopleForm(
            # Going back to the form is not an error in it.
            None if is_back else data,
            initial=self.request.POST.dict() if is_back else None,
            kinds=kinds_for(self.access.permissions),
            roles=self.rights.roles_to_give(),
            sections=list(sections_open_to(self.by, self.access.course)),
        )

    def act(self, form: AddPeopleForm) -> None:
        self.sent, course = form, self.access.course
        self.result = look_up(course, form.chosen_kind, form.entries, by=self.by)
        if self.step == "add" and self.result.found:
            section = form.chosen_section or default_section(course)
            people, limited = [found.person for found in self.result.found], form.is_limited
            self.number = add_people(course, people, form.chosen_role, section, by=self.by, is_limited=limited)

    def finish(self) -> HttpResponse:
        if self.number is None:
            self.template = "add_people_preview.html"
            return self.show(form=self.sent, result=self.result)
        messages.success(self.request, _added(self.number, self.sent.chosen_role))
        if self.result.left_out:
            messages.warning(self.request, _left_out(self.result.left_out))
        return redirect("course_people", self.access.course.pk)


def _added(number: int, role: Role) -> str:
    if not number:
        return _("Nobody was added: they are all here as %(role)s already.") % {"role": role.label}
    text = ngettext("One person added as %(role)s.", "%(number)d people added as %(role)s.", number)
    return text % {"number": number, "role": role.label}


def _left_out(number: int) -> str:
    text = ngettext("%(left)d entry was left out.", "%(left)d entries were left out.", number)
    return text % {"left": number}
