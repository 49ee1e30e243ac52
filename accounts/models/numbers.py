"""Numbers that grow with the institution, counted no further than anybody wants to know them, or only expected."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Subquery, Value
from django.utils.translation import gettext as _

MOST_COUNTED = 10_000
# More than there are of anything.
_ALL = 10**9


@dataclass(frozen=True)
class Number:
    """How many there are: so many, or so many at least."""

    counted: int
    is_more: bool = False

    def __bool__(self) -> bool:
        return bool(self.counted)

    def __str__(self) -> str:
        """Return the number as a sentence says it."""
        return _("%(number)s or more") % {"number": f"{self.counted:,}"} if self.is_more else str(self.counted)


def number(counted: int) -> Number:
    """Return the number for a count of the first rows, of one row more than are counted at most."""
    return Number(min(counted, MOST_COUNTED), is_more=counted > MOST_COUNTED)


def first(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return the first rows in any order: one more than are counted at most."""
    return rows.order_by()[: MOST_COUNTED + 1]


def count(rows: QuerySet[Any, Any]) -> Number:
    """Return how many rows there are (one statement)."""
    return number(first(rows).count())


def expected(rows: QuerySet[Any, Any], *found: Q) -> list[float]:
    """Return how many rows the database expects of each, at least two, which it tells without looking at them."""
    first, *others = [rows.filter(one).order_by()[:_ALL] for one in found]
    (plan,) = json.loads(first.union(*others, all=True).explain(format="json"))
    return [float(each["Plan Rows"]) for each in plan["Plan"]["Plans"]]


class CountOf(Subquery):
    """For each row of a queryset, how many rows of another one belong to it by an `OuterRef`.

    Only what is shown is counted: COUNT over a join would count for all rows of the list before the first page is cut.
    """

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        # Nothing of the rows is wanted, so that an index alone may answer.
        super().__init__(first(rows).values(one=Value(1)))

    def get_db_converters(self, connection: Any) -> list[Callable[..., Number]]:
        """Return what makes a Number of the database's."""
        return [lambda counted, _expression, _connection: number(counted)]
