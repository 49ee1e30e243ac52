"""Which states an import changed, counted as Canvas's clients read it."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from sis.kinds.registry import KINDS, all_kinds
from sis.models import SisImport

COUNTED = ("created", "restored", "deleted")
# Canvas's clients find it with the others; here an email address is part of a person.
CHANNELS = "CommunicationChannel"
COUNT = """
SELECT kind, before, after, sum(cardinality(records)) FROM sis_statechange
WHERE sis_import_id = %s AND kind = ANY(%s)
GROUP BY kind, before, after
"""


def classes() -> dict[str, tuple[str, ...]]:
    """Return what is counted of each class of Canvas's that its clients find in `statistics`."""
    further = {kind.class_name: kind.record.counts for kind in KINDS.values() if kind.record}
    found = {kind.class_name: (*COUNTED, *further.get(kind.class_name, ())) for kind in all_kinds() if kind.class_name}
    return {**found, CHANNELS: COUNTED}


def statistics_of(sis_import: SisImport) -> dict[str, object]:
    """`statistics`: for each class what was created, restored, deleted …, and the total (one statement)."""
    counts = {name: dict.fromkeys(counted, 0) for name, counted in classes().items()}
    total: dict[str, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [sis_import.pk, list(counts)])
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
