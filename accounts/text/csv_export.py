"""CSV as text, made piece by piece: every file of cells that leaves this service comes from here.

Spreadsheets run what begins with `= + - @` as a formula, and they cut a line where their own separator stands: the
semicolon in half of Europe, a tab, whatever somebody chose. So every cell is quoted, and made harmless first, wherever
in it another program could see the beginning of a cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

_LINES_AT_ONCE = 500
# What programs may take for the end of a cell or a line, besides our own comma and quotes.
SEPARATORS = ",;|:^~\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029"
# The full-width forms are formulas too in Japanese or Chinese spreadsheets.
SIGNS = "=+\\-@＝＋－＠"
# May come before a sign without making it text: blanks, quotes and invisible characters.
_UNSEEN = r"[\s\"\x00-\x20\x7f-\xa0\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_FORMULA = re.compile(rf"(^|[{SEPARATORS}]|\s(?=[=＝]))(?={_UNSEEN}[{SIGNS}])")


def csv_text(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the rows as CSV (RFC 4180, every cell quoted and harmless), some hundred lines in each piece."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    for number, row in enumerate(rows, 1):
        writer.writerow([harmless(cell) for cell in row])
        if number % _LINES_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def harmless(cell: str) -> str:
    """Return a cell in which no spreadsheet finds a formula, whatever it uses as a separator.

    An apostrophe goes before each sign that a cell could begin with, and before a leading control character.
    """
    if cell.isalnum():
        return cell
    tamed = _FORMULA.sub(r"\1'", cell)
    return "'" + tamed if tamed and not tamed[0].isprintable() else tamed


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
