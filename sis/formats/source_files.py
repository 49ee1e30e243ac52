"""The files of one upload in OneRoster or School Data Sync, and what is left out of them.

Rows whose status is a word that means nothing here are never read, lest they make anything; of these, and of rows
without a place here, there is one warning for each word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import ngettext

from sis.files.problems import Problems
from sis.files.tables import Row, Table
from sis.formats.scratch_tables import Scratch

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
        """The rows of a file, if it is there, whose status has a meaning; at their end a warning for each other word.

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

    def warn_of_each(self, words: Counter[str], table: Table, text: Callable[[int], str]) -> None:
        """One warning for each word, with how many rows it stands in; `text` is for so many."""
        for word, number in words.items():
            self.problems.warn(table.name, text(number) % {"count": number, "word": word[:100]})


def status_of(cells: Cells) -> str | None:
    """active, inactive (as old files have it) or deleted; None for a word that means nothing here."""
    said = (cells.get("status") or "active").lower()
    return {"active": "active", "tobedeleted": "deleted", "inactive": "inactive"}.get(said)


def count_word(counts: Counter[str], word: str) -> None:
    """Count what is left out by the word it goes by; of very many different words, the later ones together."""
    counts[word if word in counts or len(counts) < _MOST_WORDS else "…"] += 1


def report_left_out(source: Source, table: Table, counts: Counter[str]) -> None:
    """One warning for each word."""
    source.warn_of_each(
        counts,
        table,
        lambda number: ngettext(
            "%(count)s row of the kind “%(word)s” was left out: this kind is not imported.",
            "%(count)s rows of the kind “%(word)s” were left out: this kind is not imported.",
            number,
        ),
    )
