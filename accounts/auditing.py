"""Writing the audit record. Call it inside the transaction of the change it is about."""

import json
from collections.abc import Collection
from typing import Any

from django.db import connection

from accounts.models import Action, User

# Plain SQL here and in the other statements of a redemption: on the first evening of term ten thousand come at once,
# and putting these together anew each time cost more than running them.
INSERT = """
INSERT INTO accounts_auditevent (at, action, actor_id, subject_id, details) VALUES (clock_timestamp(), %s, %s, %s, %s)
"""


def record(action: Action, *, by: User | None, subject: User | None = None, **details: Any) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    `details` must be JSON values, and never a pairing code, password or token.
    """
    actor, about = by.pk if by else None, subject.pk if subject else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [action, actor, about, json.dumps(details)])


INSERT_ALL = """
INSERT INTO accounts_auditevent (at, action, actor_id, subject_id, details)
SELECT clock_timestamp(), %(action)s, %(actor)s, about.subject, about.details
FROM unnest(%(subjects)s::bigint[], %(details)s::jsonb[]) AS about(subject, details)
"""


def record_all(
    action: Action, about: Collection[tuple[int, dict[str, Any]]], *, by: User | None, **details: Any
) -> None:
    """Record the same change to many people, given as (user id, details of that one), with one statement."""
    values = {
        "action": action,
        "actor": by.pk if by else None,
        "subjects": [subject for subject, _ in about],
        "details": [json.dumps({**details, **own}) for _, own in about],
    }
    if about:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_ALL, values)
