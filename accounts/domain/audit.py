"""The audit record: written inside the transaction of the change it is about, and read as it grows.

Each reader has a cursor of its own, and gets every event once, in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, NamedTuple

from django.db import connection

from accounts.guards import EVENTS_HELD
from accounts.models import AuditEvent, EventCursor, User
from accounts.models.audit import Event

# Plain SQL here and in the other statements of a redemption: on the first evening of term ten thousand come at once,
# and putting these together anew each time cost more than running them.
INSERT = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
VALUES (clock_timestamp(), %(action)s, %(actor)s, %(acting_for)s, %(subject)s, %(details)s)
"""

# ORDER BY gives the events ids in the order of the details, so that reading by id is reading in that order.
INSERT_MANY = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
SELECT clock_timestamp(), about.action, %(actor)s, %(acting_for)s, about.subject, about.details::jsonb
FROM unnest(%(actions)s::text[], %(subjects)s::bigint[], %(details)s::text[]) WITH ORDINALITY
     AS about(action, subject, details, number)
ORDER BY about.number
"""


class Change(NamedTuple):
    """A change as SQL, and the values in it (with other names than those of the record)."""

    sql: str
    values: dict[str, Any]

    def told_by(self, insert: str) -> str:
        """Return one statement that makes the change and records it."""
        return f"WITH change AS ({self.sql}) {insert}"


def record(event: Event, *, by: User | None, subject: User | None = None, of: Change | None = None) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    Where somebody acts as `by`, it is recorded as theirs, on behalf of `by`. The change `of` which it tells is made by
    the same statement.
    """
    actor, acting_for = who(by)
    about = {"actor": actor, "acting_for": acting_for, "subject": subject.pk if subject else None}
    values = {**about, "action": event.action, "details": json.dumps(event.as_details())}
    with connection.cursor() as cursor:
        cursor.execute(of.told_by(INSERT) if of else INSERT, {**values, **(of.values if of else {})})


def record_many(about: Iterable[tuple[int | None, Event]], *, by: User | None, of: Change | None = None) -> None:
    """Record many changes in their order, each with the id of the person it is about (one statement).

    They need not be of one kind: what comes of one deed goes to the record together. `of`: as for `record`.
    """
    actions, subjects, details = [], [], []
    for subject, event in about:
        actions.append(event.action)
        subjects.append(subject)
        details.append(json.dumps(event.as_details()))
    if actions or of:
        actor, acting_for = who(by)
        told = {"actions": actions, "subjects": subjects, "details": details}
        values = {"actor": actor, "acting_for": acting_for, **told, **(of.values if of else {})}
        with connection.cursor() as cursor:
            cursor.execute(of.told_by(INSERT_MANY) if of else INSERT_MANY, values)


def who(by: User | None) -> tuple[int | None, int | None]:
    """Return who acts, and on whose behalf, as the record says it: for `by`, somebody may be at work as them."""
    if by is None:
        return None, None
    return by.person_acting.pk, by.pk if by.actor else None


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


def hold_up_no_reader() -> None:
    """Let readers go on during a transaction, which may be long, whose events are never kept: it is taken back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'never kept', true)", [EVENTS_HELD])


def advance(reader: str, events: Sequence[AuditEvent]) -> None:
    """Say that the reader is done with these events, the ones it has read in this transaction."""
    if events:
        EventCursor.objects.filter(reader=reader).update(position=events[-1].pk)


def details_of(kind: type[Event], **sql: str) -> str:
    """Return SQL for the JSON of an event, as `as_details` makes it, from SQL for its fields.

    Raises TypeError for a field that the dataclass does not have, and for one that it must have and is not given.
    """
    must = {field.name for field in fields(kind) if field.default is MISSING}
    if wrong := must - sql.keys() | sql.keys() - {field.name for field in fields(kind)}:
        raise TypeError(f"{kind.__name__}: {', '.join(sorted(wrong))}")
    pairs = {name: f"'{name}', {value}" for name, value in sql.items()}
    needed = ", ".join(pair for name, pair in pairs.items() if name in must)
    others = ", ".join(pair for name, pair in pairs.items() if name not in must)
    parts = [f"jsonb_build_object({needed})"] if needed else []
    parts += [f"jsonb_strip_nulls(jsonb_build_object({others}))"] if others else []
    return " || ".join(parts) or "'{}'::jsonb"


def event_in_sql(kind: type[Event], source: str, *, subject: str = "NULL", **sql: str) -> str:
    """Return SQL that selects an event of this kind from each row of `source`, with SQL for its subject and fields."""
    selected = f"'{kind.action}' AS action, {subject}::bigint AS subject, {details_of(kind, **sql)} AS details"
    return f"SELECT {selected} FROM {source}"  # noqa: S608 built from constants


def record_in_sql(*events: str) -> str:
    """Return the statement that records what these select, each from `event_in_sql`.

    It can stand behind a change in one statement, and sees the tables as they were before. Execute it with `actor` and
    `acting_for`, as `who` returns them.
    """
    return f"""
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
SELECT clock_timestamp(), told.action, %(actor)s::bigint, %(acting_for)s::bigint, told.subject, told.details
FROM ({" UNION ALL ".join(events)}) AS told
"""  # noqa: S608 built from constants
