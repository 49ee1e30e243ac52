"""Rows of an upload into the staging table, streamed with COPY: each cell taken by its kind, nothing looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from accounts.domain.validators import login_complaint
from accounts.text.names import sortable
from accounts.text.normal_form import is_readable, tidied, tidied_login
from sis.files.cells import DELETE, BadDate, flag, is_address, moment
from sis.files.passwords import SSHA, PasswordCipher
from sis.kinds.registry import KINDS, Kind
from sis.upload.contents import MalformedFile, Problem, RosterFile, Row

LONGEST = 255
# Each file has room for so many numbers. Rows that stand in no row of it come in the second half: first what reading it
# has added, then what comparing it has (sis/imports/diff.py).
ROOM = 10**11
ADDED = ROOM // 2
GONE = ADDED + ROOM // 4
# SQL: whether a row is such.
WAS_ADDED = f"n %% {ROOM} > {ADDED}"
STAGED = "sis_staged"
Cells = list[str | None]
# Where a row comes in its file, and the row.
Placed = tuple[int, Row]
RowsOf = Callable[[RosterFile], Iterator[Placed]]


@dataclass(frozen=True)
class StagedFile:
    """One file in the staging table: its rows have numbers from `first` to `last`."""

    index: int
    name: str
    kind: Kind
    columns: frozenset[str]
    first: int
    last: int


@dataclass(frozen=True)
class Broken:
    """A file that cannot be used; none of its rows were staged."""

    problem: Problem


def clear() -> None:
    """Forget the rows of whatever import ran before."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {STAGED}")


def count(first: int = 0, last: int = 2**62) -> int:
    """How many rows are staged, with numbers from `first` to `last`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {STAGED} WHERE n BETWEEN %s AND %s", [first, last])
        return int(cursor.fetchone()[0])


TABLES = {
    "course": ["courses_course"],
    "section": ["courses_section"],
    "user": ["accounts_user"],
    "enrollment": ["courses_enrollment"],
    "user_observer": ["accounts_observationlink", "courses_enrollment"],
}
GROWN = """
SELECT relname FROM pg_class
WHERE oid = ANY(%s::regclass[]) AND pg_relation_size(oid) / current_setting('block_size')::int > 1.5 * relpages
"""


def measure(kind: Kind) -> None:
    """Have the database look at the tables of this kind that have grown much: an empty table is read differently."""
    if kind.name in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(GROWN, [TABLES[kind.name]])
            for (table,) in cursor.fetchall():
                cursor.execute(f"ANALYZE {table}")


def next_chunk(after: int, last: int, size: int) -> tuple[int, int, int] | None:
    """(first number, last number, rows) of the next rows after `after`, at most `size` of them; None at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(n), max(n), count(*) FROM (SELECT n FROM {STAGED} WHERE n > %s AND n <= %s"
            " ORDER BY n LIMIT %s) chunk",
            [after, last, size],
        )
        first, end, rows = cursor.fetchone()
    return (first, end, rows) if rows else None


def whole(file: RosterFile) -> Iterator[Placed]:
    """All rows of a file, one after the other."""
    return ((placed(place, row), row) for place, row in enumerate(file.rows(), 1))


def placed(place: int, row: Row) -> int:
    """Where a row comes that is at this place of its file; one that stands in no row of the upload was added."""
    return place if row.number else ADDED + place


def stage(
    files: Iterable[RosterFile],
    cipher: PasswordCipher,
    *,
    rows: RowsOf = whole,
    check: Callable[[], None] = lambda: None,
) -> list[StagedFile | Broken]:
    """Fill the table with those rows of these files that `rows` gives, in the order of their places.

    `check` is called before each file, and may raise to end it.
    """
    outcome: list[StagedFile | Broken] = []
    for index, file in enumerate(files):
        check()
        staged = StagedFile(index, file.name, KINDS[file.kind], file.columns, index * ROOM + 1, (index + 1) * ROOM - 1)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                _copy(cursor, staged, rows(file), cipher)
        except MalformedFile as error:
            outcome.append(Broken(error.problem))
            continue
        outcome.append(staged)
    return outcome


def _copy(cursor: Any, file: StagedFile, rows: Iterator[Placed], cipher: PasswordCipher) -> None:
    names = ", ".join(f"c{number}" for number in range(1, len(file.kind.staged) + 1))
    take, before = taker(file.kind, cipher), file.first - 1
    with cursor.copy(f"COPY {STAGED} (n, file, row, fault, note, secret, {names}) FROM STDIN") as copy:
        write = copy.write_row
        for place, row in rows:
            n = before + place
            write((n, file.index, row.number or None, *take(n, row)))


def taker(kind: Kind, cipher: PasswordCipher) -> Callable[[int, Row], list[Any]]:
    """How a row of this kind is taken: (fault, note, secret, cells …).

    A fault is why it cannot be applied (sis/report/messages.py), a note what was left out of a row that can.
    """
    columns = kind.columns
    words, dates, flags = (
        [position for position, name in enumerate(columns) if name in wanted]
        for wanted in (kind.words, kind.dates, kind.flags)
    )
    is_user, has_login = kind.name == "user", kind.name in ("user", "login")

    def take(n: int, row: Row) -> list[Any]:
        get = row.cells.get
        cells: Cells = [get(name) for name in columns]
        fault = note = secret = None
        # A row that is short as a whole has no long cell.
        if has_login:
            # Before the others: a line break in it is to be seen.
            cells[1] = tidied_login(cells[1] or "") or None
        fault = _tidy(cells, kind)
        if row.length > LONGEST and not fault:
            fault, cells = _shortened(columns, cells)
        for position in words:
            if word := cells[position]:
                cells[position] = word.lower()
        for position in flags:
            if word := cells[position]:
                cells[position] = flag(word)
        for position in dates:
            if (day := cells[position]) and not (kind.clears_dates and day == DELETE):
                try:
                    cells[position] = moment(day)
                except BadDate:
                    cells[position], note = None, "bad_date"
        if has_login:
            login, password = cells[1], get("password")
            if not password and (digest := get("ssha_password")):
                password = SSHA + digest
            if login and not fault and login_complaint(login):
                fault = "invalid_login_id"
            if is_user and (address := cells[10]) and not is_address(address):
                note = "bad_email"
            if password:
                secret = cipher.cover(n, password)
        if is_user:
            # What the sortable name is unless the row or the record has one.
            cells.append(sortable(cells[7] or cells[9] or login or ""))
        return [fault, note, secret, *cells]

    return take


def _tidy(cells: Cells, kind: Kind) -> str | None:
    """Bring all cells to the form that texts are kept in; the first name with nothing to read in it, as a fault."""
    for place, cell in enumerate(cells):
        if cell and not (cell.isascii() and cell.isprintable()) and kind.columns[place] != "login_id":
            cells[place] = tidied(cell) or None
    fault = None
    for place in kind.names:
        if cell := cells[place]:
            if "  " in cell:
                cells[place] = tidied(cell)
            if not (cell[0].isalnum() or is_readable(cell)):
                fault = fault or f"unreadable_name:{kind.columns[place]}"
    return fault


def _shortened(columns: tuple[str, ...], cells: Cells) -> tuple[str | None, Cells]:
    """The first column with more than can be kept, as a fault, and the cells cut to what can."""
    long = [name for name, cell in zip(columns, cells, strict=True) if cell and len(cell) > LONGEST]
    fault = f"too_long:{long[0]}" if long else None
    return fault, [cell and cell[:LONGEST] for cell in cells]
