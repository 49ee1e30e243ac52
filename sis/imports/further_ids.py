"""People whom several ids mean: rows that name them by a further id are read as if they named them by their own.

So all that is asked of an id later is asked of one: which rows clash, whom the brake counts, who gains by a row. Whose
an id is may change with every file, and so that is asked just before a file is applied.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from accounts.models import FurtherSisId
from sis.kinds.kind import Kind
from sis.kinds.sql import STAGED, WAS_ADDED
from sis.kinds.staging import StagedFile


def resolve(files: Iterable[StagedFile]) -> None:
    """Put people's own ids into the staged rows of these files: a statement for each column, or one if nobody has two.

    An id that has ended (see FurtherSisId) means its person only where a row ends something.
    """
    named = [file for file in files if file.kind.by_any_id]
    if not named or not FurtherSisId.objects.exists():
        return
    with connection.cursor() as cursor:
        for file in named:
            for column in file.kind.by_any_id:
                cursor.execute(_resolve(file.kind, column), [file.first, file.last])


def _resolve(kind: Kind, column: str) -> str:
    cell = kind.cell(column)
    ends = f"{kind.cell('status')} IN ('deleted', 'deleted_last_completed')" if "status" in kind.columns else "false"
    return f"""
UPDATE {STAGED} SET {cell} = person.sis_user_id
FROM accounts_furthersisid AS further JOIN accounts_user AS person ON person.id = further.user_id
WHERE n BETWEEN %s AND %s AND {cell} = further.sis_user_id AND person.sis_user_id IS NOT NULL
  AND (further.is_live OR {ends} OR {WAS_ADDED})
"""
