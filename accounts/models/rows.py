"""Rows of large answers, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError


def rows_of(found: QuerySet[Any, tuple[Any, ...]], at_once: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a `values_list` as the database gives them, `at_once` in memory at a time.

    They come through a cursor of the server that lives as long as the transaction, and so goes through a pooler too,
    as those of `iterator()` do not. Raises TransactionManagementError outside of a transaction of that database.
    """
    connection = connections[found.db]
    if not connection.in_atomic_block:
        raise TransactionManagementError("rows are read a few at a time within a transaction")
    sql, params = found.query.sql_with_params()
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(at_once):
            yield from rows
