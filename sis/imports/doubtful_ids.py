"""Ids that cannot be trusted to mean one person or thing, found in the staged rows before any is applied.

A spreadsheet shortens long numbers (1.23457E+11) and rounds them, and then two children stand under one id: the second
would take the place of the first, with everybody who observes them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from sis.kinds.kind import Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import STAGED, WAS_ADDED
from sis.kinds.staging import StagedFile, by_kind

# What a spreadsheet makes of a long number; in some countries with a comma.
SHORTENED = r"^[0-9]([.,][0-9]+)?E\+[0-9]{2,}$"

_USER = KINDS["user"]
ID, LOGIN, STATUS = (_USER.cell(column) for column in ("user_id", "login_id", "status"))
# One id, and rows with different logins. What makes logins the same is asked of the few that seem not to be.
OF_PEOPLE = f"file = ANY(%(files)s) AND {ID} IS NOT NULL AND {LOGIN} IS NOT NULL AND NOT {WAS_ADDED}"
SHARED = f"""
SELECT {ID} FROM {STAGED} WHERE {OF_PEOPLE}
  AND {ID} IN (SELECT {ID} FROM {STAGED} WHERE {OF_PEOPLE} GROUP BY {ID} HAVING min({LOGIN}) <> max({LOGIN}))
GROUP BY {ID} HAVING min(accounts_login_key({LOGIN})) <> max(accounts_login_key({LOGIN}))
"""
# Every id of people that rows name, and whether one of them lets the person stay.
STANDING = f"""
CREATE TEMP TABLE sis_standing AS
SELECT {ID} AS user_id, bool_or({STATUS} IS DISTINCT FROM 'deleted' AND NOT {WAS_ADDED}) AS stays
FROM {STAGED} WHERE %s AND file = ANY(%s) AND {ID} IS NOT NULL GROUP BY {ID}
"""


def mark(files: Iterable[StagedFile], *, joins_by_login: bool) -> None:
    """Give the rows with such ids a fault, and remember who stays where people may be joined (`sis_standing`).

    A few statements for each kind of file, in which the rows are gone through once.
    """
    of_kind = by_kind(files)
    with connection.cursor() as cursor:
        for kind, indexes in of_kind.items():
            cursor.execute(mark_shortened(KINDS[kind]), [indexes])
        cursor.execute("DROP TABLE IF EXISTS sis_standing")
        people = of_kind.get("user", [])
        cursor.execute(STANDING, [joins_by_login, people])
        cursor.execute("CREATE INDEX ON sis_standing (user_id)")
        if not people:
            return
        cursor.execute(SHARED, {"files": people})
        if shared := [one for (one,) in cursor.fetchall()]:
            for kind, indexes in of_kind.items():
                if KINDS[kind].people:
                    cursor.execute(mark_shared(KINDS[kind]), {"files": indexes, "shared": shared})


def mark_shortened(kind: Kind) -> str:
    names = [name for name in kind.columns if name.endswith("_id") and name not in kind.may_be_shortened]
    cells = [kind.cell(name) for name in names]
    found = " ".join(["CASE", *(f"WHEN {cell} ~ '{SHORTENED}' THEN {cell}" for cell in cells), "END"])
    return f"""
UPDATE {STAGED} SET fault = 'shortened_id:' || {found}
WHERE file = ANY(%s) AND fault IS NULL AND position('E+' IN concat_ws(' ', {", ".join(cells)})) > 0
  AND {found} IS NOT NULL
"""


def mark_shared(kind: Kind) -> str:
    cells = ", ".join(kind.cell(name) for name in kind.people)
    return f"""
UPDATE {STAGED} SET fault = 'shared_id:' || one
FROM unnest(%(shared)s::text[]) AS one WHERE file = ANY(%(files)s) AND fault IS NULL AND one IN ({cells})
"""
