"""What a dry run would have done: per kind how many records created, changed and removed, with some of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from sis.models import SisImport

EXAMPLES = 5
# What an import touches in every record it names, which is no change worth telling.
NOT_TOLD = "- 'sis_import_id' - 'updated_at' - 'stuck_sis_fields'"


@dataclass(frozen=True)
class Reported:
    """One kind of record: its table, the column of its state, SQL that names one (x), its class in state changes."""

    kind: str
    table: str
    state: str
    label: str
    changes: str


PERSON = "(SELECT u.name FROM accounts_user u WHERE u.id = x.{0})"
REPORTED = (
    Reported("accounts", "accounts_account", "workflow_state", "x.name", "Account"),
    Reported("terms", "courses_term", "workflow_state", "x.name", "EnrollmentTerm"),
    Reported("courses", "courses_course", "workflow_state", "x.name", "Course"),
    Reported("sections", "courses_section", "workflow_state", "x.name", "CourseSection"),
    Reported("users", "accounts_user", "state", "concat_ws(' ', x.name, '(' || x.sis_user_id || ')')", "Pseudonym"),
    Reported(
        "enrollments",
        "courses_enrollment",
        "state",
        f"concat_ws(', ', {PERSON.format('user_id')}, replace(x.type, 'Enrollment', ''),"
        " (SELECT s.name FROM courses_section s WHERE s.id = x.section_id))",
        "Enrollment",
    ),
    Reported("admins", "accounts_accountadmin", "workflow_state", PERSON.format("user_id"), "AccountUser"),
    Reported(
        "user_observers",
        "accounts_observationlink",
        "state",
        f"concat_ws(' → ', {PERSON.format('observer_id')}, {PERSON.format('student_id')})",
        "",
    ),
)


class Report:
    """Begin it in the transaction that will be rolled back, before the first row; `result` at the end."""

    def __init__(self, sis_import: SisImport) -> None:
        self._changes = f"SELECT unnest(records) FROM sis_statechange WHERE sis_import_id = {sis_import.pk:d}"
        with connection.cursor() as cursor:
            cursor.execute(
                'CREATE TEMP TABLE was ("table" text, id bigint, record jsonb, PRIMARY KEY ("table", id))'
                " ON COMMIT DROP"
            )
        self._newest = {one.kind: _one(f"SELECT coalesce(max(id), 0) FROM {one.table}") for one in REPORTED}

    def result(self) -> dict[str, Any]:
        """{kind: {created: {count, examples}, changed: …, removed: …}}"""
        return {one.kind: self._told(one) for one in REPORTED}

    def _told(self, one: Reported) -> dict[str, Any]:
        compared = f"FROM {one.table} x JOIN was ON was.\"table\" = '{one.table}' AND was.id = x.id"
        gone = f"x.{one.state} = 'deleted' AND was.record ->> '{one.state}' <> 'deleted'"
        # Observers' enrollments go with those of their students, unnamed.
        followed = (
            f"OR (x.{one.state} = 'deleted' AND x.updated_at = now() AND x.sis_import_id IS NULL)"
            if one.kind == "enrollments"
            else ""
        )
        # So do the enrollments of people, and in batch mode whatever is not listed any more.
        along = f"id IN ({self._changes} AND kind = '{one.changes}' AND before <> '' AND after = 'deleted')"
        removed = f"FROM {one.table} x LEFT JOIN was ON was.\"table\" = '{one.table}' AND was.id = x.id"
        return {
            "created": self._some(
                one, f"FROM {one.table} x WHERE x.id > {self._newest[one.kind]} AND x.{one.state} <> 'deleted'"
            ),
            "changed": self._some(
                one, f"{compared} WHERE NOT ({gone}) AND to_jsonb(x) {NOT_TOLD} <> was.record {NOT_TOLD}"
            ),
            "removed": self._some(
                one, f"{removed} WHERE ({gone}) {followed} OR (x.{one.state} = 'deleted' AND x.{along})"
            ),
        }

    def _some(self, one: Reported, source: str) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {one.label} {source} ORDER BY x.id LIMIT {EXAMPLES}")
            examples = [text for (text,) in cursor.fetchall()]
        return {"count": _one(f"SELECT count(*) {source}") if examples else 0, "examples": examples}


def _one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
