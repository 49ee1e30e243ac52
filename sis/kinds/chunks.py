"""A chunk of staged rows: what every kind of file does with one, and how what it did is put back.

The rows of a chunk are applied as one set. Where rows touch the same records, the set holds only the first of them,
and the rest follows in further rounds, so that the outcome is the same as row by row, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, models
from django.db.models import Model, QuerySet
from psycopg.sql import Literal

from accounts.models import Account, User
from courses.domain.observation_events import author
from courses.models import Course, Section, Term
from sis.files.passwords import PasswordCipher
from sis.kinds.audit import MADE, record_made, record_state
from sis.kinds.kind import Kind, PutBack
from sis.kinds.sql import ADDED, GONE, ROOM, STAGED, WAS_ADDED, chain_in_sql, note_changes, row_content, rows
from sis.models import StateChange
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
    # Whether the next data set of the chain is to know which rows were refused (sis/imports/unsettled.py).
    keeps_refused: bool = False


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
    # The numbers of rows that are to be tried again (sis/imports/postponed.py).
    postponed: list[int] = field(default_factory=list)


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
            "resolvable": [],
            "postponed": [],
            "override": run.options.override_sis_stickiness,
            "add": run.options.add_sis_stickiness and not run.options.clear_sis_stickiness,
            "clear": run.options.clear_sis_stickiness,
            "skip_deletes": run.options.skip_deletes,
            "dry_run": run.options.dry_run,
            "chain": run.chain,
            "is_compared": run.is_compared,
            "kind": kind.name,
            "keeps_refused": run.keeps_refused,
            "keep_days": settings.SIS_KEEP_DAYS,
            "update_sis_id": run.options.update_sis_id_if_login_claimed,
            **author(run.by, run.sis_import_id),
        }

    def execute(self, sql: str, **values: Any) -> list[Any]:
        """Run one statement about these rows, and return what it returns."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {**self.values, **values})
            return cursor.fetchall() if cursor.description else []

    def lock(self, sql: str) -> None:
        """Run a statement that holds records until the chunk is done. A dry run, which keeps nothing, holds nobody."""
        if not self.run.options.dry_run:
            self.execute(sql)

    def look_up(self, table: str, *, found: str = "found", other_names: str = "false") -> None:
        """Make the table `looked_up` of the rows with all there is to know about them, and remember the records found.

        Rows that comparing data sets has added are passed over where there is nothing for them to end, or what another
        chain of data sets has touched last, which it is for to end; and, where the condition `other_names` holds, if
        another row of this import was about the same one in other words. Rows that the data set before had too are
        passed over where people have changed since what they say. Rows wait that are about the same as one that waits.
        """
        self.execute(self.kind.sql["look_up"])
        if self.run.is_compared and "keep_by_hand" in self.kind.sql.statements:
            self.execute(self.kind.sql["keep_by_hand"])
        if self.values["last"] % ROOM > ADDED:
            self.execute(PASS_OVER.format(table=table, found=found, other_names=other_names))
        if self.values["postponed"]:
            self.execute(POSTPONE.format(cell=self.kind.cell(self.kind.key[0])))
        self.remember(table, found=found)

    def remember(self, table: str, *, found: str = "found", where: str = "true") -> None:
        """Have a dry run remember the records looked up as they are now; `where` is a condition on `given`."""
        if self.run.options.dry_run:
            self.execute(REMEMBER.format(table=table, found=found, where=where))

    def note_changes(self, class_name: str) -> None:
        """Remember how the states of the records looked up change."""
        self.execute(note_changes(class_name, CHANGED))

    def make(
        self,
        class_name: str,
        model: type[models.Model],
        state: str,
        source: str = "looked_up",
        where: str = "found IS NULL AND problem IS NULL",
        also: str = "",
        /,
        **columns: str,
    ) -> None:
        """Make records of the rows of which none was found, record that, and remember the states they begin in.

        `state` is the column that holds it; for each column there is SQL about the rows of `source`. `also` are further
        common table expressions about what is `made`.
        """
        more, told = (MADE[model][0], f", told AS ({record_made(model)})") if model in MADE else ((), "")
        made = insert(model, source, f"WHERE {where} ORDER BY n RETURNING {', '.join(('id', state, *more))}", **columns)
        new = f"(SELECT id, NULL AS before, {state} AS after FROM made) AS new"
        also = also and f", {also}"
        self.execute(f"WITH made AS ({made}){told}{also} {note_changes(class_name, new)}")


