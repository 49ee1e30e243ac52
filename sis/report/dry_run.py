"""What a dry run would have done: per kind how many records created, changed and removed, with some of each."""

from __future__ import annotations

from typing import Any

from django.db import connection

from sis.kinds.kind import Record
from sis.kinds.registry import KINDS
from sis.models import SisImport

EXAMPLES = 5
# What an import touches in every record it names, which is no change worth telling.
NOT_TOLD = "- 'sis_import_id' - 'sis_changed_id' - 'sis_records' - 'updated_at' - 'stuck_sis_fields'"


class Report:
    """Begin it in the transaction that will be rolled back, before the first row; `result` at the end."""

    def __init__(self, sis_import: SisImport) -> None:
        self._changes = f"SELECT unnest(records) FROM sis_statechange WHERE sis_import_id = {sis_import.pk:d}"
        with connection.cursor() as cursor:
            cursor.execute(
                'CREATE TEMP TABLE was ("table" text, id bigint, record jsonb, PRIMARY KEY ("table", id))'
                " ON COMMIT DROP"
            )
        self._newest = {record.table: _one(f"SELECT coalesce(max(id), 0) FROM {record.table}") for record in _records()}

    def result(self) -> dict[str, Any]:
        """Return {plural of the kind: {created: {count, examples}, changed: …, removed: …}}."""
        return {kind.plural: self._told(kind.record) for kind in KINDS.values() if kind.record}

    def _told(self, record: Record) -> dict[str, Any]:
        table, is_deleted = record.table, f"x.{record.state} = 'deleted'"
        was = f"was ON was.\"table\" = '{table}' AND was.id = x.id"
        gone = f"{is_deleted} AND was.record ->> '{record.state}' <> 'deleted'"
        # The enrollments of people go with them, and in batch mode whatever is not listed any more.
        along = f"id IN ({self._changes} AND kind = '{record.class_name}' AND before <> '' AND after = 'deleted')"
        removed = [
            gone,
            *([f"{is_deleted} AND x.{along}"] if record.goes_along else []),
            *filter(None, [record.removed_too]),
        ]
        return {
            "created": self._some(
                record, f"FROM {table} x WHERE x.id > {self._newest[table]} AND x.{record.state} <> 'deleted'"
            ),
            "changed": self._some(
                record,
                f"FROM {table} x JOIN {was} WHERE NOT ({gone}) AND to_jsonb(x) {NOT_TOLD} <> was.record {NOT_TOLD}",
            ),
            "removed": self._some(
                record, f"FROM {table} x LEFT JOIN {was} WHERE {' OR '.join(f'({one})' for one in removed)}"
            ),
        }

    def _some(self, record: Record, source: str) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {record.title} {source} ORDER BY x.id LIMIT {EXAMPLES}")
            examples = [text for (text,) in cursor.fetchall()]
        return {"count": _one(f"SELECT count(*) {source}") if examples else 0, "examples": examples}


def _records() -> list[Record]:
    return [kind.record for kind in KINDS.values() if kind.record]


def _one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
