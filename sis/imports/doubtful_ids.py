"""Ids that cannot be trusted to mean one person or thing, found in the staged rows before any is applied.

A spreadsheet shortens long numbers (1.23457E+11) and rounds them, and then two children stand under one id: the second
would take the place of the first, with everybody who observes them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from sis.kinds.registry import KINDS, Kind
from sis.kinds.staging import STAGED, WAS_ADDED, StagedFile

# What a spreadsheet makes of a long number; in some countries with a comma.
SHORTENED = r"^[0-9]([.,][0-9]+)?E\+[0-9]{2,}$"
# An id may have been imported so before: then this is how it is put right.
MAY_BE_SHORTENED = ("old_id", "old_integration_id")
IDS_OF_PEOPLE = {
    "user": ("user_id",),
    "login": ("user_id", "existing_user_id"),
    "enrollment": ("user_id", "associated_user_id"),
    "admin": ("user_id",),
    "user_observer": ("observer_id", "student_id"),
}

# One id, and rows with different logins. What makes logins the same is asked of the few that seem not to be.
OF_PEOPLE = f"file = ANY(%(files)s) AND c1 IS NOT NULL AND c2 IS NOT NULL AND NOT {WAS_ADDED}"
SHARED = f"""
SELECT c1 FROM {STAGED} WHERE {OF_PEOPLE}
  AND c1 IN (SELECT c1 FROM {STAGED} WHERE {OF_PEOPLE} GROUP BY c1 HAVING min(c2) <> max(c2))
GROUP BY c1 HAVING min(accounts_login_key(c2)) <> max(accounts_login_key(c2))
"""
# Every id of people that rows name, and whether one of them lets the person stay.
STANDING = f"""
CREATE TEMP TABLE sis_standing AS
SELECT c1 AS user_id, bool_or(c3 IS DISTINCT FROM 'deleted' AND NOT {WAS_ADDED}) AS stays
FROM {STAGED} WHERE %s AND file = ANY(%s) AND c1 IS NOT NULL GROUP BY c1
"""


def mark(files: Iterable[StagedFile], *, joins_by_login: bool) -> None:
    """Give the rows with such ids a fault, and remember who stays where people may be joined (`sis_standing`).

    A few statements for each kind of file, in which the rows are gone through once.
    """
    of_kind: dict[str, list[int]] = {}
    for file in files:
        of_kind.setdefault(file.kind.name, []).append(file.index)
    with connection.cursor() as cursor:
        for kind, indexes in of_kind.items():
            cursor.execute(_mark_shortened(KINDS[kind]), [indexes])
        cursor.execute("DROP TABLE IF EXISTS sis_standing")
        people = of_kind.get("user", [])
        cursor.execute(STANDING, [joins_by_login, people])
        cursor.execute("CREATE INDEX ON sis_standing (user_id)")
        if not people:
            return
        cursor.execute(SHARED, {"files": people})
        if shared := [one for (one,) in cursor.fetchall()]:
            for kind in IDS_OF_PEOPLE.keys() & of_kind.keys():
                cursor.execute(_mark_shared(KINDS[kind]), {"files": of_kind[kind], "shared": shared})


def _mark_shortened(kind: Kind) -> str:
    names = [name for name in kind.columns if name.endswith("_id") and name not in MAY_BE_SHORTENED]
    cells = [_cell(kind, name) for name in names]
    found = " ".join(["CASE", *(f"WHEN {cell} ~ '{SHORTENED}' THEN {cell}" for cell in cells), "END"])
    return f"""
UPDATE {STAGED} SET fault = 'shortened_id:' || {found}
WHERE file = ANY(%s) AND fault IS NULL AND position('E+' IN concat_ws(' ', {", ".join(cells)})) > 0
  AND {found} IS NOT NULL
"""


def _mark_shared(kind: Kind) -> str:
    cells = ", ".join(_cell(kind, name) for name in IDS_OF_PEOPLE[kind.name])
    return f"""
UPDATE {STAGED} SET fault = 'shared_id:' || one
FROM unnest(%(shared)s::text[]) AS one WHERE file = ANY(%(files)s) AND fault IS NULL AND one IN ({cells})
"""


def _cell(kind: Kind, name: str) -> str:
    """The staged column of this name."""
    return f"c{kind.columns.index(name) + 1}"