# A row that comparing data sets has added ends what is there by it, or nothing.
PASS_OVER = f"""
UPDATE looked_up SET problem = 'skip', caution = NULL
WHERE {WAS_ADDED} AND NOT EXISTS (
    SELECT 1 FROM {{table}} AS record
    LEFT JOIN sis_sisimport AS last ON last.id = record.sis_import_id
    WHERE record.id = looked_up.{{found}}
      AND NOT ({{other_names}} AND record.sis_import_id IS NOT DISTINCT FROM %(import)s)
      AND {chain_in_sql("last")} IN ('', %(chain)s))
"""

# Of rows about the same the last one counts.
POSTPONE = f"""
UPDATE looked_up SET problem = 'postponed', caution = NULL FROM {STAGED} AS staged
WHERE staged.n = looked_up.n AND (problem IS NULL OR problem = 'skip')
  AND staged.{{cell}} IN (SELECT {{cell}} FROM {STAGED} WHERE n = ANY(%(postponed)s))
"""

# What an earlier round has changed already was something else before.
REMEMBER = """
INSERT INTO was SELECT '{table}', record.id, to_jsonb(record) FROM {table} AS record
WHERE record.id IN (SELECT given.{found} FROM looked_up AS given WHERE given.problem IS NULL AND {where})
ON CONFLICT DO NOTHING
"""

CHANGED = (
    """(SELECT found AS id, before, after FROM looked_up WHERE found IS NOT NULL AND problem IS NULL) AS changed"""
)

# Plans for single rows by index, whatever the database last heard of the sizes of these tables.
PLANNED = {
    **{"enable_seqscan": "off", "enable_mergejoin": "off", "random_page_cost": "1", "jit": "off"},
    "work_mem": "'64MB'",
}
SETTINGS = "; ".join(f"SET LOCAL {name} = {value}" for name, value in PLANNED.items())
AS_BEFORE = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in PLANNED)

# `clash` has (n, key, writes): rows with a key in common are applied one after the other if either writes to it. A
# window over each key, for a join of the rows with themselves would take the square of them where many share a key.
# Rows that are refused by themselves touch nothing.
HOLD = """
SELECT DISTINCT n FROM (
    SELECT n, min(n) OVER same AS touched,
           writes, min(n) FILTER (WHERE writes) OVER same AS written
    FROM clash WHERE key IS NOT NULL WINDOW same AS (PARTITION BY hashtextextended(key, 0))
) clashes
WHERE n > written OR (writes AND n > touched)
"""

# After so many rounds the rest follow a few at a time, for each round costs as much as the rows that wait. Rows about
# the same are fewer than that (sis/imports/repeats.py).
MOST_ROUNDS = 10
A_FEW = 50

# The table `looked_up` holds the rows of the round with all that was looked up for them, and for each row
# `problem` (why it is refused; 'skip': silently; 'postponed': not yet), `caution` (a warning about one that is applied;
# 'not_yet': none, as the next data set may bring what it names), `ids` for either.
IS_POSTPONED = f"(problem = 'postponed' OR (problem = ANY(%(resolvable)s) AND n %% {ROOM} <= {GONE}))"
COLLECT = f"""
SELECT count(*) FILTER (WHERE problem IS NULL AND caution IS DISTINCT FROM 'bad_email'),
       coalesce(json_agg(json_build_array(row, coalesce(problem, caution), ids, info) ORDER BY n)
                FILTER (WHERE (problem <> 'skip' AND NOT {IS_POSTPONED})
                           OR (problem IS NULL AND caution <> 'not_yet')), '[]')::text,
       coalesce(json_agg(n ORDER BY n) FILTER (WHERE {IS_POSTPONED}), '[]')::text
FROM looked_up
"""
# What a row says is not so yet, although it is applied.
NOT_YET = ("enroll_deleted_user", "not_yet")


def collect(kind: Kind) -> str:
    """Return the statement that tells what became of a round, and remembers the rows that were refused.

    Rows that vanished from a data set stand in no file any more, and are remembered with what stood in them.
    """
    cells = ", ".join(f"'{name}', given.{kind.cell(name)}" for name in kind.columns)
    return f"""
WITH refused AS (
    INSERT INTO sis_refusedrow (sis_import_id, kind, row, cells)
    SELECT %(import)s, %(kind)s, given.row, CASE WHEN given.row IS NULL THEN jsonb_build_object({cells}) END
    FROM looked_up JOIN {STAGED} AS given USING (n)
    WHERE %(keeps_refused)s AND (given.row IS NOT NULL OR n %% {ROOM} > {GONE}) AND {IS_POSTPONED} IS NOT TRUE
      AND (problem <> 'skip' OR (problem IS NULL AND caution IN {NOT_YET})
           OR (problem = 'skip' AND %(skip_deletes)s AND given.row IS NULL))
)
{COLLECT}"""


