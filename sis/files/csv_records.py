"""Strict CSV (RFC 4180) in a stream: lines end in LF, CRLF or a lone CR, and whoever reads sees commas and text.

How else a file may be written (its `Layout`) is found from its beginning: sis/files/layouts.py.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BLOCK = 1 << 18
# Far more than any row of a roster; a quote that is never closed would otherwise swallow the rest of the file.
LONGEST_RECORD = 100_000

NOT_UTF8 = gettext_lazy("The file is not in UTF-8. Save it as “CSV UTF-8” and upload it again.")
# Spreadsheets in Western countries wrote this before they wrote UTF-8; it cannot be told from its many relatives.
_OLD_ENCODING = "windows-1252"
MARK = "\ufeff"

_LINE_END = re.compile(r"\r*\n|\r")


class Stream(Protocol):
    """What can be read in blocks of bytes."""

    def read(self, size: int, /) -> bytes: ...


class Malformed(Exception):
    """The text is not strict CSV in UTF-8. `row` is the number of the broken record, where known."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.row = row


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    `has_separator_line`: before its first record stands a line that names the separator, and is none. `above`: so many
    records stand above its header.
    """

    encoding: str = "utf-8"
    separator: str = ","
    has_separator_line: bool = False
    above: int = 0


PLAIN = Layout()


def records(
    stream: Stream, layout: Layout = PLAIN, *, errors: str = "strict", block: int = BLOCK
) -> Iterator[list[str]]:
    """Yield the records of a file as text, many at a time, still unparsed; blank lines are empty texts.

    Whatever the layout, they come with commas between the cells. Raises Malformed for text in another encoding (unless
    `errors` says otherwise), for a quote that is never closed and for an absurdly long record, after everything before
    it was given. `check` looks at the rest of the syntax; of cells that are not separated by commas that is done here.
    """
    splitter = _Splitter(first_row=0 if layout.has_separator_line else 1)
    for text, final in _decoded(stream, layout.encoding, errors, block, splitter):
        row = splitter.row
        found = splitter.split(text, final)
        fault = splitter.fault
        if layout.has_separator_line and row == 0:
            found = _without_first(found)
        if layout.separator != ",":
            found, wrong = _with_commas(found, layout.separator, max(row, 1))
            fault = wrong or fault
        yield found
        if fault:
            raise fault


def _decoded(stream: Stream, encoding: str, errors: str, block: int, splitter: _Splitter) -> Iterator[tuple[str, bool]]:
    """Yield the text of a file, without byte order marks at its start, and whether it ends there. Raises Malformed."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    is_start, final = True, False
    while not final:
        piece = stream.read(block)
        final = not piece
        fault = None
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            text, fault = error.object[: error.start].decode(encoding), error
        if is_start:
            text = text.lstrip(MARK)
            is_start = not text
        yield text, final and fault is None
        if fault:
            raise _undecodable(fault, splitter.row)


def _undecodable(error: UnicodeDecodeError, row: int) -> Malformed:
    if error.encoding != "utf-8":
        message = _(
            "The file is damaged: not all of it is in %(encoding)s. Save it as “CSV UTF-8” and upload it again."
        )
        return Malformed(message % {"encoding": error.encoding.upper()}, row)
    byte = error.object[error.start : error.start + 1]
    letter = byte.decode(_OLD_ENCODING, "replace")
    if not letter.isprintable() or letter == "\ufffd":
        return Malformed(str(NOT_UTF8), row)
    message = _(
        "The file is not in UTF-8: the byte %(byte)s stands for “%(letter)s” in Windows-1252 and for other letters "
        "elsewhere, and nothing was guessed. Save it as “CSV UTF-8” and upload it again."
    )
    return Malformed(message % {"byte": byte.hex().upper(), "letter": letter}, row)


def _without_first(found: list[str]) -> list[str]:
    first = next((at for at, record in enumerate(found) if record), len(found))
    return found[first + 1 :]


def _with_commas(found: list[str], separator: str, row: int) -> tuple[list[str], Malformed | None]:
    """Return the records with commas between the cells; up to the first that is none, and what is wrong with that."""
    good, fault = _well_formed(found, separator, row)
    # A cell with nothing in it alone would be a blank line.
    return [written(cells) or ('""' if cells else "") for cells in cells_of(found[:good], separator)], fault


@cache
def _record(separator: str) -> re.Pattern[str]:
    """Return what a record is. Bare cells hold no quote and no line end, quoted ones double their quotes.

    Possessive, so it never backtracks.
    """
    cell = rf'(?:"(?:[^"]++|"")*+"|[^"{separator}\r\n]*+)'
    return re.compile(rf"{cell}(?:{re.escape(separator)}{cell})*+")


