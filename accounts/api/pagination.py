"""Paginate lists: `page`, `per_page`, and a Link header with absolute addresses.

A list is asked for by numbers of pages, or by bookmarks, which the links to the next page are: what comes after this
row. So nobody is listed twice or left out because others have come or gone meanwhile. A bookmark is signed: it is what
an answer has given, for a list in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import F, Field, Model, OrderBy, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.api.endpoints import ApiRequest
from accounts.api.parameter_types import Counter, Schema, Word
from accounts.api.parameters import Parameters
from accounts.errors import Invalid
from accounts.models.numbers import Number, count
from accounts.models.search import SearchedQuerySet
from accounts.web.pagination import Page, cut

DEFAULT = 10
MOST = 100
# Beyond it the database would skip rows for nothing.
FARTHEST = 10_000_000
BOOKMARK = "bookmark:"


@dataclass(frozen=True, eq=False)
class PageAsked(Counter):
    """The number of a page; or, in `bookmark`, where an earlier page ended."""

    def bookmark(self, bag: Parameters) -> str:
        """Return the bookmark; empty where a number was sent, or nothing."""
        text = self.sent(bag)
        return text.removeprefix(BOOKMARK) if text.startswith(BOOKMARK) else ""

    def schema(self) -> Schema:
        return {"anyOf": [super().schema(), {"type": "string"}], "default": self.default}


PAGE = PageAsked("page", "Which page of the list: a number, or what a link says.", default=1, most=FARTHEST)
PER_PAGE = Counter("per_page", "How many rows a page has.", default=DEFAULT, most=MOST)
PAGING = (PAGE, PER_PAGE)
# For lists that can be sorted either way.
DESCENDING = "desc"
ORDER = Word("order", "In which direction.", words=("asc", DESCENDING))
# Never repeated in an answer, even if a client has put it into an address.
SECRET = ("access_token", "pairing_code", "observee[password]")

Row = TypeVar("Row", bound=Model)
NOTHING = Q(pk__in=[])
NO_SUCH_PAGE: dict[str, list[tuple[str, str | Promise]]] = {
    "page": [("invalid", gettext_lazy("This is not a page of this list. Begin with the first."))]
}


def page_of(request: ApiRequest, rows: QuerySet[Row] | Sequence[Row], *, is_small: bool = False) -> list[Row]:
    """Return the rows of the requested page, fetched with one statement; set the Link header of the answer.

    One row more is fetched to see whether there is a next page. Only a list that `is_small`, such as that of one
    course, is counted, with another statement where it has several pages: then the first ones link to the last.
    """
    order = Order(rows) if isinstance(rows, QuerySet) else None
    bookmark, size = PAGE.bookmark(request.bag), request.params[PER_PAGE]
    page: Page[Row]
    if bookmark:
        if order is None:
            raise Invalid(NO_SUCH_PAGE)
        page, links = cut(order.after(bookmark), 1, size), {"current": BOOKMARK + bookmark, "first": "1"}
    else:
        page = cut(rows, request.params[PAGE], size)
        links = {"current": str(page.number), "first": "1"}
        links |= {"prev": str(page.previous)} if page.has_previous else {}
    if not page.has_next:
        links["last"] = links["current"]
    else:
        links["next"] = BOOKMARK + order.bookmark(page.items[-1]) if order else str(page.next)
        if is_small and not bookmark and (last := _last_page(rows, size)):
            links["last"] = str(last)
    shown = [f'<{_address(request, links[rel])}>; rel="{rel}"' for rel in RELS if rel in links]
    request.headers["Link"] = ",".join(shown)
    return page.items


RELS = ("current", "next", "prev", "first", "last")


def _last_page(rows: QuerySet[Row] | Sequence[Row], size: int) -> int | None:
    """Return the number of the last page; None for a list that is too long to be counted."""
    total = count(rows) if isinstance(rows, QuerySet) else Number(len(rows))
    return None if total.is_more else -(-total.counted // size)


@dataclass(frozen=True)
class Key:
    """One of the values that a list is sorted by."""

    path: str
    is_descending: bool
    nulls_come_last: bool
    is_nullable: bool

    def of(self, row: Model) -> Any:
        """Return the value of a row, in a form that JSON has."""
        found: Any = row
        for name in self.path.split("__"):
            found = getattr(found, name, None)
        if isinstance(found, Model):
            found = found.pk
        return found.isoformat() if isinstance(found, datetime) else found

    def same(self, value: Any) -> Q:
        """Return the condition that a row has this value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any) -> Q:
        """Return the condition that a row's value comes after this one."""
        if value is None:
            return NOTHING if self.nulls_come_last else Q(**{f"{self.path}__isnull": False})
        found = Q(**{f"{self.path}__{'lt' if self.is_descending else 'gt'}": value})
        return found | self.same(None) if self.is_nullable and self.nulls_come_last else found

    def not_before(self, value: Any) -> Q:
        """Return a condition that every row from this value on fulfills, by which an index finds the first of them."""
        if value is None or self.is_nullable:
            return Q()
        return Q(**{f"{self.path}__{'lte' if self.is_descending else 'gte'}": value})


