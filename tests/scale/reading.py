"""How much a request reads of the tables that grow with the institution."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from django.db import connection

# What the transaction at hand has read so far of each: rows, and entries of its indexes.
READ = """
SELECT of.relname, pg_stat_get_xact_tuples_returned(of.oid) + pg_stat_get_xact_tuples_fetched(of.oid)
       + coalesce(sum(pg_stat_get_xact_tuples_returned(index.indexrelid)), 0)
FROM pg_class of LEFT JOIN pg_index index ON index.indrelid = of.oid
WHERE of.relname = ANY(%s) AND of.relkind = 'r' GROUP BY of.oid, of.relname
"""


class Reading:
    """How much of each table that grows is read while this is entered; and by each statement, if that is asked."""

    def __init__(self, tables: list[str], *, by_statement: bool = False) -> None:
        self._tables = tables
        self._by_statement, self._watching = by_statement, ExitStack()
        self._before: dict[str, int] = {}
        self.read: dict[str, int] = {}
        self.by: list[tuple[dict[str, int], str]] = []

    def __enter__(self) -> Reading:
        self._before = self._so_far()
        if self._by_statement:
            self._watching.enter_context(connection.execute_wrapper(self._statement))
        return self

    def __exit__(self, *exception: object) -> None:
        self._watching.close()
        self.read = self._since(self._before)

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        before = self._so_far()
        answer = execute(sql, params, many, context)
        self.by.append((self._since(before), sql))
        return answer

    def _since(self, before: Mapping[str, int]) -> dict[str, int]:
        return {table: read - before[table] for table, read in self._so_far().items()}

    def _so_far(self) -> dict[str, int]:
        return dict(connection.connection.execute(READ, [self._tables]).fetchall())
