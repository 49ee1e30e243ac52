"""Who has admin roles in an account, giving and removing them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.domain.admins import PERMISSION, admins_of, givable_roles, make_admin, removable, remove_admin
from accounts.forms.users import AdminForm
from accounts.models import AccountAdmin, User
from accounts.web.pages import Way, way
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.rosters import findable, searched
from courses.views.accounts import AccountConfirmPage, AccountFormPage, get_account_or_403, show_page
from courses.views.person_search import PersonSearchPage

TAB = "admins"


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the admins of this account itself, with a search."""
    here = get_account_or_403(request, account_id, PERMISSION)
    words = search_words(request.GET.get("search"))
    found = admins_of(here.account)
    if words:
        found = found.filter(user__in=searched(User.objects.all(), words, here.permissions))
    page = page_of(found, request.GET.get("page"))
    may_remove = removable(page.items, by=request.user)
    return show_page(request, here, TAB, "admins.html", page=page, words=words, removable=may_remove)


class FindAdmin(PersonSearchPage):
    """Find somebody to give a role to."""

    permission, tab = PERMISSION, TAB
    title, intro = _("Add an admin"), _("Who should help manage %(account)s?")

    def choose(self, person: User) -> str:
        return reverse("make_account_admin", args=[self.here.account.pk, person.pk])

    def back(self) -> Way:
        return way(_("Admins"), "account_admins", self.here.account.pk)


class MakeAdmin(AccountFormPage):
    """Choose the role to give somebody."""

    permission, tab = PERMISSION, TAB
    title = _("Make %(name)s an admin of %(account)s?")
    meaning = _("%(name)s then gets the permissions of the role in %(account)s and everything below it.")
    choice = _("You can choose roles whose permissions you all have yourself.")
    no_choice = _("Every role here has permissions that you do not have, so you cannot give one.")
    save = _("Give this role")
    done = _("%(name)s is now an admin of %(account)s.")

    def find(self, user_id: int) -> None:
        self.person = get_object_or_404(findable(self.here.account, by=self.by), pk=user_id)
        self.roles = givable_roles(self.here.account, by=self.by)
        self.names["name"] = self.person.short_name
        self.intro = (self.meaning, self.choice if self.roles else self.no_choice)

    def form(self, data: QueryDict | None) -> AdminForm:
        return AdminForm(self.roles, data)

    def act(self, form: AdminForm) -> AccountAdmin:
        return make_admin(self.person, form.cleaned_data["role"], self.here.account, by=self.by)

    def back(self) -> Way:
        return way(_("Admins"), "account_admins", self.here.account.pk)


class RemoveAdmin(AccountConfirmPage):
    """Take a role away, after asking."""

    permission, tab = PERMISSION, TAB
    title = _("Remove the role %(role)s from %(name)s?")
    sentences = (
        _("%(name)s loses the permissions of this role in %(account)s and below it right away."),
        _("The account of %(name)s stays, and so do roles in other accounts and in courses."),
    )
    yes, no = _("Remove role"), _("Cancel")
    done = _("%(name)s no longer has the role %(role)s on %(account)s.")

    def find(self, admin_id: int) -> None:
        self.admin = get_object_or_404(admins_of(self.here.account), pk=admin_id)
        self.names |= {"name": self.admin.user.name, "role": self.admin.role.label}

    def act(self) -> AccountAdmin:
        return remove_admin(self.admin, by=self.by)

    def back(self) -> Way:
        return way(_("Admins"), "account_admins", self.here.account.pk)
