"""Finding a person to do something with: a search, page by page, in which each line leads on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.http import HttpResponse

from accounts.models import User
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.rosters import findable, known_of_findable, searched
from courses.views.accounts import AccountContext, show_page


@dataclass(frozen=True)
class Search:
    """What a search is for: its title, what to say above it, and the way back."""

    title: str
    intro: str
    back: str
    back_label: str
    tab: str = "users"


@dataclass(frozen=True)
class Choice:
    """Somebody found: where choosing them leads, or why they cannot be chosen."""

    person: User
    address: str
    why_not: str = ""


def find_person(
    request: AuthenticatedHttpRequest,
    here: AccountContext,
    search: Search,
    choose: Callable[[User], str],
    why_not: Callable[[Collection[User]], dict[int, str]],
) -> HttpResponse:
    """Render the search. `choose` gives the address behind a person, `why_not` by id who cannot be chosen and why."""
    words = search_words(request.GET.get("search"))
    keys = known_of_findable(here.account, by=request.user)
    people = searched(findable(here.account, by=request.user), words, keys)
    page = page_of(people if words else people.none(), request.GET.get("page"))
    reasons = why_not(page.items)
    choices = [Choice(person, choose(person), reasons.get(person.pk, "")) for person in page.items]
    return show_page(
        request, here, search.tab, "find_person.html", about=search, page=page, choices=choices, words=words, keys=keys
    )
