"""A chunk of staged rows: what every kind of file does with one.

The rows of a chunk are applied as one set. Where rows touch the same records, the set holds only the first of them,
and the rest follows in further rounds, so that the outcome is the same as row by row, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from django.db import connection, models
from psycopg.sql import Literal

from accounts.models import User
from sis.files.passwords import PasswordCipher
from sis.kinds.registry import KINDS, Kind
from sis.kinds.staging import ADDED, ROOM, WAS_ADDED
from sis.options import Options


@dataclass(frozen=True)
class Run:
    """The import that is being applied: which, by whom, into which root account, and how."""

    sis_import_id: int
    root_id: int
    by: User | None
    options: Options
    cipher: PasswordCipher
    # Whether the rows are what differs from a data set before, and what tells its chain from others
    # (sis/upload/chain.py).
    is_compared: bool = False
    chain: str = ""


@dataclass(frozen=True)
class Message:
    """A warning about a row; one that comparing data sets has added has no number."""

    row: int | None
    kind: str
    ids: Mapping[str, Any]
    info: str


@dataclass
class Outcome:
    """What became of a chunk."""

    applied: int = 0
    messages: list[Message] = field(default_factory=list)


class Round:
    """The rows of a chunk that can be applied as one set; `run` executes SQL about them."""

    def __init__(self, run: Run, kind: Kind, columns: frozenset[str], first: int, last: int) -> None:
        self.run, self.kind = run, kind
        self.values: dict[str, Any] = {
            "import": run.sis_import_id,
            "root": run.root_id,
            "by": run.by.pk if run.by else None,
            # Whoever acts as somebody gains by both.
            "sender": [run.by.pk, run.by.person_acting.pk] if run.by else [],
            "given": sorted(columns),
            "first": first,
            "last": last,
            "only": None,
            "held": [],
            "override": run.options.override_sis_stickiness,
            "add": run.options.add_sis_stickiness and not run.options.clear_sis_stickiness,
            "clear": run.options.clear_sis_stickiness,
            "skip_deletes": run.options.skip_deletes,
            "dry_run": run.options.dry_run,
            "chain": run.chain,
            "is_compared": run.is_compared,
            "update_sis_id": run.options.update_sis_id_if_login_claimed,
        }

    def execute(self, sql: str, **values: Any) -> list[Any]:
        """Run one statement about these rows; returns what it returns."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {**self.values, **values})
            return cursor.fetchall() if cursor.description else []

    def lock(self, sql: str) -> None:
        """Run a statement that holds records until the chunk is done. A dry run, which keeps nothing, holds nobody."""
        if not self.run.options.dry_run:
            self.execute(sql)

    def look_up(self, sql: str, table: str, *, found: str = "w.found", has_other_names: bool = False) -> None:
        """Run the statement that makes the table w, and remember the records found.

        Rows that comparing data sets has added are passed over where there is nothing for them to end, or what another
        chain of data sets has touched last, which it is for to end; and, of records with `has_other_names`, where
        another row of this import was about the same one in other words.
        """
        self.execute(sql)
        if self.values["last"] % ROOM > ADDED:
            self.execute(SPARE.format(table=table, found=found), has_other_names=has_other_names)
        self.remember(table, found=found)

    def remember(self, table: str, *, found: str = "w.found", where: str = "true") -> None:
        """A dry run remembers these records of w as they are now."""
        if self.run.options.dry_run:
            self.execute(
                f"INSERT INTO was SELECT '{table}', x.id, to_jsonb(x) FROM {table} x"
                f" WHERE x.id IN (SELECT {found} FROM w WHERE w.problem IS NULL AND {where}) ON CONFLICT DO NOTHING"
            )


SPARE = f"""
UPDATE w SET problem = 'skip', caution = NULL
WHERE {WAS_ADDED} AND NOT EXISTS (
    SELECT 1 FROM {{table}} x
    LEFT JOIN sis_sisimport last ON last.id = x.sis_import_id
    WHERE x.id = {{found}} AND NOT (%(has_other_names)s AND x.sis_import_id IS NOT DISTINCT FROM %(import)s)
      AND coalesce(nullif(last.diffing_data_set_identifier, ''), last.data ->> 'source', '') IN ('', %(chain)s))
"""

# Plans for single rows by index, whatever the database last heard of the sizes of these tables.
SETTINGS = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off; SET LOCAL random_page_cost = 1;
SET LOCAL jit = off; SET LOCAL work_mem = '64MB'
"""


def rows(kind: str) -> str:
    """The rows of the round, as a common table expression `rows` with the columns' own names."""
    return f"""
WITH rows AS MATERIALIZED (
    SELECT {KINDS[kind].selected} FROM sis_staged
    WHERE n BETWEEN %(first)s AND %(last)s
      AND (%(only)s::bigint[] IS NULL OR n = ANY(%(only)s::bigint[])) AND n <> ALL(%(held)s::bigint[])
)"""


# `clash` has (n, key, writes): rows with a key in common are applied one after the other if either writes to it.
HOLD = """
SELECT DISTINCT n FROM (
    SELECT n, min(n) OVER same AS touched,
           writes, min(n) FILTER (WHERE writes) OVER same AS written
    FROM clash WHERE key IS NOT NULL WINDOW same AS (PARTITION BY hashtextextended(key, 0))
) clashes
WHERE n > written OR (writes AND n > touched)
"""


