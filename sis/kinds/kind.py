"""What there is to declare of a kind of roster file. Each kind is one object of these, in a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.functional import Promise

from accounts.models import User
from sis.kinds.sql import STATES, Sql, staged_columns
from sis.models import StateChange
from sis.options import Options

if TYPE_CHECKING:
    from sis.kinds.chunks import Message, Round

Columns = frozenset[str]
# Puts back one change of states for somebody, within the caller's transaction; returns how many records stay.
PutBack = Callable[[StateChange, User], int]

DATES = frozenset({"start_date", "end_date"})
# How the names of columns with names end.
NAMES = frozenset({"name", "pronouns"})


class Going(Enum):
    """When the things go that a data set lists no more (sis/imports/diff.py)."""

    # Its rows are orders, not facts: nothing follows from one that is not given again.
    NEVER = auto()
    # What they had that only one can have is free for whoever comes in their place.
    BEFORE_OWN_FILE = auto()
    AFTER_OWN_FILE = auto()
    # Nothing of these goes while anything is in it.
    AFTER_ALL_FILES = auto()
    # What is inside another stands below it in the file, and goes before it.
    AFTER_ALL_FILES_BACKWARDS = auto()


@dataclass(frozen=True)
class Made:
    """A staged column that no file has: `make` of the first of these columns that has something in it, or of ""."""

    of: tuple[str, ...]
    make: Callable[[str], str]


@dataclass(frozen=True)
class Example:
    """A small file, as the page of imports shows it at this position; docs/sis-import.md has the same."""

    position: int
    text: str


@dataclass(frozen=True)
class Record:
    """The records that rows of a kind make, change and end: how they are counted, reported and put back.

    `title` and `removed_too` are SQL about a record `x`: what names it, and which deleted ones a dry run reports
    although no row names them. `goes_along`: whether records also change with others, which state changes tell.
    `stays` gives what is to be said of records of a change that cannot be put back, before that is done.
    """

    # Canvas's name of their class in `statistics`, and ours in StateChange.kind.
    class_name: str
    table: str
    # The column that holds their state.
    state: str
    title: str
    put_back: PutBack
    # What Canvas counts of them beside created, restored and deleted.
    counts: tuple[str, ...] = ()
    removed_too: str = ""
    goes_along: bool = True
    stays: Callable[[StateChange], list[Message]] = lambda _change: []


@dataclass(frozen=True)
class Restated:
    """What a `record` of a table, found by the column `id`, says in the words of a row: SQL by columns of the kind.

    Those of `cells_if_any` leave alone what the row says where they are null.
    """

    table: str
    id: str
    cells: Mapping[str, str]
    cells_if_any: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unique:
    """A column of which no two records of a kind have the same, and which an upload may pass from one to another.

    `same` is SQL about a value that tells what counts as the same; `outlasts`: whether a deleted record still has it.
    """

    column: str
    same: str = "{}"
    outlasts: bool = True


@dataclass(frozen=True)
class Brake:
    """What the deletion brake counts, in SQL: `live (id, sis_import_id)`, the records in force with the import of their
    source, and `going (id, added)`, which of them rows of the kinds `reads` end, or rows that no file has.

    `sql` is common table expressions that end with these two, after `WITH user_rows AS (…), …, sources (id,
    chain, sender) AS (…),`. Of several kinds of which too much would go the one with the lowest position is told.
    """

    position: int
    noun: str | Promise
    reads: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class BatchMode:
    """What batch mode removes (sis/imports/batch_mode.py).

    `live` is SQL from FROM on about the live records `x` in the terms; `remove` deletes those of `%(ids)s` and returns
    (id, before, after, student whom observers follow or null, section or null); `people` selects the ids of people to
    lock, and `before` are statements to run ahead of `remove`. `along` are conditions on `x` and what `live` joins, by
    kinds: that it ends along with what is listed no more of that kind.
    """

    live: str
    remove: str
    people: str = ""
    before: tuple[str, ...] = ()
    along: Mapping[str, str] = field(default_factory=dict)


def deleted(_options: Options) -> str:
    """Return the status of what a data set lists no more."""
    return "deleted"


@dataclass(frozen=True)
class UnsupportedKind:
    """A kind that Canvas has, of which nothing here could hold what its rows say: its files are left out."""

    order: int
    name: str
    # Canvas's counter in data.counts, and its name in `statistics`.
    plural: str
    recognizes: Callable[[Columns], bool]
    class_name: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Kinds are asked whether they recognize a header, and their files are applied, by `order`. `columns` are those we
    read; they go into c1, c2, … of the staging table in this order, and `made` after them.
    """

    order: int
    name: str
    plural: str
    label: str | Promise
    recognizes: Callable[[Columns], bool]
    columns: tuple[str, ...]
    # The columns that say what a row is about.
    key: tuple[str, ...]
    # Its statements, from the file beside its module. `clash` gives (n, key, writes): rows with a key in common are
    # applied one after the other if either writes to it.
    sql: Sql
    apply: Callable[[Round], None]
    # What is said of its rows and of no other kind's: sis/report/messages.py.
    messages: Mapping[str, str | Promise]
    example: Example

    # How cells are taken (sis/kinds/staging.py).
    dates: frozenset[str] = frozenset()
    # Whether <delete> clears a date; elsewhere it is as good as none.
    clears_dates: bool = False
    flags: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset({"status"})
    # The words that can stand there, by the message about one that cannot; `{words}` in that message lists them.
    allowed: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"bad_status": STATES})
    # Whether rows have a login_id, and perhaps a password.
    has_login: bool = False
    # The column of an email address that is left out where it is none.
    email: str | None = None
    made: Mapping[str, Made] = field(default_factory=dict)

    # Columns of which one must be given for a row to be about anything; if there are none, the first of the key.
    one_of: tuple[str, ...] = ()
    # Columns whose ids are those of people, which two people must not share; and those that may hold an id that a
    # spreadsheet has shortened (sis/imports/doubtful_ids.py).
    people: tuple[str, ...] = ()
    may_be_shortened: tuple[str, ...] = ()
    # Those in which a person's further ids mean the same as their own (sis/imports/further_ids.py).
    by_any_id: tuple[str, ...] = ()
    # Tables that its rows make grow, in the order in which the database is to measure them.
    grows: tuple[str, ...] = ()

    # What is left to do once the rows of all files have been applied, but for those that go last; and with which kinds.
    settle: Callable[[Round], None] | None = None
    settles: frozenset[str] = frozenset()

    going: Going = Going.AFTER_OWN_FILE
    # The status of what a data set lists no more.
    status_of_gone: Callable[[Options], str] = deleted

    # Reasons to refuse a row that others of the upload may remove: it is tried again after all of its kind. And what
    # such rows pass from one record to another (sis/imports/postponed.py).
    resolvable: frozenset[str] = frozenset()
    unique: tuple[Unique, ...] = ()

    # How what is listed no more is read as it is (sis/imports/vanished.py).
    restated: Restated | None = None

    record: Record | None = None
    # How further classes of state changes are put back.
    put_back_too: Mapping[str, PutBack] = field(default_factory=dict)
    brake: Brake | None = None
    batch_mode: BatchMode | None = None

    @cached_property
    def staged(self) -> tuple[str, ...]:
        """All columns of the staging table, in their order."""
        return (*self.columns, *self.made)

    @property
    def known_by(self) -> tuple[str, ...]:
        """The columns of which one must be given for a row to be about anything."""
        return self.one_of or self.key[:1]

    @cached_property
    def names(self) -> tuple[int, ...]:
        """The positions of those columns that people read."""
        return tuple(index for index, column in enumerate(self.columns) if column.rpartition("_")[2] in NAMES)

    @cached_property
    def selected(self) -> str:
        """The staged columns by their names, for a SELECT."""
        return staged_columns(self.staged)

    @property
    def class_name(self) -> str:
        """Canvas's name in `statistics`; empty for a kind that has none there."""
        return self.record.class_name if self.record else ""

    @property
    def put_back(self) -> Mapping[str, PutBack]:
        """How each class of state changes that its rows make is put back."""
        own = {self.record.class_name: self.record.put_back} if self.record else {}
        return {**own, **self.put_back_too}

    def cell(self, column: str) -> str:
        """Return the staged column of this name, for SQL. Raises ValueError for a column of another kind."""
        return f"c{self.staged.index(column) + 1}"
