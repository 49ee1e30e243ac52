"""Writing the audit record. Call it inside the transaction of the change it is about."""

import json
from collections.abc import Iterable

from django.db import connection

from accounts.models import User
from accounts.models.event import Event

# Plain SQL here and in the other statements of a redemption: on the first evening of term ten thousand come at once,
# and putting these together anew each time cost more than running them.
INSERT = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
VALUES (clock_timestamp(), %s, %s, %s, %s, %s)
"""

# ORDER BY gives the events ids in the order of the details, so that reading by id is reading in that order.
INSERT_MANY = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
SELECT clock_timestamp(), about.action, %s, %s, about.subject, about.details::jsonb
FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY AS about(action, subject, details, number)
ORDER BY about.number
"""


def record(event: Event, *, by: User | None, subject: User | None = None) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    Where somebody acts as `by`, it is recorded as theirs, on behalf of `by`.
    """
    about = subject.pk if subject else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [event.action, *who(by), about, json.dumps(event.as_details())])


def record_many(about: Iterable[tuple[int | None, Event]], *, by: User | None) -> None:
    """Record many changes in their order, each with the id of the person it is about (one statement).

    They need not be of one kind: what comes of one deed goes to the record together.
    """
    actions, subjects, details = [], [], []
    for subject, event in about:
        actions.append(event.action)
        subjects.append(subject)
        details.append(json.dumps(event.as_details()))
    if actions:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_MANY, [*who(by), actions, subjects, details])


def who(by: User | None) -> tuple[int | None, int | None]:
    """Return who acts, and on whose behalf, as the record says it: for `by`, somebody may be at work as them."""
    if by is None:
        return None, None
    return by.person_acting.pk, by.pk if by.actor else None