class Order:
    """By what a list is sorted, the last of it unique: so a row's place is told by its values."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows = rows

    @cached_property
    def keys(self) -> list[Key]:
        """The values that the list is sorted by."""
        keys = [self._key(one) for one in self._rows.query.order_by]
        return keys if keys and keys[-1].path in ("pk", "id") else [*keys, self._key("pk")]

    def bookmark(self, row: Model) -> str:
        """Return what to send for the rows after this one."""
        return signing.dumps([key.of(row) for key in self.keys], salt=self._salt)

    def after(self, bookmark: str) -> QuerySet[Any]:
        """Return the rows of the list that come after a bookmark. Raises Invalid for one of another list."""
        try:
            values = signing.loads(bookmark, salt=self._salt)
        except signing.BadSignature:
            raise Invalid(NO_SUCH_PAGE) from None
        found = NOTHING
        for key, value in reversed([*zip(self.keys, values, strict=True)]):
            found = key.beyond(value) | (key.same(value) & found)
        rows = self._rows.filter(self.keys[0].not_before(values[0]) & found)
        return rows.beginning(values[0]) if isinstance(rows, SearchedQuerySet) else rows

    @property
    def _salt(self) -> str:
        order = ",".join(f"{'-' if key.is_descending else ''}{key.path}" for key in self.keys)
        return f"accounts.api.pagination {self._rows.model.__name__} {order}"

    def _key(self, one: Any) -> Key:
        if isinstance(one, str):
            one = OrderBy(F(one.lstrip("-")), descending=one.startswith("-"))
        path, is_descending = one.expression.name, one.descending
        nulls_last = bool(one.nulls_last) or (not is_descending and not one.nulls_first)
        return Key(path, is_descending, nulls_last, self._is_nullable(path))

    def _is_nullable(self, path: str) -> bool:
        """Return whether a value may be missing; what is computed for the list may always be."""
        model: Any = self._rows.model
        for name in path.split("__"):
            if name == "pk":
                return False
            if annotation := self._rows.query.annotations.get(name):
                return not getattr(annotation, "is_never_missing", False)
            field: Field[Any, Any] = model._meta.get_field(name)
            if field.null:
                return True
            model = field.related_model
        return False


def _address(request: ApiRequest, page: str) -> str:
    """Return this request's own address with all its filters (clients send nothing else with the next page)."""
    query = request.request.query_params
    left_out = ("page", "per_page", *SECRET)
    pairs = [(key, value) for key in query if key not in left_out for value in query.getlist(key)]
    pairs += [("page", page), ("per_page", str(request.params[PER_PAGE]))]
    return f"{request.address(request.request.path)}?{urlencode(pairs)}"
