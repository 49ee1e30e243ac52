"""Rows of an upload into the staging table, streamed with COPY: each cell taken by its kind, nothing looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import DataError, Error, IntegrityError, connection, transaction

from accounts.text.fields import LONGEST, is_login
from accounts.text.names import is_readable, tidied, tidied_login
from sis.files.cells import DELETE, BadDate, BadFlag, flag, is_address, moment
from sis.files.passwords import SSHA, PasswordCipher
from sis.files.problems import MalformedFile, Problem
from sis.files.tables import RosterFile, Row
from sis.kinds.kind import Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import ADDED, ROOM, STAGED

Cells = list[str | None]
NO_NAMES: Mapping[str, str] = MappingProxyType({})
# So many characters of a cell are shown in a message.
_LONGEST_SHOWN = 60
# The position of a row in its file, and the row.
Numbered = tuple[int, Row]
RowsOf = Callable[[RosterFile], Iterator[Numbered]]


@dataclass(frozen=True)
class StagedFile:
    """One file in the staging table: its rows have numbers from `first` to `last`."""

    index: int
    name: str
    kind: Kind
    columns: frozenset[str]
    first: int
    last: int
    own_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Broken:
    """A file that cannot be used; none of its rows were staged."""

    problem: Problem


def by_kind(files: Iterable[StagedFile]) -> dict[str, list[int]]:
    """Return the numbers of the files of each kind."""
    found: dict[str, list[int]] = {}
    for file in files:
        found.setdefault(file.kind.name, []).append(file.index)
    return found


def clear() -> None:
    """Forget the rows of whatever import ran before."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {STAGED}")


def is_lost(session: object) -> bool:
    """Return whether the database has ended this connection, and has perhaps emptied the staging table.

    Django may have opened another one unasked: it does at the end of a transaction. Nothing must go on with that.
    """
    return connection.connection is not session or not connection.is_usable()


