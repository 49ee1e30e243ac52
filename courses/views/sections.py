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
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.courses import CourseAccess
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
from courses.views import course_frame
from courses.views.people import get_people_access


@login_required
@done_once
def index(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """The sections with how many are in each, and a form for one more."""
    access = get_people_access(request, course_id)
    form = SectionForm(request.POST or None)
    if made := _saved(form, lambda: create_section(access.course, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The section %(name)s has been added.") % {"name": made.name})
        return redirect("course_sections", course_id)
    context = {
        "sections": list(counted(sections_open_to(request.user, access.course))),
        "may_add": ADD in access.permissions and sections_seen(request.user, access.course) is None,
        "may_edit": EDIT in access.permissions,
        "may_delete": DELETE in access.permissions,
    }
    return _show(request, access, "sections.html", form, **context)


@login_required
def edit(request: AuthenticatedHttpRequest, course_id: int, section_id: int) -> HttpResponse:
    """Rename a section, or change its dates."""
    access = get_people_access(request, course_id)
    if EDIT not in access.permissions:
        raise PermissionDenied(_("To change sections you need the permission “Course Sections - edit”."))
    section = get_object_or_404(sections_open_to(request.user, access.course).select_related("course"), pk=section_id)
    form = SectionForm(
        request.POST or None, initial={field: getattr(section, field) for field in SectionForm.base_fields}
    )
    if _saved(form, lambda: edit_section(section, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The section %(name)s has been changed.") % {"name": section.name})
        return redirect("course_sections", course_id)
    return _show(request, access, "section_edit.html", form, section=section)


@login_required
@done_once
def delete(request: AuthenticatedHttpRequest, course_id: int, section_id: int) -> HttpResponse:
    """Say how many enrollments go with a section; a POST deletes it."""
    access = get_people_access(request, course_id)
    if DELETE not in access.permissions:
        raise PermissionDenied(_("To delete sections you need the permission “Course Sections - delete”."))
    there = counted(sections_open_to(request.user, access.course)).select_related("course")
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
    is_last = not sections_of(access.course).exclude(pk=section.pk).exists()
    context = {"section": section, "error": error, "is_last": is_last}
    response = course_frame.show(request, access, course_frame.PEOPLE, "section_delete.html", **context)
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
    request: AuthenticatedHttpRequest, access: CourseAccess, template: str, form: SectionForm, **context: object
) -> HttpResponse:
    response = course_frame.show(request, access, course_frame.PEOPLE, template, form=form, **context)
    response.status_code = 422 if form.errors else 200
    return response
