"""Rows that were refused because of others of the upload: tried again as one set, after all others of their kind.

Whichever row comes first, a login passes from one person to another, two people swap theirs, and any number pass theirs
around; so do integration ids. Only rows of the upload give anything away that somebody has: whoever is not in it keeps
theirs, and so does whoever's row is refused.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from accounts.domain.audit import record_in_sql
from accounts.models.account import hold_tree
from courses.domain.observation_events import author
from sis.kinds.audit import CHANGED, told
from sis.kinds.change_sis_id import MODELS
from sis.kinds.chunks import Outcome, Run, apply_chunk
from sis.kinds.ids import KEPT_IN
from sis.kinds.kind import Kind, Unique
from sis.kinds.sql import GONE, ROOM, STAGED, chain_in_sql
from sis.kinds.staging import StagedFile
from sis.models import ChangedId

# So many rows of a kind are tried again at most, since all of them are one transaction; the rest are refused at once.
MOST = 50_000
# After so many tries with fewer records each, all of them keep what they have.
MOST_TRIES = 10


@dataclass(frozen=True)
class Held:
    """What a record has in a unique column that a row wants for another; `stand_in` is there instead meanwhile.

    `wanted_by` are the SIS ids of the others, `sis_id` is its own. `is_over`: whether it is deleted, or will be by this
    upload, and keeps nothing that is wanted.
    """

    unique: Unique
    record: int
    sis_id: str | None
    value: str
    wanted_by: frozenset[str]
    is_over: bool
    stand_in: str


def apply(files: Sequence[StagedFile], run: Run, numbers: Sequence[int]) -> list[tuple[StagedFile, Outcome]]:
    """Apply the rows with these numbers, of these files of one kind. The caller has opened a transaction."""
    kind, keeping, tries = files[0].kind, set[int](), 0
    while True:
        tries += 1
        point = transaction.savepoint()
        held = _held(kind, run, files, numbers, but=keeping)
        _take(kind, run, held, numbers)
        outcomes = [(file, _applied(file, run, numbers)) for file in files if _of_file(file, numbers)]
        if not (refused := _give_back(kind, run, held)):
            transaction.savepoint_commit(point)
            return outcomes
        # Their rows are refused for good, and so are those that want what they keep.
        transaction.savepoint_rollback(point)
        keeping |= _with_all_who_wait(refused, held) if tries < MOST_TRIES else {one.record for one in held}


def _of_file(file: StagedFile, numbers: Sequence[int]) -> list[int]:
    return sorted(n for n in numbers if file.first <= n <= file.last)


def _applied(file: StagedFile, run: Run, numbers: Sequence[int]) -> Outcome:
    some = _of_file(file, numbers)
    return apply_chunk(file.kind, run, file.columns, some[0], some[-1], only=some)


def _with_all_who_wait(refused: Collection[int], held: Iterable[Held]) -> set[int]:
    """Return these records, those whose rows want what they have, those whose rows want what these have …"""
    by_record, by_sis_id = defaultdict(list), defaultdict(list)
    for one in held:
        by_record[one.record].append(one)
        by_sis_id[one.sis_id].append(one)
    found, new = set(refused), list(refused)
    while new:
        waiting = {sis_id for one in by_record[new.pop()] for sis_id in one.wanted_by}
        more = {one.record for sis_id in waiting for one in by_sis_id[sis_id]} - found
        found |= more
        new += more
    return found


def _held(
    kind: Kind, run: Run, files: Sequence[StagedFile], numbers: Sequence[int], *, but: Collection[int]
) -> list[Held]:
    """Return what these rows want that records have which give it away by their own rows, or are over."""
    values: dict[str, Any] = {
        "numbers": list(numbers),
        "files": [file.index for file in files],
        "chain": run.chain,
        "but": list(but),
    }
    found = []
    with connection.cursor() as cursor:
        for unique in kind.unique:
            cursor.execute(find_held(kind, unique), values)
            for record, sis_id, value, wanted_by, is_over in cursor.fetchall():
                stand_in = str(uuid.uuid4())
                found.append(Held(unique, record, sis_id, value, frozenset(wanted_by), is_over, stand_in))
    return found


def find_held(kind: Kind, unique: Unique) -> str:
    """Return the statement that finds what rows want that records have."""
    table, sis_id = KEPT_IN[kind.name]
    about, cell = kind.cell(kind.key[0]), kind.cell(unique.column)
    is_there, counts = _is_there(kind), f"({unique.outlasts} OR {_is_there(kind)})"
    has, wants, gives = (unique.same.format(one) for one in (f"record.{unique.column}", "wanted.value", "own.value"))
    return f"""
WITH wanted AS MATERIALIZED (
    SELECT {about} AS about, {cell} AS value FROM {STAGED}
    WHERE n = ANY(%(numbers)s) AND {about} IS NOT NULL AND {cell} IS NOT NULL
),
held AS (
    SELECT record.id, record.{sis_id}, record.{unique.column}, array_agg(DISTINCT wanted.about) AS wanted_by,
           NOT {is_there}
           OR EXISTS (SELECT FROM {STAGED} AS gone LEFT JOIN sis_sisimport AS last ON last.id = record.sis_import_id
                      WHERE gone.file = ANY(%(files)s) AND n %% {ROOM} > {GONE} AND gone.{about} = record.{sis_id}
                        AND {chain_in_sql("last")} IN ('', %(chain)s)) AS is_over
    FROM wanted JOIN {table} AS record ON {has} = {wants} AND record.{sis_id} IS DISTINCT FROM wanted.about
    WHERE {counts} AND record.id <> ALL(%(but)s)
    GROUP BY record.id
)
SELECT * FROM held AS record
WHERE ({unique.outlasts} AND is_over)
   OR EXISTS (SELECT FROM wanted AS own WHERE own.about = record.{sis_id} AND {gives} <> {has})
