"""Linking observers and students by staff, and ending links: for those who manage observers in the institution."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Account, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.observation import MANAGE_LINKS
from courses.domain.course_observers import stays_after
from courses.domain.observation import link, unlink
from courses.domain.rosters import findable, people_of
from courses.models import Course, Enrollment
from courses.views.accounts import AccountContext, get_account_or_403, show_page
from courses.views.person_search import Search, find_person

STUDENT, OBSERVER = "student", "observer"
NAMED = 10


def _enter(
    request: AuthenticatedHttpRequest, account_id: int, user_id: int, kind: str = STUDENT
) -> tuple[AccountContext, User]:
    if kind not in (STUDENT, OBSERVER):
        raise Http404
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    if not may_on_account(request.user, MANAGE_LINKS, Account.objects.root()):
        raise PermissionDenied(_("Links are for those who manage observers in the whole institution."))
    return here, get_object_or_404(people_of(here.account), pk=user_id)


@login_required
def find(request: AuthenticatedHttpRequest, account_id: int, user_id: int, kind: str) -> HttpResponse:
    """Find the student this person is to observe, or an observer for this student (`kind`)."""
    here, person = _enter(request, account_id, user_id, kind)
    if kind == STUDENT:
        title, intro = _("Link %(name)s to a student"), _("Whom is %(name)s to observe?")
    else:
        title, intro = _("Add an observer of %(name)s"), _("Who is to observe %(name)s?")
    search = Search(
        title=title % {"name": person.short_name},
        intro=intro % {"name": person.short_name},
        back=reverse("account_user", args=[account_id, user_id]),
        back_label=person.short_name,
    )

    def address(other: User) -> str:
        return reverse("link_people", args=[account_id, user_id, kind, other.pk])

    def why_not(others: Collection[User]) -> dict[int, str]:
        links = ObservationLink.objects.live()
        if kind == STUDENT:
            linked = links.filter(observer=person, student__in=others).values_list("student_id", flat=True)
        else:
            linked = links.filter(student=person, observer__in=others).values_list("observer_id", flat=True)
        return {**dict.fromkeys(linked, _("Linked already")), person.pk: _("This very person")}

    return find_person(request, here, search, address, why_not)


@login_required
@done_once
def confirm(request: AuthenticatedHttpRequest, account_id: int, user_id: int, kind: str, other_id: int) -> HttpResponse:
    """Say who will observe whom and what that opens; a POST makes the link."""
    here, person = _enter(request, account_id, user_id, kind)
    other = get_object_or_404(findable(here.account, by=request.user), pk=other_id)
    if other == person:
        raise Http404
    observer, student = (person, other) if kind == STUDENT else (other, person)
    refusal = None
    if request.method == "POST":
        try:
            link(observer, student, origin=ObservationLink.Origin.STAFF, by=request.user)
        except Invalid as caught:
            refusal = caught
        else:
            names = {"observer": observer.short_name, "student": student.short_name}
            messages.success(request, _("%(observer)s observes %(student)s now.") % names)
            return redirect("account_user", account_id, user_id)
    places = Enrollment.objects.present().live().students().filter(user=student)
    courses = Course.objects.filter(pk__in=places.values("section__course")).order_by("sort_key", "id")
    context: dict[str, Any] = {
        "person": person,
        "kind": kind,
        "observer": observer,
        "student": student,
        "courses": list(courses[: NAMED + 1]),
        "named": NAMED,
        "refusal": refusal,
    }
    return show_page(request, here, "users", "link.html", status=422 if refusal else 200, **context)


@login_required
@done_once
def remove(request: AuthenticatedHttpRequest, account_id: int, user_id: int, link_id: int) -> HttpResponse:
    """End a link this person is part of, after asking."""
    here, person = _enter(request, account_id, user_id)
    links = ObservationLink.objects.live().filter(Q(observer=person) | Q(student=person))
    found = get_object_or_404(links.select_related("observer", "student"), pk=link_id)
    if request.method == "POST":
        unlink(found, by=request.user)
        names = {"observer": found.observer.short_name, "student": found.student.short_name}
        messages.success(request, _("%(observer)s no longer observes %(student)s.") % names)
        return redirect("account_user", account_id, user_id)
    return show_page(request, here, "users", "remove_link.html", person=person, link=found, stays=stays_after(found))
