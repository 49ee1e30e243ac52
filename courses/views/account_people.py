"""Making people's accounts and changing them. Deleting is in pairing/views/account_deletion.py."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.domain.registration import NewUser, register
from accounts.domain.users import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.errors import Refused
from accounts.forms.users import EditPersonForm, NewPersonForm
from accounts.models import User
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.accounts import PERMISSION, why_not_change
from courses.domain.rosters import people_of
from courses.views.accounts import AccountContext, ConfirmPage, FormPage, get_account_or_403, render_confirm, show_form


def get_user_to_change(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> tuple[AccountContext, User]:
    """The account and somebody of it, for a reader who may change this person. Raises Http404, PermissionDenied."""
    here = get_account_or_403(request, account_id, PERMISSION)
    person = get_object_or_404(people_of(here.account), pk=user_id)
    if reason := why_not_change(person, by=request.user):
        raise PermissionDenied(reason)
    return here, person


@login_required
@done_once
def new(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """An account for somebody, without a password: they choose one themselves."""
    here = get_account_or_403(request, account_id, PERMISSION)
    form = NewPersonForm(request.POST or None, keys=here.permissions)

    def make() -> User:
        given = form.cleaned_data
        wanted = NewUser(
            name=given["name"],
            unique_id=given["login_id"],
            password="",
            email=given["email"],
            sis_user_id=given.get("sis_user_id"),
        )
        return register(wanted, by=request.user)

    if made := form.carry_out(make):
        return _made(request, here, made)
    about = FormPage(
        title=_("Add a person"),
        intro=(
            _(
                "The account is made without a password. The person chooses one with “Forgot your password?” on the "
                "sign-in page, which sends a link to the e-mail address given here."
            ),
        ),
        save=_("Add person"),
        back=reverse("account_users", args=[account_id]),
        back_label=_("Users"),
    )
    return show_form(request, here, about, form)


def _made(request: AuthenticatedHttpRequest, here: AccountContext, made: User) -> HttpResponse:
    names = {"name": made.name, "account": here.account.name}
    if here.account.parent_id is None:
        messages.success(request, _("%(name)s has an account now.") % names)
        return redirect("account_user", here.account.pk, made.pk)
    text = _("%(name)s has an account now. They stand in this list once they are enrolled in a course of %(account)s.")
    messages.success(request, text % names)
    return redirect("account_users", here.account.pk)


@login_required
def edit(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Somebody's names, login and e-mail."""
    here, person = get_user_to_change(request, account_id, user_id)
    shown_name = person.short_name
    form = EditPersonForm(person, request.POST or None, keys=here.permissions)
    if form.carry_out(lambda: edit_user(person, by=request.user, **form.given())):
        messages.success(request, _("The changes are saved."))
        return redirect("account_user", account_id, user_id)
    about = FormPage(
        title=_("Edit %(name)s") % {"name": shown_name},
        save=_("Save"),
        back=reverse("account_user", args=[account_id, user_id]),
        back_label=shown_name,
    )
    return show_form(request, here, about, form)


@login_required
def suspend_person(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Keep somebody out for a while, after asking."""
    here, person = get_user_to_change(request, account_id, user_id)
    refusal = None
    if request.method == "POST":
        try:
            suspend(person, by=request.user)
            messages.success(request, _("%(name)s can no longer sign in.") % {"name": person.short_name})
            return redirect("account_user", account_id, user_id)
        except Refused as caught:
            refusal = caught
    confirm_page = ConfirmPage(
        title=_("Suspend the account of %(name)s?") % {"name": person.short_name},
        sentences=(
            _("%(name)s is signed out at once, everywhere, and cannot sign in. Access tokens stop working.")
            % {"name": person.short_name},
            _("Enrollments, work and links to observers stay. The account can be reactivated at any time."),
        ),
        yes=_("Suspend"),
        no=_("Leave it as it is"),
        back=reverse("account_user", args=[account_id, user_id]),
        back_label=person.short_name,
    )
    return render_confirm(request, here, confirm_page, refusal)


@require_POST
@login_required
def reactivate_person(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Let somebody in again."""
    _post, person = get_user_to_change(request, account_id, user_id)
    reactivate(person, by=request.user)
    messages.success(request, _("%(name)s can sign in again.") % {"name": person.short_name})
    return redirect("account_user", account_id, user_id)


@login_required
def sign_out_person(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """End all sessions and tokens of somebody, after asking."""
    here, person = get_user_to_change(request, account_id, user_id)
    if request.method == "POST":
        sign_out_everywhere(person, by=request.user)
        messages.success(request, _("%(name)s is signed out everywhere.") % {"name": person.short_name})
        return redirect("account_user", account_id, user_id)
    confirm_page = ConfirmPage(
        title=_("Sign %(name)s out everywhere?") % {"name": person.short_name},
        sentences=(
            _("Every browser and app in which %(name)s is signed in is signed out at once.")
            % {"name": person.short_name},
            _("Access tokens end for good: programs that use one need a new one. The password stays as it is."),
        ),
        yes=_("Sign out everywhere"),
        no=_("Leave it as it is"),
        back=reverse("account_user", args=[account_id, user_id]),
        back_label=person.short_name,
    )
    return render_confirm(request, here, confirm_page)
