"""The pages of an account: its people, its courses, and the accounts below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.domain.accounts import PERMISSION, create_sub_account, edit_account, sub_accounts_of
from accounts.domain.admin_home import AccountContext
from accounts.errors import NotPossible, Refused
from accounts.forms.users import AccountForm
from accounts.models import Account
from accounts.models.account import line_to
from accounts.models.numbers import CountOf
from accounts.models.replica import lagging
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, may_on_account, permissions_on
from accounts.text.search import Search
from accounts.web.pages import ActionPage, ConfirmPage, FormPage, Way, way
from accounts.web.pagination import Page, page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.site import Site, site_of
from courses.domain.accounts import delete_sub_account, what_is_in_the_way
from courses.domain.courses import where_managed
from courses.domain.people_lists import people_listed
from courses.domain.rosters import courses_of, searched, searched_courses
from courses.domain.terms import terms
from courses.models import Course

# The states a list of courses can be filtered by.
STATES = (Course.State.UNPUBLISHED, Course.State.AVAILABLE, Course.State.COMPLETED)

FIRST_PAGES = (
    (Permission.READ_ROSTER, "account_users"),
    (Permission.READ_COURSE_LIST, "account_courses"),
    (Permission.MANAGE_ROLE_OVERRIDES, "account_permissions"),
)
# Rosters are imported for the whole institution only.
FIRST_PAGES_OF_ROOT = (*FIRST_PAGES, (Permission.IMPORT_SIS, "sis_imports"), (Permission.MANAGE_SIS, "sis_imports"))


class Crumb(NamedTuple):
    """An account in the breadcrumbs, and whether this reader may open it."""

    account: Account
    is_open: bool


def get_account_or_403(
    request: AuthenticatedHttpRequest, account_id: int, permission: Permission | None = None
) -> AccountContext:
    """Return the account, for a reader with a role there or above. Raises Http404, or PermissionDenied."""
    line = _known_line(site_of(request), account_id) or line_to(account_id)
    if not line or line[-1].workflow_state != Account.State.ACTIVE:
        raise Http404
    *up, account = line
    permissions = account_permissions(request.user, account)
    if not permissions or (permission and permission not in permissions):
        raise PermissionDenied(gettext("Only administrators of this account can open this page."))
    return AccountContext(account, permissions, up)


def _known_line(here: Site, account_id: int) -> list[Account]:
    """Return the accounts from the root down to this one, where what every page looks up includes them all."""
    known = {each.pk: each for each in (here.root, *here.administered) if each}
    found = known.get(account_id)
    line = [*found.ancestors, found.pk] if found else []
    return [known[pk] for pk in line] if known.keys() >= set(line) else []


def show_page(
    request: AuthenticatedHttpRequest,
    here: AccountContext,
    tab: str,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page of the account within its frame."""
    frame = {
        "account": here.account,
        "permissions": here.permissions,
        "tab": tab,
        "crumbs": _crumbs(request, here.above),
    }
    return render(request, f"accounts/{template}", {**frame, **context}, status=status)


class AccountPage(ActionPage):
    """The frame of an account around a form or a question."""

    permission: ClassVar[Permission]
    tab: ClassVar[str] = "users"

    def enter(self, account_id: int, **ids: Any) -> None:
        self.here = get_account_or_403(self.request, account_id, self.permission)
        self.names = {"account": self.here.account.name}
        self.find(**ids)

    def find(self, *args: Any, **ids: Any) -> None:
        """Look up what else the page is about. Raises Http404, PermissionDenied, NotAllowed."""

    def show(self, *args: Any, **context: Any) -> HttpResponse:
        context = {"about": self.about(), **self.facts(), **context}
        return show_page(self.request, self.here, self.tab, self.template, **context)


class AccountFormPage(AccountPage, FormPage):
    """A form on a page of an account."""


class AccountConfirmPage(AccountPage, ConfirmPage):
    """A question on a page of an account."""


def _crumbs(request: AuthenticatedHttpRequest, up: Iterable[Account]) -> list[Crumb]:
    held = {held.pk for held in site_of(request).administered}
    crumbs: list[Crumb] = []
    for each in up:
        crumbs.append(Crumb(each, each.pk in held or bool(crumbs and crumbs[-1].is_open)))
    return crumbs


@login_required
def account(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Redirect to the first page of the account that the reader may open."""
    here = get_account_or_403(request, account_id)
    known = FIRST_PAGES if here.account.parent_id else FIRST_PAGES_OF_ROOT
    pages = [page for permission, page in known if permission in here.permissions]
    return redirect(pages[0] if pages else "sub_accounts", account_id)


@login_required
def users(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show everyone who belongs to the account, with a search."""
    here = get_account_or_403(request, account_id, Permission.READ_ROSTER)
    words = search_words(request.GET.get("search"))
    people = people_listed(here.account)
    page = lagging(lambda name: page_of(searched(people.using(name), words, here.permissions), request.GET.get("page")))
    return show_page(request, here, "users", "users.html", page=page, words=words)


@login_required
def courses(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the courses of the account and below it, with a search and filters by term and state."""
    here = get_account_or_403(request, account_id, Permission.READ_COURSE_LIST)
    words = search_words(request.GET.get("search"))
    every_term = list(terms())
    term = next((each for each in every_term if str(each.pk) == request.GET.get("term")), None)
    state = next((each for each in STATES if each.value == request.GET.get("state")), None)

    def read(name: str) -> Page[Course]:
        found = searched_courses(courses_of(here.account).using(name), words, here.permissions)
        if term:
            found = found.filter(term=term)
        if state:
            found = found.filter(workflow_state=state)
        return page_of(found, request.GET.get("page"))

    page = lagging(read)
    context: dict[str, Any] = {
        "page": page,
        "managed": where_managed({course.account for course in page.items}, by=request.user),
        "words": words,
        "terms": every_term,
        "term": term,
        "states": STATES,
        "state": state,
    }
    return show_page(request, here, "courses", "courses.html", **context)


TAB = "sub_accounts"


@login_required
def sub_accounts(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the accounts directly below, with how many courses each has itself; for everyone with a role here."""
    here = get_account_or_403(request, account_id)
    words = search_words(request.GET.get("search"))
    found = sub_accounts_of(here.account)
    if words:
        found = found.filter(Search(words).found)
    counted = found.annotate(course_count=CountOf(Course.objects.present().filter(account=OuterRef("pk"))))
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
