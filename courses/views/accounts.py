"""The pages of an account: its people and its courses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.paging import page_of, search_words
from accounts.permissions import account_permissions, administered
from accounts.requests import SignedInRequest
from accounts.tree import above
from courses.people import courses_of, people_of, searched

FIRST_PAGES = (
    ("read_roster", "account_users"),
    ("read_course_list", "account_courses"),
    ("manage_role_overrides", "account_permissions"),
)


class Crumb(NamedTuple):
    """An account on the way back, and whether this reader may open it."""

    account: Account
    is_open: bool


@dataclass(frozen=True)
class Post:
    """An account, and what the reader may do there."""

    account: Account
    permissions: frozenset[str]


def enter(request: SignedInRequest, account_id: int, permission: str | None = None) -> Post:
    """The account, for a reader with a role there or above. Raises Http404, or PermissionDenied."""
    account = get_object_or_404(Account, pk=account_id, workflow_state=Account.State.ACTIVE)
    permissions = account_permissions(request.user, account)
    if not permissions or (permission and permission not in permissions):
        raise PermissionDenied(_("This page is for administrators of this account."))
    return Post(account, permissions)


def show_page(request: SignedInRequest, post: Post, tab: str, template: str, **context: Any) -> HttpResponse:
    """Render a page of the account within its frame."""
    frame = {
        "account": post.account,
        "permissions": post.permissions,
        "tab": tab,
        "crumbs": _crumbs(request, post.account),
        "sub_accounts": post.account.sub_accounts.filter(workflow_state=Account.State.ACTIVE).order_by("name", "id"),
    }
    return render(request, f"accounts/{template}", {**frame, **context})


def _crumbs(request: SignedInRequest, account: Account) -> list[Crumb]:
    if account.parent_id is None:
        return []
    held = {held.pk for held in administered(request.user)}
    crumbs: list[Crumb] = []
    for each in above(account):
        crumbs.append(Crumb(each, each.pk in held or bool(crumbs and crumbs[-1].is_open)))
    return crumbs


@login_required
def account(request: SignedInRequest, account_id: int) -> HttpResponse:
    """To the first page of the account that the reader may open."""
    post = enter(request, account_id)
    pages = [page for permission, page in FIRST_PAGES if permission in post.permissions]
    return redirect(pages[0] if pages else "account_courses", account_id)


@login_required
def users(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Everybody who belongs to the account, to be searched."""
    post = enter(request, account_id, "read_roster")
    words = search_words(request.GET.get("search"))
    page = page_of(searched(people_of(post.account), words, post.permissions), request.GET.get("page"))
    return show_page(request, post, "users", "users.html", page=page, words=words)


@login_required
def courses(request: SignedInRequest, account_id: int) -> HttpResponse:
    """The courses of the account and below it, to be searched."""
    post = enter(request, account_id, "read_course_list")
    words = search_words(request.GET.get("search"))
    found = courses_of(post.account)
    if words:
        wanted = Q(name__icontains=words) | Q(course_code__icontains=words)
        if "read_sis" in post.permissions:
            wanted |= Q(sis_course_id__icontains=words)
        found = found.filter(wanted)
    return show_page(
        request, post, "courses", "courses.html", page=page_of(found, request.GET.get("page")), words=words
    )