def count(first: int = 0, last: int = 2**62) -> int:
    """Return how many rows are staged, with numbers from `first` to `last`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {STAGED} WHERE n BETWEEN %s AND %s", [first, last])
        return int(cursor.fetchone()[0])


GROWN = """
SELECT relname FROM pg_class
WHERE oid = ANY(%s::regclass[]) AND pg_relation_size(oid) / current_setting('block_size')::int > 1.5 * relpages
"""


def measure(kind: Kind) -> None:
    """Have the database look at the tables of this kind that have grown much: an empty table is read differently."""
    if kind.grows:
        with connection.cursor() as cursor:
            cursor.execute(GROWN, [list(kind.grows)])
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


def in_halves(
    act: Callable[[int, int], None], give_up: Callable[[int, Error], None], first: int, last: int, size: int
) -> None:
    """Do something with these rows; where the database does not take that, with their halves, down to the row for which
    it is given up.
    """
    try:
        act(first, last)
    except (DataError, IntegrityError) as error:
        if size == 1:
            give_up(first, error)
        while size > 1 and (half := next_chunk(first - 1, last, (size + 1) // 2)):
            in_halves(act, give_up, *half)
            first = half[1] + 1


def whole(file: RosterFile) -> Iterator[Numbered]:
    """Yield all rows of a file, one after the other."""
    return ((position_of(number, row), row) for number, row in enumerate(file.rows(), 1))


def position_of(number: int, row: Row) -> int:
    """Return where a row comes that is the one of this number; one that stands in no row of the upload was added."""
    return number if row.number else ADDED + number


def stage(
    files: Iterable[RosterFile],
    cipher: PasswordCipher,
    *,
    rows: RowsOf = whole,
    check: Callable[[], None] = lambda: None,
) -> list[StagedFile | Broken]:
    """Fill the table with those rows of these files that `rows` gives, in the order of their positions.

    `check` is called in the transaction of each file before anything is copied, and may raise to end it.
    """
    outcome: list[StagedFile | Broken] = []
    for index, file in enumerate(files):
        first, last = index * ROOM + 1, (index + 1) * ROOM - 1
        staged = StagedFile(index, file.name, KINDS[file.kind], file.columns, first, last, file.own_names)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                check()
                _copy(cursor, staged, rows(file), cipher)
        except MalformedFile as error:
            outcome.append(Broken(error.problem))
            continue
        outcome.append(staged)
    return outcome


def _copy(cursor: Any, file: StagedFile, rows: Iterator[Numbered], cipher: PasswordCipher) -> None:
    names = ", ".join(f"c{number}" for number in range(1, len(file.kind.staged) + 1))
    take, before = taker(file.kind, cipher, file.own_names), file.first - 1
    with cursor.copy(f"COPY {STAGED} (n, file, row, again, fault, note, secret, {names}) FROM STDIN") as copy:
        write = copy.write_row
        for position, row in rows:
            n = before + position
            write((n, file.index, row.number or None, row.is_again, *take(n, row)))


def taker(
    kind: Kind, cipher: PasswordCipher, own_names: Mapping[str, str] = NO_NAMES
) -> Callable[[int, Row], list[Any]]:
    """Return how a row of this kind is taken: (fault, note, secret, cells …).

    A fault is why it cannot be applied (sis/report/messages.py), a note what was left out of a row that can; either may
    say more after a colon. `own_names` are those that the file has for columns of the kind.
    """
    columns, made = kind.columns, kind.made.values()
    called = {name: own_names.get(name, name) for name in columns}
    names = list(called.values())
    index_of = {name: index for index, name in enumerate(columns)}
    words, dates, flags = (
        [index for name, index in index_of.items() if name in wanted] for wanted in (kind.words, kind.dates, kind.flags)
    )
    login_at = index_of["login_id"] if kind.has_login else None
    email_at = index_of[kind.email] if kind.email else None
    made_of = [(one.make, [index_of[name] for name in one.of]) for one in made]

    def take(n: int, row: Row) -> list[Any]:
        get = row.cells.get
        cells: Cells = [get(name) for name in columns]
        note = secret = None
        if login_at is not None:
            # Before the others: a line break in it is to be seen.
            cells[login_at] = tidied_login(cells[login_at] or "") or None
        unreadable = _tidy(cells, kind)
        fault = f"unreadable_name:{called[unreadable]}" if unreadable else None
        # A row that is short as a whole has no long cell.
        if row.length > LONGEST and not fault:
            long, cells = _shortened(columns, cells)
            fault = f"too_long:{called[long]}" if long else None
        for index in words:
            if word := cells[index]:
                cells[index] = word.lower()
        if unread := _read(cells, flags, flag, BadFlag, names):
            note = f"bad_flag:{unread[-1]}"
        if not kind.clears_dates:
            for index in dates:
                cells[index] = None if cells[index] == DELETE else cells[index]
        if unread := _read(cells, dates, _moment_or_delete, BadDate, names):
            note = f"bad_date:{', '.join(unread)}"
        if login_at is not None:
            if (login := cells[login_at]) and not fault and not is_login(login):
                fault = "invalid_login_id"
            if password := _password(row):
                secret = cipher.cover(n, password)
        if email_at is not None and (address := cells[email_at]) and not is_address(address):
            note = "bad_email"
        for make, indexes in made_of:
            cells.append(make(next(filter(None, (cells[index] for index in indexes)), "")))
        return [fault, note, secret, *cells]

    return take


def _moment_or_delete(text: str) -> str | None:
    return text if text == DELETE else moment(text)


def _read(
    cells: Cells,
    indexes: Iterable[int],
    read: Callable[[str], Any],
    unreadable: type[Exception],
    names: Sequence[str],
) -> list[str]:
    """Read these cells in place; return name and text of each that cannot be read, which is empty then."""
    unread = []
    for index in indexes:
        if text := cells[index]:
            try:
                cells[index] = read(text)
            except unreadable:
                cells[index] = None
                unread.append(f"{names[index]} “{text[:_LONGEST_SHOWN]}”")
    return unread


def _password(row: Row) -> str | None:
    digest = row.cells.get("ssha_password")
    return row.cells.get("password") or (SSHA + digest if digest else None)


def _tidy(cells: Cells, kind: Kind) -> str | None:
    """Bring all cells to the form that texts are kept in; return the first column of names with nothing to read."""
    for index, cell in enumerate(cells):
        if cell and not (cell.isascii() and cell.isprintable()) and kind.columns[index] != "login_id":
            cells[index] = tidied(cell) or None
    unreadable = None
    for index in kind.names:
        if cell := cells[index]:
            if "  " in cell:
                cells[index] = tidied(cell)
            if not (cell[0].isalnum() or is_readable(cell)):
                unreadable = unreadable or kind.columns[index]
    return unreadable


def _shortened(columns: tuple[str, ...], cells: Cells) -> tuple[str | None, Cells]:
    """Return the first column with more than can be kept, and the cells cut to what can."""
    long = [name for name, cell in zip(columns, cells, strict=True) if cell and len(cell) > LONGEST]
    return next(iter(long), None), [cell and cell[:LONGEST] for cell in cells]
