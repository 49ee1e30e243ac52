"""Who holds admin roles on an account, giving them and taking them away."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain.admins import PERMISSION, admins_of, givable_roles, make_admin, removable, remove_admin
from accounts.errors import Refused
from accounts.forms.users import AdminForm
from accounts.models import User
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.rosters import findable, searched
from courses.views.accounts import ConfirmPage, FormPage, get_account_or_403, render_confirm, show_form, show_page
from courses.views.person_search import Search, find_person

TAB = "admins"


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """The admins of this very account, to be searched."""
    here = get_account_or_403(request, account_id, PERMISSION)
    words = search_words(request.GET.get("search"))
    found = admins_of(here.account)
    if words:
        found = found.filter(user__in=searched(User.objects.all(), words, here.permissions))
    page = page_of(found, request.GET.get("page"))
    may_remove = removable(page.items, by=request.user)
    return show_page(request, here, TAB, "admins.html", page=page, words=words, removable=may_remove)


@login_required
def find(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Find somebody to give a role to."""
    here = get_account_or_403(request, account_id, PERMISSION)
    search = Search(
        title=_("Add an admin"),
        intro=_("Who is to help run %(account)s?") % {"account": here.account.name},
        back=reverse("account_admins", args=[account_id]),
        back_label=_("Admins"),
        tab=TAB,
    )

    def address(person: User) -> str:
        return reverse("make_account_admin", args=[account_id, person.pk])

    def why_not(_people: Collection[User]) -> dict[int, str]:
        return {}

    return find_person(request, here, search, address, why_not)


@login_required
@done_once
def make(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Choose the role; a POST gives it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    person = get_object_or_404(findable(here.account, by=request.user), pk=user_id)
    roles = givable_roles(here.account, by=request.user)
    form = AdminForm(roles, request.POST or None)
    names = {"name": person.short_name, "account": here.account.name}
    if form.carry_out(lambda: make_admin(person, form.cleaned_data["role"], here.account, by=request.user)):
        messages.success(request, _("%(name)s is an admin of %(account)s now.") % names)
        return redirect("account_admins", account_id)
    about = FormPage(
        title=_("Make %(name)s an admin of %(account)s?") % names,
        intro=(
            _("%(name)s can then do in %(account)s, and in everything below it, what the role allows.") % names,
            _("You see the roles that may do no more than you may yourself.")
            if roles
            else _("There is no role here that may do no more than you may yourself, so you cannot give one."),
        ),
        save=_("Give this role"),
        back=reverse("account_admins", args=[account_id]),
        back_label=_("Admins"),
        tab=TAB,
    )
    return show_form(request, here, about, form)


@login_required
@done_once
def remove(request: AuthenticatedHttpRequest, account_id: int, admin_id: int) -> HttpResponse:
    """Take a role away, after asking."""
    here = get_account_or_403(request, account_id, PERMISSION)
    admin = get_object_or_404(admins_of(here.account), pk=admin_id)
    names = {"name": admin.user.name, "role": admin.role.label, "account": here.account.name}
    refusal = None
    if request.method == "POST":
        try:
            remove_admin(admin, by=request.user)
            messages.success(request, _("%(name)s no longer has the role %(role)s on %(account)s.") % names)
            return redirect("account_admins", account_id)
        except Refused as caught:
            refusal = caught
    confirm_page = ConfirmPage(
        title=_("Take the role %(role)s from %(name)s?") % names,
        sentences=(
            _("%(name)s can no longer do in %(account)s and below it what this role allows, from the next click.")
            % names,
            _("The account of %(name)s, and roles on other accounts and in courses, stay.") % names,
        ),
        yes=_("Take the role away"),
        no=_("Leave it as it is"),
        back=reverse("account_admins", args=[account_id]),
        back_label=_("Admins"),
        tab=TAB,
    )
    return render_confirm(request, here, confirm_page, refusal)