@dataclass(frozen=True)
class Applier:
    """How rows of one kind are applied: the SQL that finds what they touch, and the function that applies a set."""

    kind: str
    clash: str
    apply: Callable[[Round], None]


# After so many rounds the file repeats itself: of rows that are the same from end to end the last is left, and the
# rest follow a few at a time, for each round costs as much as the rows that wait.
ROUNDS_OF_COPIES = 10
A_FEW = 50

# The table w holds the rows of the round with all that was looked up for them, and for each row
# `problem` (why it is refused; 'skip': silently), `caution` (a warning about a row that is applied), `ids` for either.
COLLECT = """
SELECT count(*) FILTER (WHERE problem IS NULL AND caution IS DISTINCT FROM 'bad_email'),
       coalesce(json_agg(json_build_array(row, coalesce(problem, caution), ids, info) ORDER BY n)
                FILTER (WHERE problem <> 'skip' OR (problem IS NULL AND caution IS NOT NULL)), '[]')::text
FROM w
"""


def apply_chunk(applier: Applier, run: Run, columns: frozenset[str], first: int, last: int) -> Outcome:
    """Apply the staged rows from `first` to `last`, all of one file. The caller has opened a transaction."""
    outcome = Outcome()
    this = Round(run, KINDS[applier.kind], columns, first, last)
    this.execute(SETTINGS)
    clash = f"{rows(applier.kind)}, clash(n, key, writes) AS ({applier.clash}) {HOLD}"
    last_copies = f"{rows(applier.kind)} SELECT max(n) FROM rows GROUP BY {', '.join(this.kind.columns)} ORDER BY 1"
    waiting: list[int] | None = None
    for number in count(1):
        this.values["held"], this.values["only"] = [], waiting
        if number == ROUNDS_OF_COPIES:
            waiting = [n for (n,) in this.execute(last_copies)]
        some = waiting[:A_FEW] if waiting and number >= ROUNDS_OF_COPIES else waiting
        this.values["only"] = some
        this.values["held"] = sorted(n for (n,) in this.execute(clash))
        applier.apply(this)
        ((applied, messages),) = this.execute(COLLECT)
        this.execute("DROP TABLE w")
        outcome.applied += applied
        outcome.messages += [Message(*message) for message in json.loads(messages)]
        waiting = [*this.values["held"], *(waiting or [])[len(some or []) :]]
        if not waiting:
            break
    outcome.messages.sort(key=lambda message: message.row or 0)
    return outcome


def info(kind: str) -> str:
    """SQL for the content of a row, as shown beside a warning. Passwords are not among the columns."""
    return f"concat_ws(',', {', '.join(f'r.{name}' for name in KINDS[kind].columns)})"


def ids(**of: str) -> str:
    """SQL for the ids a message names: `ids(user="user_id")`."""
    return f"json_build_object({', '.join(f'{name!r}, {sql}' for name, sql in of.items())})"


def free(field_name: str, record: str = "f") -> str:
    """SQL: whether an import may set this field of the record found, or make it."""
    return f"(%(override)s OR {record}.id IS NULL OR NOT '{field_name}' = ANY({record}.stuck_sis_fields))"


def stuck(changes: Mapping[str, str], record: str = "f") -> str:
    """SQL for the stuck fields after the row, given for each field the condition under which the row changes it."""
    before = f"coalesce({record}.stuck_sis_fields, '{{}}')"
    changed = ", ".join(f"CASE WHEN {condition} THEN '{name}' END" for name, condition in changes.items())
    added = f"""(SELECT coalesce(array_agg(DISTINCT one ORDER BY one), '{{}}')
                 FROM unnest({before}::text[] || ARRAY[{changed}]::text[]) AS one WHERE one IS NOT NULL)"""
    return (
        f"CASE WHEN %(override)s AND %(clear)s THEN '{{}}'"
        f" WHEN %(override)s AND %(add)s THEN {added} ELSE {before}::text[] END"
    )


@cache
def insert(model: type[models.Model], source: str = "w", where: str = "", /, **columns: str) -> str:
    """SQL to make records of `model` from `source`, with SQL for each column; the others get their defaults."""
    named = dict(columns)
    for one in model._meta.concrete_fields:
        if (
            not one.column
            or one.column in named
            or one.primary_key
            or one.null
            or one.has_db_default()
            or one.generated
        ):
            continue
        if getattr(one, "auto_now_add", False) or getattr(one, "auto_now", False):
            named[one.column] = "now()"
        else:
            default = one.get_default()
            named[one.column] = Literal(json.dumps(default) if isinstance(default, dict) else default).as_string(None)
    names, values = ", ".join(named), ", ".join(named.values())
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {source} {where}"


def noting_changes(kind: str, select: str, *, batch_mode: bool = False) -> str:
    """SQL to remember state changes of records of this class; `select` gives (id, before or null, after)."""
    return f"""
INSERT INTO sis_statechange (sis_import_id, kind, before, after, records, batch_mode)
SELECT %(import)s, '{kind}', coalesce(before, ''), after, array_agg(id), {batch_mode}
FROM ({select}) AS changes(id, before, after)
WHERE before IS DISTINCT FROM after GROUP BY before, after
"""


def not_saved(kind: Kind, n: int) -> Message:
    """What is said of a staged row that the database did not take."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row, {info(kind.name)} FROM (SELECT {kind.selected} FROM sis_staged WHERE n = %s) r", [n]
        )
        row, content = cursor.fetchone()
    return Message(row, "not_saved", {}, content)
