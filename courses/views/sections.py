"""The sections of a course."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.web.pages import ConfirmPage, FormPage, Way, way
from courses.access.permissions import sections_seen
from courses.domain.sections import (
    ADD,
    DELETE,
    EDIT,
    counted,
    create_section,
    delete_section,
    edit_section,
    sections_of,
    sections_open_to,
)
from courses.forms import SectionForm
from courses.models import Section
from courses.views.people import PeoplePage


class SectionsPage(PeoplePage):
    """What pages that change sections have in common: they lead back to the list."""

    def back(self) -> Way:
        return way(_("Sections"), "course_sections", self.access.course.pk)


class Sections(SectionsPage, FormPage):
    """The sections with how many are in each, and a form for one more."""

    template = "sections.html"
    done = _("Section %(name)s added.")

    def form(self, data: QueryDict | None) -> SectionForm:
        return SectionForm(data)

    def act(self, form: SectionForm) -> None:
        self.names["name"] = create_section(self.access.course, by=self.by, **form.cleaned_data).name

    def facts(self) -> dict[str, Any]:
        keys, course = self.access.permissions, self.access.course
        return {
            "sections": list(counted(sections_open_to(self.by, course))),
            "may_add": ADD in keys and sections_seen(self.by, course) is None,
            "may_edit": EDIT in keys,
            "may_delete": DELETE in keys,
        }


class EditSection(SectionsPage, FormPage):
    """Rename a section, or change its dates."""

    template = "section_edit.html"
    done = _("Section %(name)s changed.")
    is_done_once = False

    def find(self, section_id: int) -> None:
        if EDIT not in self.access.permissions:
            raise PermissionDenied(_("To change sections, you need the permission “Course Sections - edit”."))
        there = sections_open_to(self.by, self.access.course).select_related("course")
        self.section = get_object_or_404(there, pk=section_id)

    def form(self, data: QueryDict | None) -> SectionForm:
        initial = {field: getattr(self.section, field) for field in SectionForm.base_fields}
        return SectionForm(data, initial=initial)

    def act(self, form: SectionForm) -> Section:
        changed = edit_section(self.section, by=self.by, **form.cleaned_data)
        self.names["name"] = changed.name
        return changed

    def facts(self) -> dict[str, Any]:
        return {"section": self.section}


class DeleteSection(SectionsPage, ConfirmPage):
    """Say how many enrollments go with a section, then delete it."""

    template = "section_delete.html"
    done = _("Section %(name)s deleted.")

    def find(self, section_id: int) -> None:
        if DELETE not in self.access.permissions:
            raise PermissionDenied(_("To delete sections, you need the permission “Course Sections - delete”."))
        there = counted(sections_open_to(self.by, self.access.course)).select_related("course")
        self.section = get_object_or_404(there, pk=section_id)
        self.names["name"] = self.section.name

    def act(self) -> Section:
        return delete_section(self.section, by=self.by)

    def facts(self) -> dict[str, Any]:
        others = sections_of(self.access.course).exclude(pk=self.section.pk)
        return {"section": self.section, "is_last": not others.exists()}
