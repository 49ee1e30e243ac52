"""People's accounts: creating and changing them, and one person as the account's staff see them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.domain.admins import PERMISSION as MANAGE_ADMINS
from accounts.domain.admins import roles_held_by
from accounts.domain.registration import NewUser, register
from accounts.domain.users import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.forms.users import EditPersonForm, NewPersonForm
from accounts.models import Account, FurtherSisId, User
from accounts.models.account import with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.web.pages import ConfirmPage, FormPage, Way, way
from accounts.web.pagination import number_of, page_from, page_of, window
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access import act_as
from courses.access.accounts import PERMISSION as MANAGE_LOGINS
from courses.access.accounts import belongs_only_to, why_not_change
from courses.access.observation import MANAGE_LINKS
from courses.domain.history import events_of, lines
from courses.domain.observers import in_single_courses
from courses.domain.rosters import links_of, people_of
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from courses.views.accounts import AccountContext, AccountFormPage, AccountPage, get_account_or_403, show_page


def user_to_change(here: AccountContext, user_id: int, *, by: User) -> User:
    """Return somebody of the account, for a reader who may change this person. Raises Http404, PermissionDenied."""
    person = get_object_or_404(people_of(here.account), pk=user_id)
    if reason := why_not_change(person, by=by):
        raise PermissionDenied(reason)
    return person


class PersonPage(AccountPage):
    """What pages that change one person's account have in common."""

    permission = MANAGE_LOGINS

    def find(self, user_id: int) -> None:
        self.person = user_to_change(self.here, user_id, by=self.by)
        self.names["name"] = self.person.short_name

    def back(self) -> Way:
        return way(str(self.names["name"]), "account_user", self.here.account.pk, self.person.pk)


class NewPerson(AccountFormPage):
    """An account for somebody, without a password: they choose one themselves."""

    permission = MANAGE_LOGINS
    title = _("Add a person")
    intro = (
        _(
            "The account is created without a password. The person chooses one with “Forgot your "
            "password?” on the sign-in page, which sends a link to this email address."
        ),
    )
    save = _("Add person")
    done = _("Account created for %(name)s.")
    done_below = _(
        "Account created for %(name)s. They appear in this list once they are enrolled in a course of %(account)s."
    )

    def form(self, data: QueryDict | None) -> NewPersonForm:
        return NewPersonForm(data, keys=self.here.permissions)

    def act(self, form: NewPersonForm) -> None:
        self.made = register(NewUser(password="", **form.cleaned_data), by=self.by)
        self.names["name"] = self.made.name

    def back(self) -> Way:
        return way(_("Users"), "account_users", self.here.account.pk)

    def finish(self) -> HttpResponse:
        is_listed = self.here.account.parent_id is None
        messages.success(self.request, self.say(self.done if is_listed else self.done_below))
        return redirect("account_user", self.here.account.pk, self.made.pk) if is_listed else redirect(self.then())


class EditPerson(PersonPage, FormPage):
    """Somebody's names, login and e-mail."""

    title, done = _("Edit %(name)s"), _("Changes saved.")
    is_done_once = False

    def form(self, data: QueryDict | None) -> EditPersonForm:
        return EditPersonForm(self.person, data, keys=self.here.permissions)

    def act(self, form: EditPersonForm) -> User:
        return edit_user(self.person, by=self.by, **form.given())


class SuspendPerson(PersonPage, ConfirmPage):
    """Keep somebody out for a while, after asking."""

    title = _("Suspend the account of %(name)s?")
    sentences = (
        _("%(name)s is signed out everywhere right away and cannot sign in. Access tokens stop working."),
        _("Enrollments, work and observer links stay. You can reactivate the account at any time."),
    )
    yes, no = _("Suspend"), _("Cancel")
    done = _("%(name)s can no longer sign in.")
    is_done_once = False

    def act(self) -> None:
        suspend(self.person, by=self.by)


class SignOutPerson(PersonPage, ConfirmPage):
    """End all sessions and tokens of somebody, after asking."""

    title = _("Sign %(name)s out everywhere?")
    sentences = (
        _("%(name)s is signed out of every browser and app right away."),
        _("Access tokens are revoked for good: programs that use one need a new one. The password does not change."),
    )
    yes, no = _("Sign out everywhere"), _("Cancel")
    done = _("%(name)s has been signed out everywhere.")
    is_done_once = False

    def act(self) -> None:
        sign_out_everywhere(self.person, by=self.by)


@require_POST
@login_required
def reactivate_person(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Let a person in again."""
    here = get_account_or_403(request, account_id, MANAGE_LOGINS)
    person = user_to_change(here, user_id, by=request.user)
    reactivate(person, by=request.user)
    messages.success(request, _("%(name)s can sign in again.") % {"name": person.short_name})
    return redirect("account_user", account_id, user_id)


# The further ids by which the school's systems know a person.
FURTHER_IDS = ArraySubquery(
    FurtherSisId.objects.filter(user=OuterRef("pk"))
    .order_by("id")
    .values(json=JSONObject(id="sis_user_id", is_live="is_live"))
)
HISTORY = Permission.READ_REPORTS
LATEST = 20


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Show the person's account, and everything it is linked with, as far as the reader may see it."""
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    person = get_object_or_404(people_of(here.account).annotate(further_ids=FURTHER_IDS), pk=user_id)
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
    singly_observed, singly_observers = in_single_courses(person, within)
    one, other = number_of(request.GET.get("observed")), number_of(request.GET.get("observers"))
    observed, observers = links_of(person, observed=window(one), observers=window(other))
    return {
        "sees_links": True,
        "may_link": may_on_account(request.user, MANAGE_LINKS, Account.objects.root()),
        "observed": page_from(observed, one),
        "observers": page_from(observers, other),
        "observed_singly": singly_observed,
        "observers_singly": singly_observers,
    }


def _admin_roles(person: User, here: AccountContext) -> list[Any]:
    if MANAGE_ADMINS not in here.permissions:
        return []
    return roles_held_by(person, within=here.account)


def _sees_history(person: User, here: AccountContext) -> bool:
    """Return whether the reader may see the history: events do not say in which school they happened."""
    return HISTORY in here.permissions and belongs_only_to(person, here.account)


@login_required
def history(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Show everything recorded about the person or done by them, page by page."""
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    person = get_object_or_404(people_of(here.account), pk=user_id)
    if not _sees_history(person, here):
        raise PermissionDenied(
            gettext("To see a person's history, you need the permission “Courses - view usage reports”.")
        )
    page = page_of(events_of(person, here.permissions), request.GET.get("page"))
    return show_page(request, here, "users", "history.html", person=person, page=page, history=lines(page.items))
