"""Rows about the same that a file has again and again, found in the staged rows before any is applied.

Rows about the same are applied one after the other, each in a round of its own: a few are a correction, thousands an
export gone wrong, which would hold up everybody else's rosters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from sis.kinds.chunks import Message
from sis.kinds.kind import Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import STAGED, WAS_ADDED, row_content
from sis.kinds.staging import StagedFile, by_kind

# More rows about the same than this are a fault, and so are more that share what only one can have, or a few: those are
# placeholders.
MOST = 10
UNIQUE = {
    "login_id",
    "integration_id",
    "existing_user_id",
    "existing_integration_id",
    "existing_canvas_user_id",
}


@dataclass(frozen=True)
class Repeated:
    """The last of some rows about the same, of which the others were dropped: in which file, and what is said."""

    file: StagedFile
    message: Message


def drop_repeats(files: Sequence[StagedFile]) -> list[Repeated]:
    """Leave only the last of more than `MOST` rows about the same; return what to say of those that were not alike.

    Rows about more than `MOST` others that share what only one of them can have get a fault.
    """
    by_index = {file.index: file for file in files}
    said = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        for name, indexes in by_kind(files).items():
            kind = KINDS[name]
            for column in UNIQUE & {*kind.columns}:
                _mark_shared(cursor, kind, column, indexes)
            cursor.execute(find_repeated(kind), {"files": indexes, "most": MOST})
            if not (keys := [key for (key,) in cursor.fetchall()]):
                continue
            cursor.execute(drop_repeated(kind), {"files": indexes, "keys": keys})
            for index, row, number, about, info in cursor.fetchall():
                ids = {"id": about, "number": number, "row": row}
                said.append(Repeated(by_index[index], Message(row, "repeated", ids, info)))
    return said


def about(kind: Kind) -> str:
    """Return what tells what a row is about, in SQL: a number, the same for rows about the same."""
    cells = ", ".join(f"coalesce({kind.cell(name)}, '')" for name in kind.key)
    return f"hashtextextended(concat_ws(chr(31), {cells}), 0)"


def _of_files(kind: Kind) -> str:
    """Return the condition on rows of the files that say what they are about."""
    given = f"coalesce({', '.join(kind.cell(name) for name in kind.known_by)}) IS NOT NULL"
    return f"file = ANY(%(files)s) AND NOT {WAS_ADDED} AND {given}"


def find_repeated(kind: Kind) -> str:
    """Return the statement that finds what more rows are about than may be."""
    return f"SELECT {about(kind)} FROM {STAGED} WHERE {_of_files(kind)} GROUP BY 1 HAVING count(*) > %(most)s"


def drop_repeated(kind: Kind) -> str:
    """Return the statement that drops all rows about these but the last, and tells of those that were not alike."""
    contents = ", ".join(f"coalesce({kind.cell(name)}, '')" for name in kind.columns)
    names = ", ".join(f"given.{name}" for name in kind.key)
    return f"""
WITH repeated AS (
    SELECT n, file, row, {about(kind)} AS key, md5(concat_ws(chr(31), {contents})) AS content FROM {STAGED}
    WHERE {_of_files(kind)} AND {about(kind)} = ANY(%(keys)s::bigint[])
),
counted AS (
    SELECT key, max(n) AS last, count(*) AS number, min(content) <> max(content) AS differ FROM repeated GROUP BY key
),
dropped AS (
    DELETE FROM {STAGED} USING repeated JOIN counted USING (key)
    WHERE {STAGED}.n = repeated.n AND repeated.n < counted.last
)
SELECT file, row, counted.number, concat_ws(', ', {names}), {row_content(kind.columns)}
FROM counted JOIN (SELECT {kind.selected}, file FROM {STAGED}) AS given ON given.n = counted.last
WHERE counted.differ ORDER BY counted.last"""


def _mark_shared(cursor: CursorWrapper, kind: Kind, column: str, files: list[int]) -> None:
    """Give rows a fault which share what this column holds with too many others: step by step, for mostly none do."""
    values: dict[str, Any] = {"files": files, "most": MOST}
    for statement in (find_shared(kind, column), find_shared_by_many(kind, column)):
        cursor.execute(statement, values)
        values["shared"] = [one for (one,) in cursor.fetchall()]
        if not values["shared"]:
            return
    cursor.execute(mark_shared(kind, column), values)


def find_shared(kind: Kind, column: str) -> str:
    """Return the statement that finds what this column holds in many rows."""
    cell = kind.cell(column)
    return f"""SELECT {cell} FROM {STAGED} WHERE {_of_files(kind)} AND {cell} IS NOT NULL
GROUP BY {cell} HAVING count(*) > %(most)s"""


def find_shared_by_many(kind: Kind, column: str) -> str:
    """Return the statement that finds which of that is shared by rows about many."""
    cell = kind.cell(column)
    return f"""SELECT {cell} FROM {STAGED} WHERE {_of_files(kind)} AND {cell} = ANY(%(shared)s)
GROUP BY {cell} HAVING count(DISTINCT {kind.cell(kind.key[0])}) > %(most)s"""


def mark_shared(kind: Kind, column: str) -> str:
    """Return the statement that gives these rows a fault."""
    return f"""UPDATE {STAGED} SET fault = 'shared_by_many:{column}'
WHERE {_of_files(kind)} AND fault IS NULL AND {kind.cell(column)} = ANY(%(shared)s)"""
