"""What differs between two roster files of one kind, found without either being whole in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import NamedTuple, TextIO
from zlib import crc32

from sis.files.csv_records import parsed
from sis.files.tables import RosterFile, Row, rows_of
from sis.imports.unsettled import SETTLED, Unsettled

# The rows of the old file, so many bytes of them at a time, are in memory; each takes so many besides its text.
BYTES_AT_ONCE = 256 * 2**20
BYTES_OF_A_ROW = 280
# A process has only so many files open; this many parts are 32 GB.
MOST_PARTS = 200
# Stands in no row: those with a NUL character are left out.
NUL = "\0"
LINE_END = "\n"
LINES_AT_ONCE = 1000
# Positions in the file, numbers and texts of some rows
Block = tuple[Sequence[int], Sequence[int], list[str]]
# Position, number, what it is about, and text of a row
Keyed = tuple[int, int, str, str]


class Difference(NamedTuple):
    """A row that only one file has: with its position in the new one, or without for what is gone from it.

    `is_slight`: nothing but columns that count little differs from what the old file says about the same. `is_again`:
    nothing differs, but what the row says is unsettled.
    """

    position: int | None
    row: Row
    is_slight: bool = False
    is_again: bool = False


def differing(
    new: RosterFile,
    old: RosterFile,
    key: Sequence[str],
    *,
    slight: Container[str] = (),
    unsettled: Unsettled = SETTLED,
) -> Iterator[Difference]:
    """Yield the rows of `new` that `old` does not have or that are `unsettled`, and those of `old` that are gone.

    What a row is about stands in the columns of `key`; a row is gone when nothing of `new` is about the same. Of rows
    about the same all are different: applying them in order ends where applying all would, and whoever looks at them
    sees them all. The columns of `slight` count little. They come in no particular order, but at each call in the
    same. Raises MalformedFile before the first row.
    """
    rows, characters = old.size
    parts = min(1 + (rows * BYTES_OF_A_ROW + characters) // BYTES_AT_ONCE, MOST_PARTS)
    with ExitStack() as open_files:
        halves = (_in_parts(file, key, parts, open_files) for file in (old, new))
        for before, now in zip(*halves, strict=True):
            yield from _differing(new.header, now, old.header, before, slight, unsettled)


def _differing(
    header: Sequence[str],
    now: Iterable[Keyed],
    old_header: Sequence[str],
    before: Iterable[Keyed],
    slight: Container[str],
    unsettled: Unsettled,
) -> Iterator[Difference]:
    known: dict[str, tuple[int, str]] = {}
    open_keys = set()
    repeated: dict[str, set[str]] = {}
    for _position, number, key, text in before:
        if key in known:
            repeated.setdefault(key, {known[key][1]}).add(text)
        if key in known or number in unsettled.rows:
            open_keys.add(key)
        known[key] = number, text
    is_alike, may_be_open = tuple(header) == tuple(old_header), unsettled.everything or bool(unsettled.ids)
    # Rows that are the same on both sides, until another turns out to be about the same as one of them.
    same: dict[str, Keyed] = {}
    for position, number, key, text in now:
        about = key.split(NUL)
        was = known.get(key) if unsettled.means_another(about) else known.pop(key, None)
        is_open = key in open_keys or (may_be_open and was is not None and unsettled.has(about))
        is_same = was is not None and was[1] == text and is_alike
        if is_same and not is_open:
            same[key] = (position, number, key, text)
            continue
        if first := same.pop(key, None):
            yield from (Difference(first[0], row) for row in rows_of(header, [([first[1]], [first[3]])]))
        texts = [] if is_same else list(repeated.get(key, [was[1]] if was else []))
        others = list(rows_of(old_header, [([0] * len(texts), texts)]))
        for row in rows_of(header, [([number], [text])]):
            is_again = is_same or any(_filled(row) == _filled(other) for other in others)
            if is_again and not is_open:
                same[key] = (position, number, key, text)
            else:
                is_slight = not is_open and any(_filled(row, slight) == _filled(other, slight) for other in others)
                yield Difference(position, row, is_slight, is_again)
    for number, text in known.values():
        for row in rows_of(old_header, [([number], [text])]):
            yield Difference(None, row)


def _filled(row: Row, but: Container[str] = ()) -> dict[str, str]:
    """Return what a row says, however it is written: columns in any order, with or without quotation marks."""
    return {name: cell for name, cell in row.cells.items() if cell and name not in but}


def _in_parts(file: RosterFile, key: Sequence[str], parts: int, open_files: ExitStack) -> list[Iterator[Keyed]]:
    """Yield the rows of a file, those about the same in the same part; several parts are put aside on the disk."""
    if parts == 1:
        return [_keyed(file, key, _blocks(file))]
    aside: list[TextIO] = []
    for _number in range(parts):
        file_aside = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 closed by open_files
        aside.append(open_files.enter_context(file_aside))
    for position, number, about, text in _keyed(file, key, _blocks(file)):
        aside[crc32(about.encode()) % parts].write(f"{position},{number},{text.replace(LINE_END, NUL)}{LINE_END}")
    return [_keyed(file, key, _put_aside(one)) for one in aside]


def _blocks(file: RosterFile) -> Iterator[Block]:
    position = 1
    for numbers, texts in file.blocks():
        yield range(position, position + len(texts)), numbers, texts
        position += len(texts)


def _put_aside(aside: TextIO) -> Iterator[Block]:
    aside.seek(0)
    while lines := list(islice(aside, LINES_AT_ONCE)):
        positions, numbers, texts = zip(*(line[:-1].split(",", 2) for line in lines), strict=True)
        yield (
            [int(position) for position in positions],
            [int(number) for number in numbers],
            [text.replace(NUL, LINE_END) for text in texts],
        )


def _keyed(file: RosterFile, key: Sequence[str], blocks: Iterable[Block]) -> Iterator[Keyed]:
    at = [file.header.index(name) for name in key if name in file.header]
    width = max(at, default=0) + 1
    for positions, numbers, texts in blocks:
        for position, number, text, cells in zip(positions, numbers, texts, parsed(texts), strict=True):
            if len(cells) < width:
                cells += [""] * (width - len(cells))
            yield position, number, NUL.join([cells[index].strip() for index in at]), text
