"""One CSV file of an upload: its header, then its rows, as often as they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

from sis.files.csv_records import NOT_UTF8, Malformed, Stream, check, parsed, records
from sis.files.problems import MalformedFile, Problems

MOST_COLUMNS = 500
_HEADER_BLOCK = 1 << 14
# So many rows are named one by one before they are only counted.
_NAMED_ROWS = 100

Opener = Callable[[], AbstractContextManager[Stream]]


class Row(NamedTuple):
    """`number` is 1-based and the header's is 1. Blank lines do not count; rows of empty cells do, but are not given.
    0: of no row in the file, but of what it no longer has.

    `cells` has every named column of the header: its name lower-cased and trimmed, the value trimmed, empty is None.
    `length` is that of its text, and so at least that of each cell.
    """

    number: int
    cells: dict[str, str | None]
    length: int


# Numbers of rows, and their texts, some thousand at a time.
Block = tuple[Sequence[int], list[str]]


@dataclass(frozen=True)
class RosterFile:
    """A file of one kind. `header` has its columns as they stand, lower-cased and trimmed; some may have no name."""

    name: str
    kind: str
    header: tuple[str, ...]
    _blocks: Callable[[], Iterator[Block]]

    @property
    def columns(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(filter(None, self.header))

    def blocks(self) -> Iterator[Block]:
        """Yield its rows as text, from the first, each time. Raises MalformedFile before the first, or never."""
        return self._blocks()

    def rows(self) -> Iterator[Row]:
        """Yield its rows, from the first, each time. Raises MalformedFile before the first row, or never."""
        return rows_of(self.header, self.blocks())

    @cached_property
    def size(self) -> tuple[int, int]:
        """How many rows the upload has for it, and characters in all of them. Raises MalformedFile."""
        rows = characters = 0
        for numbers, texts in self.blocks():
            rows, characters = rows + len(numbers) - numbers.count(0), characters + sum(map(len, texts))
        return rows, characters


def rows_of(header: Sequence[str], blocks: Iterable[Block]) -> Iterator[Row]:
    """Yield the rows that these texts are, without those that are empty."""
    width = len(header)
    columns = [column for column in header if column]
    # Only when the header has blank names do the cells have to be picked.
    picked = [index for index, column in enumerate(header) if column] if len(columns) < width else None
    for numbers, texts in blocks:
        for number, text, cells in zip(numbers, texts, parsed(texts), strict=True):
            values = [cell.strip() or None for cell in cells]
            if len(values) != width:
                values = (values + [None] * (width - len(values)))[:width]
            if picked:
                values = [values[index] for index in picked]
            if any(values):
                yield Row(number, dict(zip(columns, values, strict=True)), len(text))


# The names that columns with passwords have in whatever system.
_SECRET = re.compile(r"passw|pwd|(^|[ _.-])pass$")


def is_secret(column: str) -> bool:
    """Return whether a column holds passwords, of whatever system."""
    return bool(_SECRET.search(column)) and column != "canvas_password_notification"


def cleaned(column: str) -> str:
    """Return the name of a column as it is compared."""
    return column.strip().lower()


class Table:
    """A CSV file: `columns`, and `rows()`. `open_it` opens it from the start, each time it is called."""

    def __init__(self, name: str, open_it: Opener, problems: Problems) -> None:
        """Reads the header. Raises MalformedFile when there is none to be read."""
        self.name = name
        self._open = open_it
        self._problems = problems
        self._checked = False
        self.header = tuple(self._header())
        named = [column for column in self.header if column]
        self.columns = frozenset(named)
        if len(named) > len(self.columns):
            twice = next(column for column in named if named.count(column) > 1)
            message = _("The header names the column “%(column)s” twice. Remove one of the two.")
            raise MalformedFile(name, message % {"column": twice[:100]})
        if len(self.header) > MOST_COLUMNS:
            message = _("The header has more than %(most)s columns. Remove some.")
            raise MalformedFile(name, message % {"most": MOST_COLUMNS})

    def _header(self) -> list[str]:
        try:
            with self._open() as stream:
                # A fault further below is found by reading the rows.
                for found in records(stream, errors="replace", block=_HEADER_BLOCK):
                    for record in filter(None, found):
                        check([record], 1)
                        if "\ufffd" in record:
                            raise Malformed(str(NOT_UTF8))
                        return [cleaned(column) for column in next(parsed([record]))]
        except Malformed as fault:
            raise MalformedFile(self.name, fault.message, fault.row) from None
        raise MalformedFile(self.name, _("The file is empty: it has no header row."))

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header. Raises MalformedFile before the first row, or never."""
        return rows_of(self.header, self.blocks())

    def blocks(self) -> Iterator[Block]:
        """Yield the rows below the header as text. The whole file is looked at before the first is given.

        Rows with a NUL character are left out and reported. Raises MalformedFile.
        """
        self.ensure_well_formed()
        number, broken = 1, 0
        with self._open() as stream:
            for found in records(stream):
                texts = [text for text in found if text] if "" in found else found
                numbers: Sequence[int] = range(number, number + len(texts))
                number += len(texts)
                if "\0" in "".join(texts):
                    broken = self._report_nul(
                        [at for at, text in zip(numbers, texts, strict=True) if "\0" in text], broken
                    )
                    numbers = [at for at, text in zip(numbers, texts, strict=True) if "\0" not in text]
                    texts = [text for text in texts if "\0" not in text]
                # The header is the first record.
                if texts and numbers[0] == 1:
                    numbers, texts = numbers[1:], texts[1:]
                if texts:
                    yield numbers, texts
        if broken > _NAMED_ROWS:
            message = _("%(count)s more rows contain a NUL character and were left out.")
            self._problems.warn(self.name, message % {"count": broken - _NAMED_ROWS})

    def ensure_well_formed(self) -> None:
        """Look at the whole file, once. Raises MalformedFile."""
        if self._checked:
            return
        row = 1
        try:
            with self._open() as stream:
                for found in records(stream):
                    row = check(found, row)
        except Malformed as fault:
            raise MalformedFile(self.name, fault.message, fault.row) from None
        self._checked = True

    def _report_nul(self, numbers: list[int], before: int) -> int:
        """Name these rows, until there were too many; gives how many there are now, with those `before`."""
        message = _(
            "This row contains a NUL character and was left out. Remove the character and upload the row again."
        )
        for number in numbers[: max(0, _NAMED_ROWS - before)]:
            self._problems.warn(self.name, message, number)
        return before + len(numbers)
