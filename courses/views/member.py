"""What is done to one person of a course: sections, role, conclude, deactivate, reactivate, remove."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid, NotAllowed
from accounts.ids import plain_id
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.enrolling import changed_meanwhile
from courses.managing import Deed, remit_of
from courses.members import Member, carry_out, change_role, members_in, set_sections, watchers_of
from courses.models import Enrollment
from courses.permissions import sections_seen
from courses.sections import sections_open_to
from courses.views import inside
from courses.views.menus import DEEDS
from courses.views.people import enter
from courses.visibility import Standing

DONE: dict[Deed, str | Promise] = {
    Deed.CONCLUDE: gettext_lazy("%(name)s has concluded as %(role)s."),
    Deed.DEACTIVATE: gettext_lazy("%(name)s is inactive as %(role)s."),
    Deed.REACTIVATE: gettext_lazy("%(name)s is active again as %(role)s."),
    Deed.REMOVE: gettext_lazy("%(name)s is no longer in this course as %(role)s."),
}
# An invitation that nobody has answered cannot be concluded: it ends.
WITHDRAWN = gettext_lazy("The invitation of %(name)s as %(role)s is withdrawn.")


def find(request: SignedInRequest, here: Standing, user_id: int) -> Member:
    """The person of this course, as what `role` in the request says, or as the first thing they are. Or Http404."""
    wanted = request.POST.get("role_id") or request.GET.get("role") or ""
    role_id = plain_id(wanted)
    if wanted and role_id is None:
        raise Http404
    found = members_in(here.course, user_id, role_id, by=request.user)
    if not found:
        raise Http404
    return found[0]


@login_required
def sections(request: SignedInRequest, course_id: int, user_id: int) -> HttpResponse:
    """Choose the sections somebody is in."""
    here = enter(request, course_id)
    member = find(request, here, user_id)
    remit = remit_of(request.user, here.course)
    if not member.own_places() or not all(remit.may(Deed.MOVE, place) for place in member.own_places()):
        raise PermissionDenied(_("You may not change this person's sections here."))
    offered, error = list(sections_open_to(request.user, here.course)), ""
    chosen = {str(place.section_id) for place in member.own_places()}
    # Whoever is limited to sections themselves gives nobody more.
    may_limit = member.runs_course and sections_seen(request.user, here.course) is None
    limited = member.is_limited
    if request.method == "POST":
        chosen, limited = set(request.POST.getlist("section")), "limited" in request.POST
        wanted = [each for each in offered if str(each.pk) in chosen]
        try:
            set_sections(member, wanted, by=request.user, is_limited=limited if may_limit else None)
        except Invalid as refusal:
            error = refusal.message
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        else:
            messages.success(
                request, _("The sections of %(name)s have been changed.") % {"name": member.person.short_name}
            )
            return redirect("course_user", course_id, user_id)
    options = [(each, str(each.pk) in chosen) for each in offered]
    context = {"options": options, "may_limit": may_limit, "limited": limited}
    return _show(request, here, "person_sections.html", member, error, error=error, **context)


@login_required
@done_once
def role(request: SignedInRequest, course_id: int, user_id: int) -> HttpResponse:
    """Choose another role for somebody."""
    here = enter(request, course_id)
    member = find(request, here, user_id)
    remit = remit_of(request.user, here.course)
    offered = [each for each in remit.roles_to_give() if each != member.role]
    if not offered or not all(remit.may(Deed.REMOVE, place) for place in member.places):
        raise PermissionDenied(_("You may not change this person's role here."))
    error, chosen = "", request.POST.get("new_role", "")
    if request.method == "POST":
        new = next((each for each in offered if str(each.pk) == chosen), None)
        if new is None:
            error = _("Please choose a role.")
        else:
            try:
                change_role(member, new, by=request.user)
            except Invalid as refusal:
                error = refusal.message
            except NotAllowed as refusal:
                raise PermissionDenied(refusal.message) from None
            else:
                names = {"name": member.person.short_name, "role": new.label}
                messages.success(request, _("%(name)s is now in this course as %(role)s.") % names)
                return redirect("course_user", course_id, user_id)
    context = {"options": [(each, str(each.pk) == chosen) for each in offered], "watchers": _watchers(member)}
    return _show(request, here, "person_role.html", member, error, error=error, **context)


@login_required
@done_once
def change(request: SignedInRequest, course_id: int, user_id: int, deed: Deed) -> HttpResponse:
    """Say what concluding, deactivating, reactivating or removing somebody means; a POST does it."""
    here = enter(request, course_id)
    member = find(request, here, user_id)
    remit, subject = remit_of(request.user, here.course), member.subject_to(deed)
    if not all(remit.may(deed, place) for place in subject):
        raise PermissionDenied(_("You may not do this to this person here."))
    error, where = "", {place.section_id: place.section for place in subject}
    withdraws = deed in (Deed.CONCLUDE, Deed.DEACTIVATE) and all(
        place.state in Enrollment.UNANSWERED for place in subject
    )
    if request.method == "POST":
        asked = request.POST.get("section", "")
        chosen = next((pk for pk in where if str(pk) == asked), None)
        try:
            if asked and chosen is None:
                raise changed_meanwhile()
            carry_out(member.within(chosen) if chosen else member, deed, by=request.user)
        except Invalid as refusal:
            error = refusal.message
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        else:
            names = {"name": member.person.short_name, "role": member.role.label}
            messages.success(request, (WITHDRAWN if withdraws else DONE[deed]) % names)
            return redirect("course_people", course_id)
    context = {
        "deed": deed.value,
        "withdraws": withdraws,
        "deed_label": DEEDS[deed][1],
        "subject": subject,
        "where": where.values(),
        "watchers": _watchers(member),
        "observes": [place.associated_user for place in subject if place.associated_user],
    }
    return _show(request, here, "person_change.html", member, error, error=error, **context)


def _watchers(member: Member) -> int:
    return watchers_of(member) if member.is_student else 0


def _show(
    request: SignedInRequest, here: Standing, template: str, member: Member, refused: str, **context: object
) -> HttpResponse:
    response = inside.show(request, here, inside.PEOPLE, template, member=member, person=member.person, **context)
    response.status_code = 422 if refused else 200
    return response
