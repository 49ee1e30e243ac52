"""One CSV file of an upload: its header, then its rows, as often as they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.text.names import tidied
from sis.files.csv_records import Layout, Malformed, Stream, cells_of, check, is_record, parsed, records, written
from sis.files.layouts import LONGEST_START, SEPARATORS, described, encoding_of, ensure_text, separator_said, title_said
from sis.files.problems import MalformedFile, Problems

MOST_COLUMNS = 500
_HEADER_BLOCK = 1 << 14
# A header is looked for in so many rows: above it may stand a title.
_HIGHEST_HEADER = 10
_NUL_IN_HEADER = gettext_lazy(
    "The header contains NUL characters, perhaps because the file is in UTF-16 without a byte order mark. Save it as "
    "“CSV UTF-8” and upload it again."
)
# So many rows are named one by one before they are only counted.
_NAMED_ROWS = 100

Opener = Callable[[], AbstractContextManager[Stream]]


class Row(NamedTuple):
    """`number` is 1-based and the header's is 1. Blank lines do not count; rows of empty cells do, but are not given.
    0: of no row in the file, but of what it no longer has.

    `cells` has every named column of the header: its name lower-cased and trimmed, the value trimmed, empty is None.
    `length` is that of its text, and so at least that of each cell. `is_again`: the data set before had it too.
    """

    number: int
    cells: dict[str, str | None]
    length: int
    is_again: bool = False


# Numbers of rows, and their texts, some thousand at a time.
Block = tuple[Sequence[int], list[str]]


@dataclass(frozen=True)
class Header:
    """The columns that a header names, as they are called here, and what there is to say about it."""

    names: tuple[str, ...]
    notices: tuple[str, ...] = ()


# Read the cells of a record of the file of this name as its header; None for what is no header of a roster file.
Understand = Callable[[str, Sequence[str]], Header | None]


@dataclass(frozen=True)
class RosterFile:
    """A file of one kind. `header` has its columns as they stand, lower-cased and trimmed; some may have no name.

    `own_names` are those that the upload has for columns of the kind, where they differ.
    """

    name: str
    kind: str
    header: tuple[str, ...]
    _blocks: Callable[[], Iterator[Block]]
    own_names: Mapping[str, str] = field(default_factory=dict)

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
_SECRET = re.compile(r"pass?[ _.-]?w|pwd|(^|[ _.-])pass$")


def is_secret(column: str) -> bool:
    """Return whether a column holds passwords, of whatever system."""
    return bool(_SECRET.search(column)) and column != "canvas_password_notification"


def cleaned(column: str) -> str:
    """Return the name of a column as it is compared: in small letters, without what nobody sees."""
    return tidied(column).lower()


# What keeps a spreadsheet from taking an id for a number: ="007".
_GUARDED = re.compile(r'="([^"]*)"')


def unguarded(text: str) -> str:
    """Return the record with cells like ="007" as what they stand for."""
    cells = (_GUARDED.sub(r"\1", cell) if _GUARDED.fullmatch(cell) else cell for cell in next(parsed([text])))
    return written(list(cells))


class Table:
    """A CSV file: its `layout`, its `header`, and `rows()`.

    `columns` are the names in the header, and `is_known` whether it is one of a roster file.
    """

    def __init__(self, name: str, open_it: Opener, problems: Problems, understand: Understand) -> None:
        """Read the header of the file that `open_it` opens from the start, each time it is called.

        What was assumed about it goes to `problems`. Raises MalformedFile when there is no header to be read.
        """
        self.name = name
        self._open = open_it
        self._problems = problems
        self._checked = False
        self.layout, marks = self._encoding()
        header, above = self._header(understand)
        self.is_known = header is not None
        if header is None:
            self.layout = replace(self.layout, separator=",", above=0)
            header = Header(tuple(map(cleaned, self._first_record())))
        self.header = header.names
        named = [column for column in self.header if column]
        self.columns = frozenset(named)
        if len(named) > len(self.columns):
            twice = next(column for column in named if named.count(column) > 1)
            message = _("The header names the column “%(column)s” twice. Remove one of the two.")
            raise MalformedFile(name, message % {"column": twice[:100]})
        if len(self.header) > MOST_COLUMNS:
            message = _("The header has more than %(most)s columns. Remove some.")
            raise MalformedFile(name, message % {"most": MOST_COLUMNS})
        if self.is_known:
            for notice in (*described(self.layout, marks, above), *header.notices):
                problems.warn(name, notice)

    def _encoding(self) -> tuple[Layout, int]:
        with self._open() as stream:
            start = stream.read(LONGEST_START)
        try:
            ensure_text(start)
        except Malformed as fault:
            raise MalformedFile(self.name, fault.message) from None
        encoding, marks = encoding_of(start)
        return Layout(encoding), marks

    def _header(self, understand: Understand) -> tuple[Header | None, str]:
        """Return the header, if it is that of a roster file, and the first title above it; complete the layout."""
        titles: list[str | None] = []
        try:
            for above, record in enumerate(self._beginning()):
                if not (above or self.layout.has_separator_line) and (said := separator_said(record)):
                    self.layout = replace(self.layout, has_separator_line=True, separator=said)
                    return self._header(understand)
                if above == _HIGHEST_HEADER:
                    break
                said_so = self.layout.has_separator_line
                for separator in [self.layout.separator] if said_so else SEPARATORS:
                    if header := self._understood(record, separator, understand):
                        self._ensure_titles(titles, above + 1)
                        self.layout = replace(self.layout, separator=separator, above=above)
                        return header, next(filter(None, titles), "")
                titles.append(title_said(record))
        except Malformed as fault:
            if not titles:
                raise MalformedFile(self.name, fault.message, fault.row) from None
        return None, ""

    def _understood(self, record: str, separator: str, understand: Understand) -> Header | None:
        if "\0" in record or not is_record(record, separator):
            return None
        found = understand(self.name, next(cells_of([record], separator)))
        if found and "\ufffd" in record:
            self.ensure_well_formed()
        return found

    def _ensure_titles(self, titles: list[str | None], row: int) -> None:
        """Raise MalformedFile where what stands above the header may be anything but a title: rows of people, say."""
        if None in titles:
            message = _("Row %(row)s looks like the header, but rows stand above it. Remove them.")
            raise MalformedFile(self.name, message % {"row": row})

    def _beginning(self) -> Iterator[str]:
        """Yield the records that are not blank as they stand, without the line that names a separator.

        Raises Malformed. A fault of the encoding further below is found by reading the rows.
        """
        layout = replace(self.layout, separator=",")
        with self._open() as stream:
            for found in records(stream, layout, errors="replace", block=_HEADER_BLOCK):
                yield from filter(None, found)

    def _first_record(self) -> list[str]:
        """Return the cells of the first record. Raises MalformedFile where there is none that can be read."""
        try:
            for record in self._beginning():
                if "\ufffd" in record:
                    self.ensure_well_formed()
                if "\0" in record:
                    raise Malformed(str(_NUL_IN_HEADER), 1)
                check([record], 1)
                return next(parsed([record]))
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
            for found in records(stream, self.layout):
                texts = [text for text in found if text] if "" in found else found
                numbers: Sequence[int] = range(number, number + len(texts))
                number += len(texts)
                joined = "".join(texts)
                if '=""' in joined:
                    texts = [unguarded(text) if '=""' in text else text for text in texts]
                if "\0" in joined:
                    broken = self._report_nul(
                        [at for at, text in zip(numbers, texts, strict=True) if "\0" in text], broken
                    )
                    numbers = [at for at, text in zip(numbers, texts, strict=True) if "\0" not in text]
                    texts = [text for text in texts if "\0" not in text]
                # The header, and what stands above it.
                while texts and numbers[0] <= self.layout.above + 1:
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
                for found in records(stream, self.layout):
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
