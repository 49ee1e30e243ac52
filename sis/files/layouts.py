"""How a file is written, found from its beginning: its encoding, and what separates its cells."""

from __future__ import annotations

import codecs
import re

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sis.files.csv_records import Layout, Malformed, cells_of, is_record

# As many bytes of a file as its byte order marks can take.
LONGEST_START = 64
# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_NAMES = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32"}
# What files begin with that are no text at all, or no table, whatever their names say.
_OTHER_FILES: tuple[tuple[bytes, str | Promise], ...] = (
    (b"pk\x03\x04", gettext_lazy("an Excel workbook or an archive")),
    (b"\xd0\xcf\x11\xe0", gettext_lazy("an Excel workbook of an old kind")),
    (b"\x1f\x8b", gettext_lazy("a compressed file")),
    (b"%pdf", gettext_lazy("a PDF document")),
    (b"<!doctype", gettext_lazy("a web page, perhaps one that asks you to sign in")),
    (b"<html", gettext_lazy("a web page, perhaps one that asks you to sign in")),
    (b"<?xml", gettext_lazy("an XML document")),
)
# What may separate cells; files with commas are what everybody else means by CSV.
SEPARATORS: dict[str, str | Promise] = {
    ",": gettext_lazy("commas"),
    ";": gettext_lazy("semicolons"),
    "\t": gettext_lazy("tabs"),
    "|": gettext_lazy("vertical bars"),
}
# How a spreadsheet says in the first line what separates the cells below.
_SEPARATOR_LINE = re.compile(r'"?sep=(.?)"?[,;\t|]*', re.IGNORECASE)


def encoding_of(start: bytes) -> tuple[str, int]:
    """Return the encoding of a file that begins with these bytes, and how many byte order marks it begins with."""
    encoding, marks = "utf-8", 0
    for mark, name in _MARKS:
        if start.startswith(mark):
            encoding = name
            while start.startswith(mark, marks * len(mark)):
                marks += 1
            break
    return encoding, marks


def ensure_text(start: bytes) -> None:
    """Raise Malformed for a file that begins as another kind of file does."""
    start = start.lower()
    for beginning, what in _OTHER_FILES:
        if start.removeprefix(codecs.BOM_UTF8).lstrip(b" \r\n\t").startswith(beginning):
            message = _(
                "This is %(what)s, not CSV, whatever its name says. Save the table as “CSV UTF-8” and upload that."
            )
            raise Malformed(message % {"what": what})


def separator_said(record: str) -> str | None:
    """Return what the first line says separates the cells, if it says that. Raises Malformed for what cannot."""
    found = _SEPARATOR_LINE.fullmatch(record.strip(" "))
    if found is None:
        return None
    if found[1] not in SEPARATORS or not found[1]:
        message = _(
            "The first line (“%(line)s”) names a separator that is not read. Separate the cells by commas and remove "
            "the line."
        )
        raise Malformed(message % {"line": record[:20]}, 1)
    return found[1]


def title_said(record: str) -> str | None:
    """Return what a row says that may be a title: one cell at most. None for any other."""
    if not is_record(record, ","):
        return None
    cells = list(filter(None, (cell.strip() for cell in next(cells_of([record], ",")))))
    said = "".join(cells)
    return None if len(cells) > 1 or any(separator in said for separator in SEPARATORS if separator != ",") else said


def described(layout: Layout, marks: int, above: str) -> list[str]:
    """Return one sentence about each thing in which a file is not written as expected; none for CSV in UTF-8.

    `above` is the first title above the header, if there is one.
    """
    said = []
    if layout.encoding in _NAMES:
        said.append(_("The file is in %(encoding)s and was read as that.") % {"encoding": _NAMES[layout.encoding]})
    if marks > 1:
        text = _("The file begins with %(count)s byte order marks. They were left out.")
        said.append(text % {"count": marks})
    if layout.has_separator_line:
        text = _("The first line says that the cells are separated by %(separator)s. The file was read as that.")
        said.append(text % {"separator": SEPARATORS[layout.separator]})
    elif layout.separator != ",":
        text = _("The cells are separated by %(separator)s, not by commas. The file was read as that.")
        said.append(text % {"separator": SEPARATORS[layout.separator]})
    if layout.above:
        text = _("Rows above the header were left out: %(count)s (“%(first)s”). Row %(row)s was read as the header.")
        said.append(text % {"count": layout.above, "first": above[:60], "row": layout.above + 1})
    return said
