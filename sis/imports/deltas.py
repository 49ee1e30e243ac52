"""Uploads of changes: which source they are of, and that what they have listed is part of what it has.

An upload of changes need not say where it comes from. It is of the source that sent, by the same system, the records
which it names; where that is not one source, it is of none, for whom two schools took for one would lose people.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext as _

from sis.kinds.kind import Restated
from sis.kinds.registry import KINDS
from sis.kinds.sql import chain_in_sql
from sis.models import SisImport
from sis.upload.contents import Upload


def find_source(sis_import: SisImport, upload: Upload) -> str | None:
    """Note the source that these changes are of, as that of its data sets (not saved).

    Return what is to be said where nothing tells, and there is a source whose next data set it matters to.
    """
    sources = _of_system(sis_import, upload)
    sis_import.data["source"] = upload.source or _source_among(sources, upload)
    if sis_import.chain or not sources:
        return None
    return _(
        "These changes do not tell which source they come from, so the next complete upload does not remove what they "
        "added. Let them name orgs, or send both with a diffing_data_set_identifier."
    )


def _source_among(sources: set[str], upload: Upload) -> str:
    for kind, ids in upload.named() if sources else ():
        restated = KINDS[kind].restated
        found = _chains(restated, ids) if restated else set()
        if len(found) == 1:
            return (found & sources or {""}).pop()
    return ""


def _of_system(sis_import: SisImport, upload: Upload) -> set[str]:
    """Return the sources of this system that have sent all there is."""
    whole = SisImport.objects.filter(account=sis_import.account_id, data__is_whole=True, data__system=upload.system)
    return set(filter(None, whole.order_by().values_list("data__source", flat=True).distinct()))


def _chains(of: Restated, ids: Collection[str]) -> set[str]:
    """Return the chains of data sets that the records with these ids are of."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {chain_in_sql('last')} FROM {of.table} AS record"
            f" JOIN sis_sisimport AS last ON last.id = record.sis_import_id WHERE record.{of.id} = ANY(%s)",
            [[*ids]],
        )
        return {chain for (chain,) in cursor.fetchall() if chain}


def expect_what_they_listed(before: SisImport, deltas: Collection[int], kinds: Collection[str]) -> None:
    """Have what these uploads of changes have listed since the data set `before` go, unless the next one lists it.

    What they have listed and later ones have not touched is what is in force and theirs (a statement for each kind).
    """
    with connection.cursor() as cursor:
        for kind in kinds:
            if sql := KINDS[kind].sql.statements.get("listed_by"):
                cursor.execute(EXPECT.format(listed=sql), {"before": before.pk, "kind": kind, "deltas": [*deltas]})


# Once, however often the next one begins. It may have been stopped by the brake, and have come again.
EXPECT = """
INSERT INTO sis_refusedrow (sis_import_id, kind, row, cells)
SELECT %(before)s, %(kind)s, NULL, listed.cells FROM ({listed}) AS listed(id, cells)
WHERE NOT EXISTS (
    SELECT FROM sis_refusedrow AS known
    WHERE known.sis_import_id = %(before)s AND known.kind = %(kind)s AND known.row IS NULL
      AND known.cells = listed.cells)
ORDER BY listed.id
"""
