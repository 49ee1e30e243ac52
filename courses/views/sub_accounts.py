"""The accounts below an account: finding, creating, editing and deleting them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.domain.accounts import PERMISSION, create_sub_account, edit_account, sub_accounts_of
from accounts.errors import NotPossible, Refused
from accounts.forms.users import AccountForm
from accounts.models import Account
from accounts.permissions.resolver import may_on_account, permissions_on
from accounts.text.collation import Holds
from accounts.web.pages import Way, way
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.accounts import delete_sub_account, what_is_in_the_way
from courses.models import Course
from courses.views.accounts import AccountConfirmPage, AccountFormPage, get_account_or_403, show_page

TAB = "sub_accounts"


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the accounts directly below, with how many courses each has itself; for everyone with a role here."""
    here = get_account_or_403(request, account_id)
    words = search_words(request.GET.get("search"))
    found = sub_accounts_of(here.account)
    if words:
        found = found.filter(Holds(words))
    counted = found.annotate(course_count=Count("courses", filter=~Q(courses__workflow_state=Course.State.DELETED)))
    page = page_of(counted, request.GET.get("page"))
    held = permissions_on(request.user, page.items)
    managed = {pk for pk, keys in held.items() if PERMISSION in keys}
    return show_page(request, here, TAB, "sub_accounts.html", page=page, words=words, managed=managed)


class NewSubAccount(AccountFormPage):
    """Make an account below this one."""

    permission, tab = PERMISSION, TAB
    title = _("Add a sub-account of %(account)s")
    save = _("Add sub-account")
    done = _("Sub-account %(name)s created.")

    def form(self, data: QueryDict | None) -> AccountForm:
        return AccountForm(None, data, keys=self.here.permissions)

    def act(self, form: AccountForm) -> None:
        self.names["name"] = create_sub_account(self.here.account, by=self.by, **form.cleaned_data).name

    def back(self) -> Way:
        return way(_("Sub-accounts"), "sub_accounts", self.here.account.pk)


class EditAccount(AccountFormPage):
    """Rename this account, or give it another SIS id."""

    permission, tab = PERMISSION, TAB
    title, done = _("Edit %(account)s"), _("Changes saved.")
    is_done_once = False

    def form(self, data: QueryDict | None) -> AccountForm:
        return AccountForm(self.here.account, data, keys=self.here.permissions)

    def act(self, form: AccountForm) -> Account:
        # Another object than the frame's: after an error, the page still shows the account's own name.
        account = Account.objects.get(pk=self.here.account.pk)
        return edit_account(account, by=self.by, **form.cleaned_data)

    def back(self) -> Way:
        return way(_("Sub-accounts"), "sub_accounts", self.here.account.pk)


class DeleteSubAccount(AccountConfirmPage):
    """Delete this account, after asking: only an empty one."""

    permission, tab = PERMISSION, TAB
    title = _("Delete the sub-account %(account)s?")
    sentences = (
        _("It has no courses and no sub-accounts. Admin roles on it end."),
        _("People's accounts do not change. Its SIS ID can be used again."),
    )
    yes = _("Delete sub-account")
    done = _("Sub-account %(account)s deleted.")

    def find(self) -> None:
        if self.here.account.parent is None:
            raise Http404
        self.parent: Account = self.here.account.parent
        if not may_on_account(self.by, PERMISSION, self.parent):
            raise PermissionDenied(_("Only people who manage the account above can delete a sub-account."))

    def in_the_way(self) -> Refused | None:
        reason = what_is_in_the_way(self.here.account)
        return NotPossible(reason) if reason else None

    def act(self) -> None:
        delete_sub_account(self.here.account, by=self.by)

    def back(self) -> Way:
        return way(_("Sub-accounts"), "sub_accounts", self.parent.pk)