ORDER BY id"""


def _is_there(kind: Kind) -> str:
    """Return SQL: whether a record is not deleted."""
    if kind.record is None:
        raise TypeError(f"rows of {kind.plural} are about no records")
    return f"record.{kind.record.state} <> 'deleted'"


def _take(kind: Kind, run: Run, held: Sequence[Held], numbers: Sequence[int]) -> None:
    """Put what stands in for it where it is, in the order in which records are locked."""
    if not held:
        return
    table, _sis_id = KEPT_IN[kind.name]
    records = sorted({one.record for one in held})
    if kind.name == "account":
        hold_tree()
    with connection.cursor() as cursor:
        if "lock_people_of" in kind.sql.statements and not run.options.dry_run:
            cursor.execute(kind.sql["lock_people_of"], {"ns": list(numbers)})
        cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [records])
        if run.options.dry_run:
            cursor.execute(
                f"INSERT INTO was SELECT '{table}', id, to_jsonb(record) FROM {table} AS record WHERE id = ANY(%s)"
                " ON CONFLICT DO NOTHING",
                [records],
            )
    _put(table, [(one, one.stand_in) for one in held])


def _put(table: str, values: Iterable[tuple[Held, str | None]]) -> None:
    of_column = defaultdict(list)
    for one, value in values:
        of_column[one.unique.column].append((one.record, value))
    with connection.cursor() as cursor:
        for column, pairs in of_column.items():
            records, new = zip(*pairs, strict=True)
            cursor.execute(
                f"UPDATE {table} AS record SET {column} = new.value"
                " FROM unnest(%s::bigint[], %s::text[]) AS new(record, value) WHERE record.id = new.record",
                [list(records), list(new)],
            )


def _give_back(kind: Kind, run: Run, held: Sequence[Held]) -> list[int]:
    """Give everybody back what they had who did not get anything else, unless somebody else has it by now.

    Return the records that can have nothing, and are not over. What the others have lost is noted and recorded.
    """
    table, _sis_id = KEPT_IN[kind.name]
    now = {unique: _values(table, unique, held) for unique in kind.unique}
    left = [one for one in held if now[one.unique].get(one.record) == one.stand_in]
    taken = {unique: _taken(kind, unique, left) for unique in kind.unique}
    free = [one for one in left if one.value not in taken[one.unique]]
    lost = [one for one in left if one.value in taken[one.unique]]
    if refused := [one.record for one in lost if not one.is_over]:
        return refused
    _put(table, [(one, one.value) for one in free])
    _put(table, [(one, None) for one in lost])
    _note(kind, run, held, [one for one in held if one not in free])
    if lost:
        _tell(kind, run, lost)
    return []


def _values(table: str, unique: Unique, held: Iterable[Held]) -> dict[int, str]:
    if not (records := [one.record for one in held if one.unique == unique]):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {unique.column} FROM {table} WHERE id = ANY(%s)", [records])
        return dict(cursor.fetchall())


def _taken(kind: Kind, unique: Unique, held: Iterable[Held]) -> set[str]:
    """Return which of these values others have."""
    if not (values := [one.value for one in held if one.unique == unique]):
        return set()
    table, _sis_id = KEPT_IN[kind.name]
    has, wanted = (unique.same.format(one) for one in (f"record.{unique.column}", "wanted"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT wanted FROM unnest(%s::text[]) AS wanted WHERE EXISTS (SELECT FROM {table} AS record"
            f" WHERE {has} = {wanted} AND ({unique.outlasts} OR {_is_there(kind)}))",
            [values],
        )
        return {value for (value,) in cursor.fetchall()}


def _note(kind: Kind, run: Run, held: Iterable[Held], passed: Iterable[Held]) -> None:
    """Note what records were called that rows name by these values too, and not what stood in for that."""
    if (name := f"{kind.name} integration") not in KEPT_IN:
        return
    stand_ins = [one.stand_in for one in held]
    ChangedId.objects.filter(sis_import=run.sis_import_id, kind=name, before__in=stand_ins).delete()
    ChangedId.objects.bulk_create(
        ChangedId(sis_import_id=run.sis_import_id, kind=name, before=one.value, record=one.record)
        for one in passed
        if one.unique.column == "integration_id"
    )


def _tell(kind: Kind, run: Run, lost: Iterable[Held]) -> None:
    """Record what records have lost that are over."""
    model = MODELS[kind.name]
    columns, _deleted, changed = CHANGED[model]
    names = ", ".join(("id", *columns, "NULL::text AS before, NULL::text AS after"))
    source = f"(SELECT {names}, ARRAY['integration_id'] AS fields FROM {model._meta.db_table} WHERE id = ANY(%(ids)s))"
    with connection.cursor() as cursor:
        values = {"ids": [one.record for one in lost], **author(run.by, run.sis_import_id)}
        cursor.execute(record_in_sql(told(changed, f"{source} AS freed")), values)
