"""The pages of an account: its people and its courses."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.domain.admin_home import AccountContext
from accounts.models import Account
from accounts.models.account_tree import above
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.pages import ActionPage, ConfirmPage, FormPage
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.site import site_of
from courses.domain.courses import where_managed
from courses.domain.rosters import courses_of, people_of, searched, searched_courses
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
    account = get_object_or_404(Account, pk=account_id, workflow_state=Account.State.ACTIVE)
    permissions = account_permissions(request.user, account)
    if not permissions or (permission and permission not in permissions):
        raise PermissionDenied(_("Only administrators of this account can open this page."))
    return AccountContext(account, permissions)


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
        "crumbs": _crumbs(request, here.account),
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


def _crumbs(request: AuthenticatedHttpRequest, account: Account) -> list[Crumb]:
    if account.parent_id is None:
        return []
    held = {held.pk for held in site_of(request).administered}
    crumbs: list[Crumb] = []
    for each in above(account):
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
    page = page_of(searched(people_of(here.account), words, here.permissions), request.GET.get("page"))
    return show_page(request, here, "users", "users.html", page=page, words=words)


@login_required
def courses(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show the courses of the account and below it, with a search and filters by term and state."""
    here = get_account_or_403(request, account_id, Permission.READ_COURSE_LIST)
    words = search_words(request.GET.get("search"))
    found = searched_courses(courses_of(here.account), words, here.permissions)
    every_term = list(terms())
    term = next((each for each in every_term if str(each.pk) == request.GET.get("term")), None)
    state = next((each for each in STATES if each.value == request.GET.get("state")), None)
    if term:
        found = found.filter(term=term)
    if state:
        found = found.filter(workflow_state=state)
    page = page_of(found, request.GET.get("page"))
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
