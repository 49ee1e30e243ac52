"""Lists that are searched: the people of the institution, or its courses, in the order of their names.

A search that many fit is quickest along the list, one that few fit by the index of words. What PostgreSQL would choose
by itself takes those who fit for evenly spread over the list. They are not: whose last name begins with “sch” stands at
its end, so that the walk would read all that come before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar

from django.db.models import F, Func, Model, Q, QuerySet, TextField, Value

from accounts.models.numbers import expected
from accounts.text.search import Search, Start, beginning_with

Row = TypeVar("Row", bound=Model)

# So few rows the index gives at once, and so few of a single word it looks up soon.
FEW, SOME = 1_000, 20_000
# So many of the list are looked at in any case, if it is worth it at all.
AHEAD = 8_000
# Rows farther on are not looked for ahead.
FAR = 1_000
# Of more words than these, the longest are looked up.
WORDS = 4


# Where a list begins that was not told where to begin.
ANYWHERE: Any = object()


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
    _begin: Any = ANYWHERE

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

    def beginning(self, key: Any) -> Self:
        """Return the same list, of which no row stands before this first key of the order; None: that of missing."""
        clone = self._chain()  # type: ignore[attr-defined]
        clone._begin = key
        return clone

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the rows from `start` to before `stop` (up to five statements)."""
        search = self._search
        if search is None or stop > FAR or not self._is_by_name or not search.words:
            return self._plainly(self if search is None else self.filter(search.found), start, stop)
        rows = self._by_one_word(search, stop) if len(search.words) == 1 else self._by_several(search, stop)
        return sorted(rows, key=lambda row: (row.sort_key, row.pk))[start:stop]  # type: ignore[attr-defined]

    @property
    def _ordering(self) -> list[Any]:
        return [F(one).asc() if isinstance(one, str) else one for one in self.query.order_by]

    @property
    def _is_by_name(self) -> bool:
        keys = self._ordering
        return len(keys) == 2 and keys[0] == F("sort_key").asc() and keys[1] in (F("id").asc(), F("pk").asc())

    def _plainly(self, found: QuerySet[Row], start: int, stop: int) -> list[Row]:
        """Return the rows of a list in any order, or far on. What is sorted by a key that may be missing is read in two
        parts, each by an index: those that have it, and the others by what they are sorted by besides.
        """
        if not (self._is_whole and _may_be_missing(self.model, self._ordering)):
            return list(found[start:stop])
        key, *besides = self._ordering
        path, bound = key.expression.name, "lte" if key.descending else "gte"
        having, without = found.exclude(**{path: None}), found.filter(**{path: None}).order_by(*besides)
        parts = [without, having] if key.descending else [having, without]
        if self._begin not in (ANYWHERE, None):
            parts[key.descending] = having = having.filter(**{f"{path}__{bound}": self._begin})
        if self._begin is not ANYWHERE and (self._begin is None) != key.descending:
            del parts[0]
        return _in_turn(parts, start, stop)

    def _by_one_word(self, search: Search, stop: int) -> list[Row]:
        """Return what one word finds: by the first word of the order in its order; if many others fit, along it."""
        (first,) = search.starts
        unsearched = self._unsearched if self._unsearched is not None else self
        everything, fitting = expected(unsearched.using(self.db), Q(), search.otherwise())
        # Of rows that fit, spread evenly, so many are read to have those wanted; they are spread less evenly.
        ahead = 2 * stop * everything / fitting if fitting > FEW else fitting
        if ahead < fitting and (rows := self._beginning(max(AHEAD, round(ahead)), stop)):
            return rows
        return self._together([self.filter(first.begins)[:stop], self._sorted(search.otherwise(), stop)])

    def _by_several(self, search: Search, stop: int) -> list[Row]:
        """Return what several words find: by one that few names have, or else in parts, of each the first rows.

        Most who are found stand together: their last names begin with one of the words. These are looked through for
        the others; where they are too many, the index tells the rest.
        """
        if len(search.words) > WORDS:
            return list(self._sorted(search.found_by(sorted(search.words, key=len)[-WORDS:]), stop))
        by_word = {word: beginning_with([word]) for word in search.words}
        with_initials, *each = expected(self._all, search.initials, *by_word.values())
        having = dict(zip(by_word, each, strict=True))
        rarest = min(search.words, key=having.__getitem__)
        if having[rarest] <= FEW:
            return list(self._sorted(search.found_by([rarest]), stop))
        # How many have all of them nobody knows beforehand: a given name may often stand beside another.
        if with_initials > FEW and (rows := self._beginning(AHEAD, stop)):
            return rows
        horizons = self._horizons(search.starts)
        rows = self._together([self._near(start, horizons.get(start.word))[:stop] for start in search.starts])
        rest = [self._sorted(search.otherwise([word for word in search.words if having[word] <= SOME]), stop)]
        for start in search.starts:
            if (horizon := horizons.get(start.word)) and sum(map(start.begins_row, rows)) < stop:
                rest.append(self._sorted(start.found & Q(sort_key__gt=horizon), stop))
        return rows + self._together(rest)

    def _near(self, start: Start, horizon: str | None) -> QuerySet[Row]:
        return self.filter(start.found_row_by_row, Q(sort_key__lte=horizon) if horizon else Q())

    def _beginning(self, ahead: int, stop: int) -> list[Row]:
        """Return what is found among so many rows of the list, if it is as much as is wanted; otherwise nothing."""
        rows = list(self.filter(sort_key__lte=self._key_after(ahead, self._not_before).values("sort_key"))[:stop])
        return rows if len(rows) == stop else []

    def _horizons(self, starts: Sequence[Start]) -> dict[str, str]:
        """Return, by word, the key of the order up to which rows that begin so are looked at, if there are more."""
        first, *others = [
            self._key_after(AHEAD, start.begins & self._not_before).values_list(Value(start.word), "sort_key")
            for start in starts
        ]
        return dict(first.union(*others, all=True))

    def _key_after(self, ahead: int, there: Q) -> QuerySet[Any, Any]:
        return self._all.filter(there).order_by("sort_key", "id")[ahead : ahead + 1]

    @property
    def _all(self) -> QuerySet[Any, Any]:
        return self.model._default_manager.using(self.db)

    @property
    def _not_before(self) -> Q:
        return Q() if self._begin is ANYWHERE else Q(sort_key__gte=self._begin)

    def _sorted(self, found: Q, stop: int) -> QuerySet[Row]:
        """Return the first rows of those that another index than that of the order finds."""
        return self.filter(found).order_by(_Sorted(F("sort_key"), Value("")), "pk")[:stop]

    @staticmethod
    def _together(parts: Sequence[QuerySet[Row]]) -> list[Row]:
        first, *others = parts
        return list(first.union(*others, all=True))


def _may_be_missing(model: type[Model], keys: Sequence[Any]) -> bool:
    """Return whether what is sorted by first is a column that may be empty."""
    nullable = {field.name for field in model._meta.concrete_fields if field.null}
    return bool(keys) and getattr(keys[0].expression, "name", "") in nullable


def _in_turn(parts: Sequence[QuerySet[Row]], start: int, stop: int) -> list[Row]:
    """Return the rows from `start` to before `stop` of one list after the other (a statement for each, and a count)."""
    rows: list[Row] = []
    for part in parts:
        found = list(part[start:stop])
        rows += found
        if len(found) == stop - start:
            break
        there = start + len(found) if found or not start else part.order_by()[:start].count()
        start, stop = max(start - there, 0), stop - there
    return rows