def is_record(text: str, separator: str) -> bool:
    """Return whether a text is one well-formed record of cells with this separator between them."""
    return _record(separator).fullmatch(text) is not None


class _Splitter:
    """Cuts text into records. A record goes on to the next line as long as its quotes are odd in number."""

    def __init__(self, first_row: int = 1) -> None:
        self._rest = ""
        self._ending: str | None = None
        self._open: list[str] = []
        self._open_length = 0
        # The number of the next record.
        self.row = first_row
        self.fault: Malformed | None = None

    def split(self, text: str, final: bool) -> list[str]:
        """Return the records that are complete with this text. A fault is kept in `fault`; the records before it are
        given.
        """
        text = self._rest + text
        lines = self._lines(text, final)
        found = self._joined(lines) if self._open or '"' in text else lines
        if self.fault is None and max(map(len, found), default=0) > LONGEST_RECORD:
            found = list(takewhile(lambda record: len(record) <= LONGEST_RECORD, found))
            self.fault = _too_long(self.row + _rows(found))
        self.row += _rows(found)
        if self.fault is None and len(self._rest) > LONGEST_RECORD:
            self.fault = _too_long(self.row)
        if self.fault is None and final and self._open:
            message = _(
                "A quotation mark opens here and is never closed. Close it, or double it if it is part of the text."
            )
            self.fault = Malformed(message, self.row)
        return found

    def _lines(self, text: str, final: bool) -> list[str]:
        if self._ending is None:
            end = _first_line_end(text)
            # At the end of a block, a CR may be the beginning of a CRLF.
            if end and (final or text[end.start() :].strip("\r")):
                self._ending = "\n" if end.group().endswith("\n") else "\r"
            elif not final:
                self._rest = text
                return []
        lines = text.split(self._ending or "\n")
        self._rest = lines.pop()
        if final and self._rest:
            lines.append(self._rest)
            self._rest = ""
        if self._ending == "\n" and "\r" in text:
            lines = [line.rstrip("\r") for line in lines]
        return lines

    def _joined(self, lines: list[str]) -> list[str]:
        found = []
        for line in lines:
            odd = line.count('"') % 2
            if self._open:
                self._open.append(line)
                self._open_length += len(line) + 1
                if odd:
                    found.append("\n".join(self._open))
                    self._open = []
                elif self._open_length > LONGEST_RECORD:
                    self.fault = _too_long(self.row + _rows(found))
                    return found
            elif odd:
                self._open, self._open_length = [line], len(line)
            else:
                found.append(line)
        return found


def _first_line_end(text: str) -> re.Match[str] | None:
    """Return where the first line ends; a line break in a quoted cell is none."""
    quotes = at = 0
    for end in _LINE_END.finditer(text):
        quotes += text.count('"', at, end.start())
        at = end.start()
        if quotes % 2 == 0:
            return end
    return None


def _rows(found: list[str]) -> int:
    """Count the records that are rows; blank lines are not."""
    return len(found) - found.count("")


def _too_long(row: int) -> Malformed:
    return Malformed(
        _("A row has more than %(most)s characters. Perhaps a closing quotation mark is missing.")
        % {"most": LONGEST_RECORD},
        row,
    )


def check(found: list[str], row: int) -> int:
    """Look at the syntax of records; `row` is the number of the first. Gives the number of the next.

    Raises Malformed, with the number of the record.
    """
    text = "\n".join(found)
    if '"' in text or "\r" in text or text.count("\n") >= len(found):
        _good, fault = _well_formed(found, ",", row)
        if fault:
            raise fault
    return row + _rows(found)


def _well_formed(found: list[str], separator: str, row: int) -> tuple[int, Malformed | None]:
    """Return how many of the records, from the first, are well-formed, and what is wrong with the one after them."""
    is_well_formed = _record(separator).fullmatch
    for at, record in enumerate(found):
        if not is_well_formed(record):
            return at, Malformed(_fault(record), row + _rows(found[:at]))
    return len(found), None


def _fault(record: str) -> str:
    if '"' in record:
        return _(
            "There is a quotation mark inside a cell. Put the whole cell in quotation marks and double the ones inside."
        )
    return _("The lines of this file end in different ways. Save it again as CSV with one kind of line ending.")


def parsed(found: list[str]) -> Iterator[list[str]]:
    """Yield the cells of checked records; a blank line has none."""
    return cells_of(found, ",")


def cells_of(found: list[str], separator: str) -> Iterator[list[str]]:
    """Yield the cells of well-formed records with this separator; a blank line has none."""
    return csv.reader(found, strict=True, delimiter=separator)


def written(cells: list[str]) -> str:
    """Return the cells as one record again."""
    return ",".join('"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells)


_QUOTED = re.compile(r'[",\r\n]')
