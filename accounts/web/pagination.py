"""Paginate long lists without counting them: counting millions of people takes longer than showing fifty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

from accounts.models.search import SearchedQuerySet
from accounts.text.names import tidied

SIZE = 50
# Far pages make the database read everything before them. Searching is faster.
LAST = 2_000

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list: its items, and whether there are pages before and after it."""

    items: list[Item]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int:
        return self.number + 1


def cut(found: QuerySet[Any] | Sequence[Item], number: int, size: int) -> Page[Item]:
    """Return a page of a list, fetched with one statement: one row more than it shows says whether there is a next."""
    part = window(number, size)
    items = found.rows(part.start, part.stop) if isinstance(found, SearchedQuerySet) else list(found[part])
    return page_from(items, number, size)


def window(number: int, size: int = SIZE) -> slice:
    """Return what of a list is fetched for a page: one row more than it shows."""
    start = (number - 1) * size
    return slice(start, start + size + 1)


def page_from(items: list[Item], number: int, size: int = SIZE) -> Page[Item]:
    """Return the page of the items in its window."""
    return Page(items[:size], number, has_next=len(items) > size)


def page_of(found: QuerySet[Any] | Sequence[Any], asked: str | None, size: int = SIZE) -> Page[Any]:
    """Return the requested page (`"3"`), or the first if that is not a page number."""
    page = cut(found, number_of(asked), size)
    return replace(page, has_next=page.has_next and page.number < LAST)


def number_of(asked: str | None) -> int:
    """Return the number of the requested page (`"3"`): the first, if that is not one."""
    number = int(asked) if asked and asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    return min(max(number, 1), LAST)


def search_words(given: str | None) -> str:
    """Return the search text, in the form that texts are stored in, cut to a reasonable length."""
    return tidied(given or "")[:100]
