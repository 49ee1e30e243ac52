"""One CSV file of an upload: its header, then its rows, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from sis.reading.problems import MalformedFile, Problems
from sis.reading.records import NOT_UTF8, Malformed, Stream, check, parsed, records, written

MOST_COLUMNS = 500
_HEADER_BLOCK = 1 << 14
# So many rows are named one by one before they are only counted.
_NAMED_ROWS = 100

Opener = Callable[[], AbstractContextManager[Stream]]


class Row(NamedTuple):
    """`number` is 1-based and the header's is 1. Blank lines do not count; rows of empty cells do, but are not given.

    `cells` has every named column of the header: its name lower-cased and trimmed, the value trimmed, empty is None.
    `raw` is the row as text without passwords.
    """

    number: int
    cells: dict[str, str | None]
    raw: str


@dataclass(frozen=True)
class RosterFile:
    """A file of one kind. `columns` are its header's names, lower-cased and trimmed."""

    name: str
    kind: str
    columns: frozenset[str]
    _rows: Callable[[], Iterator[Row]]

    def rows(self) -> Iterator[Row]:
        """Its rows, from the first, each time. Raises MalformedFile before the first row, or never."""
        return self._rows()


def is_secret(column: str) -> bool:
    """Whether a column holds passwords, of whatever system."""
    return "password" in column and column != "canvas_password_notification"


def emptied(cells: list[str], secrets: list[int]) -> list[str]:
    """The cells with nothing in these columns."""
    return ["" if index in secrets else cell for index, cell in enumerate(cells)]


def cleaned(column: str) -> str:
    """The name of a column as it is compared."""
    return column.strip().lower()


class Table:
    """A CSV file: `columns`, and `rows()`. `open_it` opens it from the start, each time it is called."""

    def __init__(self, name: str, open_it: Opener, problems: Problems) -> None:
        """Reads the header. Raises MalformedFile when there is none to be read."""
        self.name = name
        self._open = open_it
        self._problems = problems
        self._checked = False
        header = self._header()
        self.named = [(index, column) for index, column in enumerate(header) if column]
        self.columns = frozenset(column for _index, column in self.named)
        self._width = len(header)
        self._secrets = [index for index, column in self.named if is_secret(column)]
        if len(self.named) > len(self.columns):
            twice = next(column for _index, column in self.named if header.count(column) > 1)
            message = _("The header names the column “%(column)s” twice. Remove one of the two.")
            raise MalformedFile(name, message % {"column": twice[:100]})
        if len(header) > MOST_COLUMNS:
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
        raise MalformedFile(self.name, _("The file is empty: there is not even a header."))

    def rows(self) -> Iterator[Row]:
        """The rows below the header. The whole file is looked at before the first is given.

        Rows with a NUL character are left out and reported. Raises MalformedFile.
        """
        self.ensure_well_formed()
        columns = [column for _index, column in self.named]
        # Only when the header has blank names do the cells have to be picked.
        picked = [index for index, _column in self.named] if len(self.named) < self._width else None
        width, secrets, broken = self._width, self._secrets, 0
        for number, record, cells in self._cells():
            if "\0" in record:
                broken += 1
                self._report_nul(number, broken)
                continue
            values = [cell.strip() or None for cell in cells]
            if len(values) != width:
                values = (values + [None] * (width - len(values)))[:width]
            if picked:
                values = [values[index] for index in picked]
            if any(values):
                shown = written(emptied(cells, secrets)) if secrets else record
                yield Row(number, dict(zip(columns, values, strict=True)), shown)
        if broken > _NAMED_ROWS:
            message = _("%(count)s more rows hold a NUL character and were left out.")
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

    def _cells(self) -> Iterator[tuple[int, str, list[str]]]:
        """Number, text and cells of each record below the header of a file that is well formed."""
        number = 0
        with self._open() as stream:
            for found in records(stream):
                for record, cells in zip(found, parsed(found), strict=True):
                    if record:
                        number += 1
                        if number > 1:
                            yield number, record, cells

    def _report_nul(self, number: int, count: int) -> None:
        if count <= _NAMED_ROWS:
            message = _(
                "This row holds a NUL character and was left out. Remove the character and upload the row again."
            )
            self._problems.warn(self.name, message, number)
