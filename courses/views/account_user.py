"""One person as the account's staff see them: account, enrollments, links, admin roles and history."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.domain.admins import PERMISSION as MANAGE_ADMINS
from accounts.domain.admins import roles_held_by
from accounts.models import Account, User
from accounts.models.account_tree import with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.web.pagination import page_of
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access import act_as
from courses.access.accounts import PERMISSION as MANAGE_LOGINS
from courses.access.accounts import belongs_only_to, why_not_change
from courses.access.observation import MANAGE_LINKS
from courses.domain.history import events_of, lines
from courses.domain.observers import observed_in_single_courses, observers_in_single_courses
from courses.domain.rosters import observed_by, observers_of, people_of
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from courses.views.accounts import AccountContext, get_account_or_403, show_page

HISTORY = Permission.READ_REPORTS
LATEST = 20


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Show the person's account, and everything it is linked with, as far as the reader may see it."""
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    person = get_object_or_404(people_of(here.account), pk=user_id)
    manages_logins = MANAGE_LOGINS in here.permissions
    context: dict[str, Any] = {
        "history": None,
        "person": person,
        "states": User.State,
        "manages_logins": manages_logins,
        "may_act": act_as.PERMISSION in here.permissions and act_as.why_not(request.user, person) is None,
        "why_not_change": why_not_change(person, by=request.user) if manages_logins else None,
        "enrollments": page_of(_enrollments(person, here.account), request.GET.get("page")),
        **_links(request, person, here),
        "admin_roles": _admin_roles(person, here),
    }
    if _sees_history(person, here):
        events = list(events_of(person, here.permissions)[: LATEST + 1])
        context |= {"history": lines(events[:LATEST]), "has_more_history": len(events) > LATEST}
    return show_page(request, here, "users", "user.html", **context)


def _enrollments(person: User, account: Account) -> EnrollmentQuerySet:
    """Return those in courses of this account: another school's enrollments are not for this one's staff."""
    found = Enrollment.objects.present().filter(user=person)
    if account.parent_id is not None:
        found = found.filter(section__course__account__in=with_all_below(account))
    found = found.select_related("section__course", "role", "associated_user")
    return found.order_by("section__course__sort_key", "section__sort_key", "id")


def _links(request: AuthenticatedHttpRequest, person: User, here: AccountContext) -> dict[str, Any]:
    if MANAGE_LINKS not in here.permissions:
        return {"sees_links": False}
    within = None if here.account.parent_id is None else with_all_below(here.account)
    return {
        "sees_links": True,
        "may_link": may_on_account(request.user, MANAGE_LINKS, Account.objects.root()),
        "observed": page_of(observed_by(person), request.GET.get("observed")),
        "observers": page_of(observers_of(person), request.GET.get("observers")),
        "observed_singly": observed_in_single_courses(person, within),
        "observers_singly": observers_in_single_courses(person, within),
    }


def _admin_roles(person: User, here: AccountContext) -> list[Any]:
    if MANAGE_ADMINS not in here.permissions:
        return []
    within = None if here.account.parent_id is None else with_all_below(here.account)
    return list(roles_held_by(person, within))


def _sees_history(person: User, here: AccountContext) -> bool:
    """Return whether the reader may see the history: events do not say in which school they happened."""
    return HISTORY in here.permissions and belongs_only_to(person, here.account)


@login_required
def history(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Show everything recorded about the person or done by them, page by page."""
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    person = get_object_or_404(people_of(here.account), pk=user_id)
    if not _sees_history(person, here):
        raise PermissionDenied(_("To see a person's history, you need the permission “Courses - view usage reports”."))
    page = page_of(events_of(person, here.permissions), request.GET.get("page"))
    return show_page(request, here, "users", "history.html", person=person, page=page, history=lines(page.items))
