"""Reading the record as it grows: each reader has a cursor of its own, and gets every event once, in order.

Whoever acts upon events (notices, mail, feeds) is a reader. What it makes of them stands in one transaction with the
cursor: both are kept, or neither, and then the same events come again.

    with transaction.atomic():
        events = read_events("notices")
        ...
        advance("notices", events)
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from accounts.models import AuditEvent, EventCursor


def read_events(reader: str, limit: int = 500) -> list[AuditEvent]:
    """Return the next events for this reader, in the order of their ids, at most `limit`.

    Call it inside a transaction: the reader's cursor is held until that ends, so that of two who read as the same
    reader one waits. A reader that is new begins with the first event there is. Every event has a place in this
    order once all with a smaller id are committed or gone (accounts/guards.py says how that is known): until then it
    waits, and is never passed over.
    """
    EventCursor.objects.bulk_create([EventCursor(reader=reader)], ignore_conflicts=True)
    position = EventCursor.objects.select_for_update(no_key=True).get(reader=reader).position
    with connection.cursor() as cursor:
        # In a statement of its own: the next one sees all that was committed up to here.
        cursor.execute("SELECT accounts_first_unsettled_event()")
        (unsettled,) = cursor.fetchone()
    found = AuditEvent.objects.filter(pk__gt=position, pk__lt=unsettled)
    return list(found.order_by("id")[:limit])


def advance(reader: str, events: Sequence[AuditEvent]) -> None:
    """Say that the reader is done with these events, the ones it has read in this transaction."""
    if events:
        EventCursor.objects.filter(reader=reader).update(position=events[-1].pk)
