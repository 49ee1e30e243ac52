"""Strict CSV (RFC 4180) in a stream: UTF-8 with or without BOM, lines that end in LF, CRLF or a lone CR."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BLOCK = 1 << 18
# Far more than any row of a roster; a quote that is never closed would otherwise swallow the rest of the file.
LONGEST_RECORD = 100_000

NOT_UTF8 = gettext_lazy("The file is not in UTF-8. Save it as “CSV UTF-8” and upload it again.")

# Bare cells hold no quote and no line end, quoted ones double their quotes. Possessive, so it never backtracks.
_RECORD = re.compile(r'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)(?:,(?:"(?:[^"]++|"")*+"|[^",\r\n]*+))*+')
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


def records(stream: Stream, *, errors: str = "strict", block: int = BLOCK) -> Iterator[list[str]]:
    """Yield the records of a file as text, many at a time, still unparsed; blank lines are empty texts.

    Raises Malformed for text that is not UTF-8 (unless `errors` says otherwise), for a quote that is never closed
    and for an absurdly long record, after everything before it was given. `check` looks at the rest of the syntax.
    """
    splitter = _Splitter()
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors)
    final = False
    while not final:
        piece = stream.read(block)
        final = not piece
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError:
            raise Malformed(str(NOT_UTF8)) from None
        yield splitter.split(text, final)
        if splitter.fault:
            raise splitter.fault


class _Splitter:
    """Cuts text into records. A record goes on to the next line as long as its quotes are odd in number."""

    def __init__(self) -> None:
        self._rest = ""
        self._ending: str | None = None
        self._open: list[str] = []
        self._open_length = 0
        self._row = 1
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
            self.fault = _too_long(self._row + _rows(found))
        self._row += _rows(found)
        if self.fault is None and len(self._rest) > LONGEST_RECORD:
            self.fault = _too_long(self._row)
        if self.fault is None and final and self._open:
            message = _(
                "A quotation mark opens here and is never closed. Close it, or double it if it is part of the text."
            )
            self.fault = Malformed(message, self._row)
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
                    self.fault = _too_long(self._row + _rows(found))
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
        for record in found:
            if not _RECORD.fullmatch(record):
                raise Malformed(_fault(record), row)
            row += record != ""
        return row
    return row + _rows(found)


def _fault(record: str) -> str:
    if '"' in record:
        return _(
            "There is a quotation mark inside a cell. Put the whole cell in quotation marks and double the ones inside."
        )
    return _("The lines of this file end in different ways. Save it again as CSV with one kind of line ending.")


def parsed(found: list[str]) -> Iterator[list[str]]:
    """Yield the cells of checked records; a blank line has none."""
    return csv.reader(found, strict=True)


def written(cells: list[str]) -> str:
    """Return the cells as one record again."""
    return ",".join('"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells)


_QUOTED = re.compile(r'[",\r\n]')
