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
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.adding import Findings, add_people, kinds_for, look_up
from courses.enrolling import default_section
from courses.forms import AddPeopleForm
from courses.managing import Remit, remit_of
from courses.sections import sections_open_to
from courses.views import inside
from courses.views.people import enter
from courses.visibility import Standing


@login_required
@done_once
def add(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The form; `step=preview` shows who is meant, `step=add` adds them, `step=change` goes back to the form."""
    here = enter(request, course_id)
    remit = remit_of(request.user, here.course)
    if not remit.roles_to_give():
        raise PermissionDenied(_("To add people here you need a permission such as “Users - add students in courses”."))
    form = _form(request, here, remit)
    step = request.POST.get("step")
    if step == "change":
        return _show(request, here, form, status=200)
    if request.method != "POST" or not form.is_valid():
        return _show(request, here, form, status=422 if request.method == "POST" else 200)
    try:
        findings = look_up(here.course, form.chosen_kind, form.entries, by=request.user)
        if step == "add" and findings.found:
            _add(request, here, form, findings)
            return redirect("course_people", course_id)
    except Invalid as refusal:
        form.add_error(None, refusal.message)
        return _show(request, here, form, status=422)
    except NotAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    return inside.show(request, here, inside.PEOPLE, "add_people_preview.html", form=form, findings=findings)


def _form(request: SignedInRequest, here: Standing, remit: Remit) -> AddPeopleForm:
    is_back = request.POST.get("step") == "change"
    return AddPeopleForm(
        # Going back to the form is no complaint about it.
        request.POST if request.method == "POST" and not is_back else None,
        initial=request.POST.dict() if is_back else None,
        kinds=kinds_for(here.permissions),
        roles=remit.roles_to_give(),
        sections=list(sections_open_to(request.user, here.course)),
    )


def _add(request: SignedInRequest, here: Standing, form: AddPeopleForm, findings: Findings) -> None:
    section = form.chosen_section or default_section(here.course)
    people = [found.person for found in findings.found]
    number = add_people(here.course, people, form.chosen_role, section, by=request.user, is_limited=form.is_limited)
    text = _("Nobody had to be added: they all are here as %(role)s already.")
    if number:
        text = ngettext(
            "One person has been added as %(role)s.", "%(number)d people have been added as %(role)s.", number
        )
    messages.success(request, text % {"number": number, "role": form.chosen_role.label})
    if findings.left_out:
        left = ngettext("%(left)d entry was left out.", "%(left)d entries were left out.", findings.left_out)
        messages.warning(request, left % {"left": findings.left_out})


def _show(request: SignedInRequest, here: Standing, form: AddPeopleForm, *, status: int) -> HttpResponse:
    response = inside.show(request, here, inside.PEOPLE, "add_people.html", form=form)
    response.status_code = status
    return response
