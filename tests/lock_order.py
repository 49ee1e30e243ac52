"""Whether locks are taken in the one order (accounts/domain/locks.py), watched while tests do whatever they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from accounts.advisory_locks import AdvisoryLock
from accounts.domain.locks import ORDER

EXPLICIT = re.compile(r"\bFOR (?:NO KEY UPDATE|UPDATE|SHARE)\b(?: OF \"?(\w+)\"?)?", re.IGNORECASE)
TABLES = re.compile(r"\b(?:FROM|JOIN)\s+\"?(\w+)\"?(?:\s+(?:AS\s+)?\"?(\w+)\"?)?", re.IGNORECASE)
ADVISORY = re.compile(r"pg_advisory_xact_lock", re.IGNORECASE)
DRY_RUN = "CREATE TEMP TABLE was"
PEOPLE_OF_ROWS = re.compile(r"ORDER BY (?:u|person)\.id FOR NO KEY UPDATE")
# Making or moving accounts takes the lock of the tree: see accounts/guards.py.
TREE_CHANGES = re.compile(
    r"\bINSERT INTO \"?accounts_account\"?\s|\bUPDATE \"?accounts_account\"?\s.*\bparent_id\"? =", re.S
)
CHANGES = re.compile(r"\bUPDATE\s+\"?(\w+)\"?\s|\bDELETE FROM\s+\"?(\w+)\"?", re.IGNORECASE)


def locked_by(sql: str, params: Any = ()) -> list[str]:
    """The tables of ORDER of which a statement locks rows, explicitly; or the advisory lock that it takes."""
    if takes_advisory_lock(sql):
        return [AdvisoryLock(params[0]).name]
    return rows_locked_by(sql)


# The tests send the same statements again and again.
@lru_cache(maxsize=2_000)
def takes_advisory_lock(sql: str) -> bool:
    """Whether a statement takes an advisory lock."""
    return ADVISORY.search(sql) is not None


@lru_cache(maxsize=2_000)
def rows_locked_by(sql: str) -> list[str]:
    """The tables of ORDER of which a statement locks rows, explicitly."""
    found: list[str] = []
    for match in EXPLICIT.finditer(sql):
        before = [(table, alias) for table, alias in TABLES.findall(sql[: match.start()]) if table in ORDER]
        if match[1]:
            named = [table for table, alias in before if match[1] in (table, alias)]
            found += named[:1]
        elif before:
            # Of a statement that locks all it reads, in the order it names them; of one with a subquery, the first.
            found += [before[0][0]]
    return found


@lru_cache(maxsize=2_000)
def changed_by(sql: str) -> list[str]:
    """The tables of ORDER of which a statement changes rows, and so locks them too; the tree before all."""
    tree = [AdvisoryLock.TREE.name] if TREE_CHANGES.search(sql) else []
    return tree + [table for match in CHANGES.finditer(sql) for table in match.groups() if table in ORDER]


class Watch:
    """What has been locked in the transaction that is open now, and where that was out of order."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._depth = self._open_now()
        self._held: list[str] = []
        self._people: set[int] = set()
        self._is_dry = False
        self._holds_rows = False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else str(sql)
        # A dry run is one long transaction over everything, of which nothing is kept.
        self._is_dry = self._is_dry or DRY_RUN in text
        if self._is_inside() and not self._is_dry:
            for table in locked_by(text, params):
                self._note(table, text)
            for table in changed_by(text):
                if table not in self._held:
                    self._note(table, text)
            self._note_people(text, params)
        return execute(sql, params, many, context)

    def forget(self) -> None:
        """Begin anew where no transaction of the code under test is open any more."""
        if not self._is_inside():
            self._held, self._people, self._is_dry, self._holds_rows = [], set(), False, False

    @contextmanager
    def beginning_here(self) -> Iterator[None]:
        """Take the transaction that is open now for the test's own: what the code under test opens is within it."""
        outside, self._depth = self._depth, self._open_now()
        try:
            yield
        finally:
            self._depth = outside

    def _open_now(self) -> int:
        return len(connection.savepoint_ids) + connection.in_atomic_block

    def _is_inside(self) -> bool:
        return self._open_now() > self._depth

    def _note(self, table: str, sql: str) -> None:
        later = [held for held in self._held if ORDER.index(held) > ORDER.index(table)]
        if later and table not in self._held:
            self.complaints.append(f"{table} after {', '.join(later)}: {' '.join(sql.split())[:300]}")
        if table not in self._held:
            self._held.append(table)

    def _note_people(self, sql: str, params: Any) -> None:
        # Which people a chunk of a roster holds, all at once and before all else, does not stand in the statement.
        self._holds_rows = self._holds_rows or PEOPLE_OF_ROWS.search(sql) is not None
        if self._holds_rows or "FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE" not in sql:
            return
        more = set(params[0]) - self._people
        if more and self._people and min(more) < max(self._people):
            self.complaints.append(f"people {sorted(more)} after {sorted(self._people)}")
        self._people |= more


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch the connection of this thread."""
    watch = Watch()
    leave = transaction.Atomic.__exit__

    def leave_and_forget(self: transaction.Atomic, *error: Any) -> None:
        try:
            leave(self, *error)
        finally:
            watch.forget()

    transaction.Atomic.__exit__ = leave_and_forget  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(watch):
            yield watch
    finally:
        transaction.Atomic.__exit__ = leave  # type: ignore[method-assign]
