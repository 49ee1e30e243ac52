"""Ids that imports have changed since a data set: its rows mean records by the ids of that time.

So a row that is in it and not in the next one ends what the record is now called, and nothing where the next one lists
that under its new id. Whether a change is refused shows only when it is made: that is asked just before a file is
applied.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import Error, connection, transaction

from accounts.domain.audit import hold_up_no_reader
from sis.files.tables import RosterFile
from sis.imports.repeats import about
from sis.kinds.chunks import AS_BEFORE, Run, apply_chunk
from sis.kinds.ids import NAMED_BY, called_now
from sis.kinds.kind import Kind
from sis.kinds.sql import GONE, ROOM, STAGED, WAS_ADDED
from sis.kinds.staging import StagedFile, by_kind, in_halves, next_chunk
from sis.models import ChangedId, SisImport

CHANGES = "change_sis_id"
ROWS_AT_ONCE = 5_000


def changed_since(before: SisImport, files: Iterable[RosterFile]) -> frozenset[str]:
    """Return the ids that records have lost since this data set, and those that these files are about to change."""
    found = set(ChangedId.objects.filter(sis_import__gt=before.pk).values_list("before", flat=True).distinct())
    for file in files:
        if file.kind == CHANGES:
            for row in file.rows():
                found |= {row.cells.get(column) or "" for column in ("old_id", "old_integration_id")}
    return frozenset(found - {""})


def may_matter(sis_import: SisImport, files: Iterable[StagedFile], *, joins_by_login: bool) -> bool:
    """Return whether rows that vanished from these files may mean something else by now."""
    if sis_import.diffed_against_id is None:
        return False
    if joins_by_login or any(file.kind.name == CHANGES for file in files):
        return True
    return ChangedId.objects.filter(sis_import__gt=sis_import.diffed_against_id).exists()


def try_out(files: Iterable[StagedFile], run: Run) -> None:
    """Change the ids that these files change, to see what rows mean afterwards. The caller takes all of it back."""
    changes = [file for file in files if file.kind.name == CHANGES]
    if not changes:
        return
    hold_up_no_reader()
    for file in changes:
        after = file.first - 1
        while chunk := next_chunk(after, file.last, ROWS_AT_ONCE):
            in_halves(partial(_try, file, run), _leave_out, *chunk)
            after = chunk[1]
    with connection.cursor() as cursor:
        cursor.execute(AS_BEFORE)


def _try(file: StagedFile, run: Run, first: int, last: int) -> None:
    with transaction.atomic():
        apply_chunk(file.kind, run, file.columns, first, last)


def _leave_out(_n: int, _error: Error) -> None:
    """Change no id by a row that the import will leave out too."""


def follow(files: Iterable[StagedFile], everything: Iterable[StagedFile], *, base: int) -> None:
    """Have the rows that vanished from these files since the data set `base` mean what they meant in it.

    Those are dropped that `everything` of this upload lists by the ids of now, and those about what has none any more.
    """
    of_kind = by_kind(everything)
    with connection.cursor() as cursor:
        for file in files:
            vanished = {"first": file.index * ROOM + GONE + 1, "last": file.last}
            for column in NAMED_BY.keys() & {*file.kind.columns}:
                cursor.execute(rename(file.kind, column), {**vanished, "base": base})
            cursor.execute(drop_listed(file.kind), {**vanished, "files": of_kind[file.kind.name]})


def rename(kind: Kind, column: str) -> str:
    """Return the statement that puts what records are called now into this column of the vanished rows."""
    cell = kind.cell(column)
    return f"""
WITH now AS MATERIALIZED ({called_now(NAMED_BY[column])}),
nameless AS (
    DELETE FROM {STAGED} USING now
    WHERE n BETWEEN %(first)s AND %(last)s AND {cell} = now.before AND now.name IS NULL
)
UPDATE {STAGED} SET {cell} = now.name FROM now
WHERE n BETWEEN %(first)s AND %(last)s AND {cell} = now.before AND now.name IS NOT NULL
"""


def drop_listed(kind: Kind) -> str:
    """Return the statement that drops the vanished rows about what other rows of the kind list."""
    return f"""
DELETE FROM {STAGED} WHERE n BETWEEN %(first)s AND %(last)s AND {about(kind)} IN (
    SELECT {about(kind)} FROM {STAGED} WHERE file = ANY(%(files)s) AND NOT {WAS_ADDED})
"""
