"""The sections of a course."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotAllowed
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.forms import SectionForm
from courses.models import Section
from courses.permissions import sections_seen
from courses.sections import (
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
from courses.views import inside
from courses.views.people import enter
from courses.visibility import Standing


@login_required
@done_once
def index(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The sections with how many are in each, and a form for one more."""
    here = enter(request, course_id)
    form = SectionForm(request.POST or None)
    if made := _saved(form, lambda: create_section(here.course, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The section %(name)s has been added.") % {"name": made.name})
        return redirect("course_sections", course_id)
    context = {
        "sections": list(counted(sections_open_to(request.user, here.course))),
        "may_add": ADD in here.permissions and sections_seen(request.user, here.course) is None,
        "may_edit": EDIT in here.permissions,
        "may_delete": DELETE in here.permissions,
    }
    return _show(request, here, "sections.html", form, **context)


@login_required
def edit(request: SignedInRequest, course_id: int, section_id: int) -> HttpResponse:
    """Rename a section, or change its dates."""
    here = enter(request, course_id)
    if EDIT not in here.permissions:
        raise PermissionDenied(_("To change sections you need the permission “Course Sections - edit”."))
    section = get_object_or_404(sections_open_to(request.user, here.course).select_related("course"), pk=section_id)
    form = SectionForm(
        request.POST or None, initial={field: getattr(section, field) for field in SectionForm.base_fields}
    )
    if _saved(form, lambda: edit_section(section, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The section %(name)s has been changed.") % {"name": section.name})
        return redirect("course_sections", course_id)
    return _show(request, here, "section_edit.html", form, section=section)


@login_required
@done_once
def delete(request: SignedInRequest, course_id: int, section_id: int) -> HttpResponse:
    """Say how many enrollments go with a section; a POST deletes it."""
    here = enter(request, course_id)
    if DELETE not in here.permissions:
        raise PermissionDenied(_("To delete sections you need the permission “Course Sections - delete”."))
    there = counted(sections_open_to(request.user, here.course)).select_related("course")
    section = get_object_or_404(there, pk=section_id)
    error = ""
    if request.method == "POST":
        try:
            delete_section(section, by=request.user)
        except Invalid as refusal:
            error = refusal.message
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        else:
            messages.success(request, _("The section %(name)s has been deleted.") % {"name": section.name})
            return redirect("course_sections", course_id)
    is_last = not sections_of(here.course).exclude(pk=section.pk).exists()
    context = {"section": section, "error": error, "is_last": is_last}
    response = inside.show(request, here, inside.PEOPLE, "section_delete.html", **context)
    response.status_code = 422 if error else 200
    return response


def _saved(form: SectionForm, rule: Callable[[], Section]) -> Section | None:
    """What `rule` makes of a form that was sent; None where there is something to complain of, in the form."""
    try:
        return rule() if form.is_valid() else None
    except Invalid as refusal:
        form.add_refusal(refusal)
        return None
    except NotAllowed as refusal:
        raise PermissionDenied(refusal.message) from None


def _show(
    request: SignedInRequest, here: Standing, template: str, form: SectionForm, **context: object
) -> HttpResponse:
    response = inside.show(request, here, inside.PEOPLE, template, form=form, **context)
    response.status_code = 422 if form.errors else 200
    return response
