"""Who holds admin roles on an account, giving them and taking them away."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.admins import PERMISSION, admins_of, givable_roles, make_admin, removable, remove_admin
from accounts.errors import Refused
from accounts.forms import AdminForm
from accounts.models import User
from accounts.paging import page_of, search_words
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.people import findable, searched
from courses.views.accounts import FormPage, Question, ask, enter, show_form, show_page
from courses.views.finding import Search, find_person

TAB = "admins"


@login_required
def index(request: SignedInRequest, account_id: int) -> HttpResponse:
    """The admins of this very account, to be searched."""
    post = enter(request, account_id, PERMISSION)
    words = search_words(request.GET.get("search"))
    found = admins_of(post.account)
    if words:
        found = found.filter(user__in=searched(User.objects.all(), words, post.permissions))
    page = page_of(found, request.GET.get("page"))
    may_remove = removable(page.items, by=request.user)
    return show_page(request, post, TAB, "admins.html", page=page, words=words, removable=may_remove)


@login_required
def find(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Find somebody to give a role to."""
    post = enter(request, account_id, PERMISSION)
    search = Search(
        title=_("Add an admin"),
        intro=_("Who is to help run %(account)s?") % {"account": post.account.name},
        back=reverse("account_admins", args=[account_id]),
        back_label=_("Admins"),
        tab=TAB,
    )

    def address(person: User) -> str:
        return reverse("make_account_admin", args=[account_id, person.pk])

    def why_not(_people: Collection[User]) -> dict[int, str]:
        return {}

    return find_person(request, post, search, address, why_not)


@login_required
@done_once
def make(request: SignedInRequest, account_id: int, user_id: int) -> HttpResponse:
    """Choose the role; a POST gives it."""
    post = enter(request, account_id, PERMISSION)
    person = get_object_or_404(findable(post.account, by=request.user), pk=user_id)
    roles = givable_roles(post.account, by=request.user)
    form = AdminForm(roles, request.POST or None)
    names = {"name": person.short_name, "account": post.account.name}
    if form.carry_out(lambda: make_admin(person, form.cleaned_data["role"], post.account, by=request.user)):
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
    return show_form(request, post, about, form)


@login_required
@done_once
def remove(request: SignedInRequest, account_id: int, admin_id: int) -> HttpResponse:
    """Take a role away, after asking."""
    post = enter(request, account_id, PERMISSION)
    admin = get_object_or_404(admins_of(post.account), pk=admin_id)
    names = {"name": admin.user.name, "role": admin.role.label, "account": post.account.name}
    refusal = None
    if request.method == "POST":
        try:
            remove_admin(admin, by=request.user)
            messages.success(request, _("%(name)s no longer has the role %(role)s on %(account)s.") % names)
            return redirect("account_admins", account_id)
        except Refused as caught:
            refusal = caught
    question = Question(
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
    return ask(request, post, question, refusal)
