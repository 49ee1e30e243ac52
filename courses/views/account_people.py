"""Create people's accounts and change them. Deleting is in pairing/views/account_deletion.py."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.domain.registration import NewUser, register
from accounts.domain.users import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.forms.users import EditPersonForm, NewPersonForm
from accounts.models import User
from accounts.web.pages import ConfirmPage, FormPage, Way, way
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access.accounts import PERMISSION, why_not_change
from courses.domain.rosters import people_of
from courses.views.accounts import AccountContext, AccountFormPage, AccountPage, get_account_or_403


def user_to_change(here: AccountContext, user_id: int, *, by: User) -> User:
    """Return somebody of the account, for a reader who may change this person. Raises Http404, PermissionDenied."""
    person = get_object_or_404(people_of(here.account), pk=user_id)
    if reason := why_not_change(person, by=by):
        raise PermissionDenied(reason)
    return person


class PersonPage(AccountPage):
    """What pages that change one person's account have in common."""

    permission = PERMISSION

    def find(self, user_id: int) -> None:
        self.person = user_to_change(self.here, user_id, by=self.by)
        self.names["name"] = self.person.short_name

    def back(self) -> Way:
        return way(str(self.names["name"]), "account_user", self.here.account.pk, self.person.pk)


class NewPerson(AccountFormPage):
    """An account for somebody, without a password: they choose one themselves."""

    permission = PERMISSION
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
    here = get_account_or_403(request, account_id, PERMISSION)
    person = user_to_change(here, user_id, by=request.user)
    reactivate(person, by=request.user)
    messages.success(request, _("%(name)s can sign in again.") % {"name": person.short_name})
    return redirect("account_user", account_id, user_id)
