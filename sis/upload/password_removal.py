"""The copy of an upload that may be kept: without the passwords in it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from sis.files.archives import Archive
from sis.files.csv_records import BLOCK, NOT_UTF8, Layout, Malformed, Stream, check, parsed, records, written
from sis.files.problems import MalformedFile, Problems
from sis.files.tables import Opener, Table, is_secret
from sis.formats.headers import is_roster, kind_of, understood

# Quick rather than small.
_LEVEL = 1
# A quotation mark that is never closed: what could not be read stays unreadable in the copy.
_REST_LEFT_OUT = b'\n"The rest of this file could not be read and was left out of this copy.\n'
# A header that fits no kind of file either. Where the columns are unknown, passwords may stand anywhere.
_LEFT_OUT = b"This is no roster file that is known here and was left out of this copy\n"


def strip_passwords(path: Path, name: str, to: Path) -> None:
    """Write the upload at `path`, that came under `name`, to `to`, with every password column emptied.

    The copy opens and reads as the upload does, with the same row numbers. It holds only what is read of an upload:
    of an archive its CSV files, nothing of a file whose header is not known, and of one with passwords that is not
    strict CSV the rows before the fault (and it is as malformed as before). Raises OSError only.
    """
    ending = Path(name).suffix.lower()
    if ending == ".zip":
        _strip_archive(path, name, to)
        return
    with to.open("wb") as copy:
        if ending == ".csv":
            _copy(name, lambda: path.open("rb"), copy)


def _strip_archive(path: Path, name: str, to: Path) -> None:
    try:
        archive = Archive(path, name, Problems())
    except MalformedFile:
        to.write_bytes(b"")
        return
    try:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as copies:
            for member in sorted(archive.members):
                with copies.open(member, "w", force_zip64=True) as copy:
                    _copy(member, partial(archive.open, member), copy)
    finally:
        archive.close()


def _emptied(cells: list[str], secrets: list[int]) -> list[str]:
    """Return the cells with nothing in these columns."""
    return ["" if index in secrets else cell for index, cell in enumerate(cells)]


def _copy(name: str, open_it: Opener, copy: IO[bytes]) -> None:
    try:
        table = Table(name, open_it, Problems(), understood)
        if not (kind_of(table.columns) or is_roster(table)):
            copy.write(_LEFT_OUT)
            return
        secrets = [index for index, column in enumerate(table.header) if is_secret(column)]
        with open_it() as stream:
            for piece in _without(stream, table.layout, secrets) if secrets else iter(partial(stream.read, BLOCK), b""):
                copy.write(piece)
    except (Malformed, MalformedFile):
        copy.write(_REST_LEFT_OUT)


def _without(stream: Stream, layout: Layout, secrets: list[int]) -> Iterator[bytes]:
    """Yield the file with these columns empty below the header, in UTF-8 and with commas between the cells.

    Raises Malformed or MalformedFile at the first fault.
    """
    to_header = layout.above + 1
    for found in records(stream, layout, errors="surrogateescape"):
        lines, fault = [], None
        for record in found:
            try:
                check([record], 1)
                record.encode()
            except (Malformed, UnicodeEncodeError) as caught:
                fault = caught
                break
            if record and to_header <= 0:
                record = written(_emptied(next(parsed([record])), secrets))
            to_header -= record != ""
            lines.append(f"{record}\n")
        yield "".join(lines).encode()
        if fault:
            raise Malformed(str(NOT_UTF8)) if isinstance(fault, UnicodeEncodeError) else fault
