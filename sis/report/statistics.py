"""Which states an import changed, counted as Canvas's clients read it."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from sis.models import SisImport

CLASSES = (
    *("Account", "EnrollmentTerm", "AbstractCourse", "Course", "CourseSection", "GroupCategory", "Group", "Pseudonym"),
    *("CommunicationChannel", "Enrollment", "GroupMembership", "UserObserver", "AccountUser"),
)
COUNT = """
SELECT kind, before, after, sum(cardinality(records)) FROM sis_statechange
WHERE sis_import_id = %s AND kind = ANY(%s)
GROUP BY kind, before, after
"""


def statistics_of(sis_import: SisImport) -> dict[str, object]:
    """`statistics`: for each class what was created, restored, deleted …, and the total (one statement)."""
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(("created", "restored", "deleted"), 0) for name in CLASSES}
    counts["Course"]["concluded"] = counts["Enrollment"]["concluded"] = counts["Enrollment"]["deactivated"] = 0
    total: dict[str, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [sis_import.pk, list(CLASSES)])
        for kind, before, after, number in cursor.fetchall():
            what = _change(before, after)
            if what in counts[kind]:
                counts[kind][what] += int(number)
            total["total_state_changes"] += int(number)
    return {"total_state_changes": total["total_state_changes"], **counts}


def _change(before: str, after: str) -> str:
    if after == "deleted":
        return "deleted"
    if not before:
        return "created"
    if after == "completed":
        return "concluded"
    if after == "inactive":
        return "deactivated"
    return "restored"
