"""Add people: a list, a preview of who was found, and the adding itself."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Invalid, NotAllowed
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.courses import CourseAccess
from courses.access.enrollment_actions import EnrollmentPermissions, enrollment_permissions
from courses.domain.add_people import LookupResult, add_people, kinds_for, look_up
from courses.domain.sections import sections_open_to
from courses.forms import AddPeopleForm
from courses.models.course import default_section
from courses.views import course_frame
from courses.views.people import get_people_access


@login_required
@done_once
def add(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """The form; `step=preview` shows who is meant, `step=add` adds them, `step=change` goes back to the form."""
    access = get_people_access(request, course_id)
    rights = enrollment_permissions(request.user, access.course)
    if not rights.roles_to_give():
        raise PermissionDenied(_("To add people here you need a permission such as “Users - add students in courses”."))
    form = _form(request, access, rights)
    step = request.POST.get("step")
    if step == "change":
        return _show(request, access, form, status=200)
    if request.method != "POST" or not form.is_valid():
        return _show(request, access, form, status=422 if request.method == "POST" else 200)
    try:
        result = look_up(access.course, form.chosen_kind, form.entries, by=request.user)
        if step == "add" and result.found:
            _add(request, access, form, result)
            return redirect("course_people", course_id)
    except Invalid as refusal:
        form.add_error(None, refusal.message)
        return _show(request, access, form, status=422)
    except NotAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    return course_frame.show(request, access, course_frame.PEOPLE, "add_people_preview.html", form=form, result=result)


def _form(request: AuthenticatedHttpRequest, access: CourseAccess, rights: EnrollmentPermissions) -> AddPeopleForm:
    is_back = request.POST.get("step") == "change"
    return AddPeopleForm(
        # Going back to the form is no complaint about it.
        request.POST if request.method == "POST" and not is_back else None,
        initial=request.POST.dict() if is_back else None,
        kinds=kinds_for(access.permissions),
        roles=rights.roles_to_give(),
        sections=list(sections_open_to(request.user, access.course)),
    )


def _add(request: AuthenticatedHttpRequest, access: CourseAccess, form: AddPeopleForm, result: LookupResult) -> None:
    section = form.chosen_section or default_section(access.course)
    people = [found.person for found in result.found]
    number = add_people(access.course, people, form.chosen_role, section, by=request.user, is_limited=form.is_limited)
    text = _("Nobody had to be added: they all are here as %(role)s already.")
    if number:
        text = ngettext(
            "One person has been added as %(role)s.", "%(number)d people have been added as %(role)s.", number
        )
    messages.success(request, text % {"number": number, "role": form.chosen_role.label})
    if result.left_out:
        left = ngettext("%(left)d entry was left out.", "%(left)d entries were left out.", result.left_out)
        messages.warning(request, left % {"left": result.left_out})


def _show(request: AuthenticatedHttpRequest, access: CourseAccess, form: AddPeopleForm, *, status: int) -> HttpResponse:
    response = course_frame.show(request, access, course_frame.PEOPLE, "add_people.html", form=form)
    response.status_code = status
    return response
