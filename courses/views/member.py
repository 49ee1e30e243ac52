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
from accounts.text.ids import plain_id
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.courses import CourseAccess
from courses.access.enrollment_actions import EnrollmentAction, enrollment_permissions
from courses.access.permissions import sections_seen
from courses.domain.enrollments import changed_meanwhile
from courses.domain.members import Member, carry_out, change_role, members_in, set_sections, watchers_of
from courses.domain.sections import sections_open_to
from courses.models import Enrollment
from courses.views import course_frame
from courses.views.menus import ACTIONS
from courses.views.people import get_people_access

DONE: dict[EnrollmentAction, str | Promise] = {
    EnrollmentAction.CONCLUDE: gettext_lazy("%(name)s has concluded as %(role)s."),
    EnrollmentAction.DEACTIVATE: gettext_lazy("%(name)s is inactive as %(role)s."),
    EnrollmentAction.REACTIVATE: gettext_lazy("%(name)s is active again as %(role)s."),
    EnrollmentAction.REMOVE: gettext_lazy("%(name)s is no longer in this course as %(role)s."),
}
# An invitation that nobody has answered cannot be concluded: it ends.
WITHDRAWN = gettext_lazy("The invitation of %(name)s as %(role)s is withdrawn.")


def find(request: AuthenticatedHttpRequest, access: CourseAccess, user_id: int) -> Member:
    """The person of this course, as what `role` in the request says, or as the first thing they are. Or Http404."""
    wanted = request.POST.get("role_id") or request.GET.get("role") or ""
    role_id = plain_id(wanted)
    if wanted and role_id is None:
        raise Http404
    found = members_in(access.course, user_id, role_id, by=request.user)
    if not found:
        raise Http404
    return found[0]


@login_required
def sections(request: AuthenticatedHttpRequest, course_id: int, user_id: int) -> HttpResponse:
    """Choose the sections somebody is in."""
    access = get_people_access(request, course_id)
    member = find(request, access, user_id)
    rights = enrollment_permissions(request.user, access.course)
    if not member.own_places() or not all(rights.may(EnrollmentAction.MOVE, place) for place in member.own_places()):
        raise PermissionDenied(_("You may not change this person's sections here."))
    offered, error = list(sections_open_to(request.user, access.course)), ""
    chosen = {str(place.section_id) for place in member.own_places()}
    # Whoever is limited to sections themselves gives nobody more.
    may_limit = member.runs_course and sections_seen(request.user, access.course) is None
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
    return _show(request, access, "person_sections.html", member, error, error=error, **context)


@login_required
@done_once
def role(request: AuthenticatedHttpRequest, course_id: int, user_id: int) -> HttpResponse:
    """Choose another role for somebody."""
    access = get_people_access(request, course_id)
    member = find(request, access, user_id)
    rights = enrollment_permissions(request.user, access.course)
    offered = [each for each in rights.roles_to_give() if each != member.role]
    if not offered or not all(rights.may(EnrollmentAction.REMOVE, place) for place in member.places):
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
    return _show(request, access, "person_role.html", member, error, error=error, **context)


@login_required
@done_once
def change(request: AuthenticatedHttpRequest, course_id: int, user_id: int, action: EnrollmentAction) -> HttpResponse:
    """Say what concluding, deactivating, reactivating or removing somebody means; a POST does it."""
    access = get_people_access(request, course_id)
    member = find(request, access, user_id)
    rights, subject = enrollment_permissions(request.user, access.course), member.subject_to(action)
    if not all(rights.may(action, place) for place in subject):
        raise PermissionDenied(_("You may not do this to this person here."))
    error, where = "", {place.section_id: place.section for place in subject}
    withdraws = action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE) and all(
        place.state in Enrollment.UNANSWERED for place in subject
    )
    if request.method == "POST":
        asked = request.POST.get("section", "")
        chosen = next((pk for pk in where if str(pk) == asked), None)
        try:
            if asked and chosen is None:
                raise changed_meanwhile()
            carry_out(member.within(chosen) if chosen else member, action, by=request.user)
        except Invalid as refusal:
            error = refusal.message
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        else:
            names = {"name": member.person.short_name, "role": member.role.label}
            messages.success(request, (WITHDRAWN if withdraws else DONE[action]) % names)
            return redirect("course_people", course_id)
    context = {
        "action": action.value,
        "withdraws": withdraws,
        "action_label": ACTIONS[action][1],
        "subject": subject,
        "where": where.values(),
        "watchers": _watchers(member),
        "observes": [place.associated_user for place in subject if place.associated_user],
    }
    return _show(request, access, "person_change.html", member, error, error=error, **context)


def _watchers(member: Member) -> int:
    return watchers_of(member) if member.is_student else 0


def _show(
    request: AuthenticatedHttpRequest,
    access: CourseAccess,
    template: str,
    member: Member,
    refused: str,
    **context: object,
) -> HttpResponse:
    response = course_frame.show(
        request, access, course_frame.PEOPLE, template, member=member, person=member.person, **context
    )
    response.status_code = 422 if refused else 200
    return response
