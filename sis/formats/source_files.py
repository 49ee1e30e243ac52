"""The files of one upload in OneRoster or School Data Sync, what is left out of them, and the tables that join them.

Rows whose status is a word that means nothing here are never read, lest they make anything; of these, and of rows
without a place here, there is one warning for each word.

OneRoster says a person's role in one file and the guardians in another, in no order. A million of each do not fit the
memory an import may take, so the few columns that joins need are copied into temporary tables, on a connection of
their own, where PostgreSQL joins and sorts them on its disk. That is far less code than sorting files ourselves, and
quick enough: half a million people with their roles and agents, and a million enrollments, were read and converted in
19 s and 62 MB on a small machine, about 100,000 rows a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count, islice
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.translation import ngettext

from sis.files.problems import Problems
from sis.files.tables import Row, Table

Cells = dict[str, str | None]
# The number of the row it comes from, and the cells of the row that it makes
Converted = tuple[int, Cells]

# So many different words are reported by name.
_MOST_WORDS = 20


@dataclass(frozen=True)
class Dialect:
    """Where one of the formats says what both say."""

    class_account: str
    class_terms: str
    class_code: str
    course_code: str
    role_begin: str
    role_end: str
    is_primary: Callable[[Cells], bool]
    enrollment_roles: dict[str, str]


@dataclass
class Source:
    """The files of one upload, by their names in lower case, and what converting them needs.

    `at` is when the import started. `is_whole`: what is not in the files is not there at all. `is_to_compare`: only
    what the files say is wanted, not the deletions of links in force that they no longer have.
    """

    tables: dict[str, Table]
    dialect: Dialect
    problems: Problems
    scratch: Scratch
    at: datetime
    is_whole: bool
    is_to_compare: bool

    @property
    def today(self) -> date:
        """The day on which the import started, where the institution is."""
        return timezone.localdate(self.at)

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a file, if it is there, whose status has a meaning; at their end a warning for each other
        word.

        Raises MalformedFile before the first row, or never.
        """
        if (table := self.tables.get(name)) is None:
            return
        unknown: Counter[str] = Counter()
        for row in table.rows():
            if status_of(row.cells):
                yield row
            else:
                count_word(unknown, (row.cells["status"] or "").lower())
        self.warn_of_each(
            unknown,
            table,
            lambda number: ngettext(
                "%(count)s row with the status “%(word)s” was left out: it must be active, inactive or tobedeleted.",
                "%(count)s rows with the status “%(word)s” were left out: it must be active, inactive or tobedeleted.",
                number,
            ),
        )

    def warn_of_each(self, words: Counter[str], table: Table, text: Callable[[int], str], **named: str) -> None:
        """Warn once for each word, with how many rows it stands in; `text` is for so many, and names `named` too."""
        for word, number in words.items():
            self.problems.warn(table.name, text(number) % {"count": number, "word": word[:100], **named})


def status_of(cells: Cells) -> str | None:
    """active, inactive (as old files have it) or deleted; None for a word that means nothing here."""
    said = (cells.get("status") or "active").lower()
    return {"active": "active", "tobedeleted": "deleted", "inactive": "inactive"}.get(said)


def count_word(counts: Counter[str], word: str) -> None:
    """Count what is left out by the word it goes by; of very many different words, the later ones together."""
    counts[word if word in counts or len(counts) < _MOST_WORDS else "…"] += 1


def report_left_out(source: Source, table: Table, counts: Counter[str], known: Iterable[str]) -> None:
    """Warn once for each word, and list the words `known`."""
    source.warn_of_each(
        counts,
        table,
        lambda number: ngettext(
            "%(count)s row of the kind “%(word)s” was left out: this kind is not imported. Imported: %(known)s.",
            "%(count)s rows of the kind “%(word)s” were left out: this kind is not imported. Imported: %(known)s.",
            number,
        ),
        known=", ".join(known),
    )


_ROWS_AT_ONCE = 2000


class Scratch:
    """Temporary tables, gone when it is closed. Nothing is opened before the first is filled."""

    def __init__(self) -> None:
        self._wrapper: BaseDatabaseWrapper | None = None
        self._filled: set[str] = set()
        self._names = count(1)

    def fill(self, name: str, columns: str, rows: Iterator[Row], values: Callable[[Row], Iterable[tuple]]) -> bool:
        """Make a table (once) and fill it with `values` of each of these rows of a file.

        `columns` are names and types as in CREATE TABLE. Says whether it was made now. Raises MalformedFile.
        """
        if name in self._filled:
            return False
        # A fault of the file comes up before its first row, and must not amid the copying.
        first = list(islice(rows, 1))
        with self._connection().cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for row in chain(first, rows):
                    for line in values(row):
                        copy.write_row(line)
            cursor.execute(f"ANALYZE {name}")
        self._filled.add(name)
        return True

    def make(self, name: str, query: str) -> None:
        """Make a table (once) from a query over others."""
        if name not in self._filled:
            self._connection().execute(f"CREATE TEMPORARY TABLE {name} AS {query}")
            self._connection().execute(f"ANALYZE {name}")
            self._filled.add(name)

    def add(self, name: str, rows: Iterable[tuple]) -> None:
        """More rows for a table that is there."""
        with self._connection().cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def replace(self, name: str, column: str, by: str) -> None:
        """Put into a column of a table, for each id that the table `by` (id, own) has, what it has for it."""
        self._connection().execute(f"UPDATE {name} SET {column} = {by}.own FROM {by} WHERE {by}.id = {name}.{column}")

    def read(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the answer to a query, with few rows in memory at a time."""
        with self._connection().cursor(name=f"reading_{next(self._names)}") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query)
            yield from cursor

    def close(self) -> None:
        if self._wrapper:
            # The tables go with the transaction that made them.
            self._wrapper.connection.rollback()
            self._wrapper.close()
            self._wrapper = None

    def _connection(self) -> psycopg.Connection:
        if self._wrapper is None:
            self._wrapper = connection.copy()
            self._wrapper.ensure_connection()
            self._wrapper.set_autocommit(False)
        return self._wrapper.connection