def clashing(kind: Kind) -> str:
    """Return the statement that finds the rows of a round that must wait for others of it."""
    known = f"fault IS NULL AND coalesce({', '.join(kind.cell(name) for name in kind.known_by)}) IS NOT NULL"
    return f"{rows(kind.selected, known)}, clash(n, key, writes) AS ({kind.sql['clash']}) {HOLD}"


def apply_chunk(
    kind: Kind,
    run: Run,
    columns: frozenset[str],
    first: int,
    last: int,
    *,
    only: Sequence[int] | None = None,
    postponed: Sequence[int] | None = None,
) -> Outcome:
    """Apply the staged rows from `first` to `last`, all of one file, or `only` those with these numbers of them.

    `postponed` are the numbers of rows of the kind that wait already, for those about the same to wait too; without it
    none does. The caller has opened a transaction.
    """
    outcome = Outcome()
    this = Round(run, kind, columns, first, last)
    if postponed is not None:
        this.values["resolvable"] = sorted(kind.resolvable)
    this.execute(SETTINGS)
    waiting = None if only is None else [*only]
    for number in count(1):
        some = waiting[:A_FEW] if waiting and number > MOST_ROUNDS else waiting
        this.values["held"], this.values["only"] = [], some
        this.values["postponed"] = [*(postponed or ()), *outcome.postponed]
        this.values["held"] = sorted(n for (n,) in this.execute(clashing(kind)))
        kind.apply(this)
        ((applied, messages, to_try_again),) = this.execute(collect(kind))
        this.execute("DROP TABLE looked_up")
        outcome.applied += applied
        outcome.messages += [_message(kind, *message) for message in json.loads(messages)]
        outcome.postponed += json.loads(to_try_again)
        waiting = [*this.values["held"], *(waiting or [])[len(some or []) :]]
        if not waiting:
            break
    outcome.messages.sort(key=lambda message: message.row or 0)
    return outcome


def _message(kind: Kind, row: int | None, said: str, ids: Mapping[str, Any], info: str) -> Message:
    """Return what is said of a row: after a colon comes its `detail`, and `words` are those that can stand there."""
    said, _colon, detail = said.partition(":")
    return Message(row, said, {**ids, "detail": detail, "words": kind.allowed.get(said, ())}, info)


@cache
def insert(model: type[models.Model], source: str = "looked_up", where: str = "", /, **columns: str) -> str:
    """Return SQL to make records of `model` from `source`, with SQL for each column; the others get their defaults."""
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


def not_saved(kind: Kind, n: int) -> Message:
    """Return what is said of a staged row that the database did not take."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row, {row_content(kind.columns)}"
            f" FROM (SELECT {kind.selected} FROM {STAGED} WHERE n = %s) AS given",
            [n],
        )
        row, content = cursor.fetchone()
    return Message(row, "not_saved", {}, content)


Record = TypeVar("Record", bound=Model)


def put_back_states(model: type[Account | Term | Course | Section]) -> PutBack:
    """Return how the states of records are put back that have nothing but a state."""

    def put_back(change: StateChange, by: User) -> int:
        before, there = change.before or "deleted", model.objects.filter(pk__in=change.records)
        held = of_the_import(model, change).select_for_update(no_key=True).order_by("pk")
        ours = list(held.values_list("pk", flat=True))
        record_state(model, ours, before, by=by, sis_import=change.sis_import_id)
        there.filter(pk__in=ours).update(workflow_state=before)
        return there.exclude(workflow_state=before).count()

    return put_back


def of_the_import(model: type[Record], change: StateChange) -> QuerySet[Record]:
    """Return the records of a change that are as it left them."""
    there = model._default_manager.filter(pk__in=change.records, workflow_state=change.after)
    return untouched(there, change)


def untouched(found: QuerySet[Record], change: StateChange) -> QuerySet[Record]:
    """Return those that no later import has named, and whose state no person has decided on."""
    found = found.filter(sis_import_id=change.sis_import_id)
    if change.sis_import.options.get("override_sis_stickiness"):
        return found
    return found.exclude(stuck_sis_fields__contains=["status"])


def own(by: User) -> list[int]:
    """Return the ids of those who act: whoever acts as somebody gains by both."""
    return [by.pk, by.person_acting.pk]
