"""Rows that comparing data sets has added, each of which ends what is there by its id, whatever else its row said.

What stood in the data set before may be what was refused then: a parent that there is not, a name that is missing. It
is no reason for what is listed no more to stay. So such rows are read as what they are about says of itself.
"""

from __future__ import annotations

from django.db import connection

from sis.kinds.kind import Kind, Restated
from sis.kinds.sql import STAGED, WAS_ADDED, set_columns
from sis.kinds.staging import StagedFile

# What is wrong with ids themselves stays: then a row may mean somebody else.
OF_IDS = "^(shortened_id|shared_id|shared_by_many)"


def restate(file: StagedFile) -> None:
    """Put into these rows of a file what the records that they are about hold (a statement or two)."""
    kind = file.kind
    if "status" not in kind.columns:
        return
    with connection.cursor() as cursor:
        cursor.execute(forgive(kind), [file.first, file.last])
        if cursor.fetchone() and kind.restated:
            cursor.execute(restated(kind, kind.restated), [file.first, file.last])


def forgive(kind: Kind) -> str:
    """Return the statement that takes from these rows what was wrong with them."""
    others = f", {kind.cell('root_account')} = NULL" if "root_account" in kind.columns else ""
    return f"""UPDATE {STAGED} SET fault = CASE WHEN fault ~ '{OF_IDS}' THEN fault END{others}
WHERE n BETWEEN %s AND %s AND {WAS_ADDED} RETURNING n"""


def restated(kind: Kind, of: Restated) -> str:
    """Return the statement that puts into these rows what their records hold."""
    cells = {kind.cell(name): value for name, value in of.cells.items()}
    cells |= {kind.cell(name): f"coalesce({value}, {kind.cell(name)})" for name, value in of.cells_if_any.items()}
    return f"""UPDATE {STAGED} SET note = NULL, secret = NULL, {set_columns(cells)}
FROM {of.table} AS record
WHERE n BETWEEN %s AND %s AND {WAS_ADDED} AND record.{of.id} = {kind.cell(kind.key[0])}"""
