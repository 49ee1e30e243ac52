"""Find rows by ids that another query gives."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet


class OneOf(Func):
    """Whether a column, the row's own id if none is named, is one of the ids that a query gives.

    The database looks these ids up first: for a few rows of a table that grows. With `pk__in` it may instead go through
    the table and ask of each row whether it is meant, because the rows are wanted in an order that an index has, or
    because another condition stands beside this one with OR.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, ids: QuerySet[Any, Any], column: str = "pk") -> None:
        super().__init__(F(column), ArraySubquery(ids))
