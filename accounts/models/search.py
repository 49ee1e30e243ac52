"""Lists that are searched: the people of the institution, or its courses, in the order of their names.

A search that many fit is quickest along the list, one that few fit by the index of words. What PostgreSQL would choose
by itself takes those who fit for evenly spread over the list. They are not: whose last name begins with “sch” stands at
its end, so that the walk would read all that come before.
"""

from __future__ import annotations

import json
from typing import Any, Self, TypeVar

from django.db.models import F, Func, Model, QuerySet, TextField, Value

from accounts.text.search import Search

Row = TypeVar("Row", bound=Model)

# So few rows the index gives at once; so many of the list are looked at in any case, if it is worth it at all.
FEW, AHEAD = 1_000, 8_000
# Rows farther on are not looked for ahead.
FAR = 1_000


class _Sorted(Func):
    """The key of the order in a form that no index has: to have those sorted whom another index finds."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


class SearchedQuerySet(QuerySet[Row]):
    """Rows with the columns `search_words` and `sort_key`, which can be searched."""

    _search: Search | None = None
    _unsearched: QuerySet[Any] | None = None
    _is_whole = False
    _begin = ""

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._search, clone._unsearched = self._search, self._unsearched
        clone._is_whole, clone._begin = self._is_whole, self._begin
        return clone

    def whole(self) -> Self:
        """Return the same list, known to be a large part of all there is: searches are answered along its order."""
        clone = self._chain()  # type: ignore[attr-defined]
        clone._is_whole = True
        return clone

    def searched(self, search: Search) -> Self:
        """Return what is found of the list."""
        if not self._is_whole:
            return self.filter(search.found)
        found = self.filter(search.found_row_by_row)
        found._search, found._unsearched = search, self
        return found

    def beginning(self, key: str) -> Self:
        """Return the same list, of which no row stands before this key of the order."""
        clone = self._chain()  # type: ignore[attr-defined]
        clone._begin = key
        return clone

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the rows from `start` to before `stop`."""
        search = self._search
        if search is None:
            return list(self[start:stop])
        if stop > FAR or not self._is_by_name or not search.has_words:
            return list(self.filter(search.found)[start:stop])
        others = self.filter(search.otherwise)
        if ahead := self._worth_looking_at(search, stop):
            rows = list(self.filter(sort_key__lte=self._horizon(ahead))[:stop])
            if len(rows) == stop:
                return rows[start:]
        found = others.order_by(_Sorted(F("sort_key"), Value("")), "pk")[:stop]
        if by_first_word := [self.filter(one)[:stop] for one in search.by_first_word]:
            return list(found.union(*by_first_word, all=True).order_by("sort_key", "pk")[start:stop])
        return list(found)[start:]

    @property
    def _is_by_name(self) -> bool:
        keys = [F(one).asc() if isinstance(one, str) else one for one in self.query.order_by]
        return len(keys) == 2 and keys[0] == F("sort_key").asc() and keys[1] in (F("id").asc(), F("pk").asc())

    def _worth_looking_at(self, search: Search, stop: int) -> int:
        """Return at how many rows of the list to look first, if the `stop` that are wanted are soon among them.

        Of rows that fit, spread evenly, so many would be read to have those wanted; they are spread less evenly.
        """
        if self._unsearched is None or (fitting := _estimate(self._unsearched.filter(search.otherwise))) <= FEW:
            return 0
        evenly = stop * _estimate(self._unsearched) / fitting
        return max(AHEAD, round(2 * evenly)) if 2 * evenly < fitting else 0

    def _horizon(self, ahead: int) -> QuerySet[Any, Any]:
        """Return, for use within a query, the key of the order after so many rows."""
        there = self.model._default_manager.filter(sort_key__gte=self._begin).order_by("sort_key", "id")
        return there.values("sort_key")[ahead : ahead + 1]


def _estimate(rows: QuerySet[Any]) -> float:
    """Return how many rows the database expects, which it tells without looking at them."""
    (plan,) = json.loads(rows.order_by().explain(format="json"))
    return float(plan["Plan"]["Plan Rows"])
