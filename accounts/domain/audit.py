"""Writing the audit record. Call it inside the transaction of the change it is about."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from accounts.models import Action, User
from accounts.permissions.resolver import forget

# Plain SQL here and in the other statements of a redemption: on the first evening of term ten thousand come at once,
# and putting these together anew each time cost more than running them.
INSERT = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
VALUES (clock_timestamp(), %s, %s, %s, %s, %s)
"""

INSERT_MANY = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
SELECT clock_timestamp(), %s, %s, %s, about.subject, about.details::jsonb
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS about(subject, details, number) ORDER BY about.number
"""


def record(action: Action, *, by: User | None, subject: User | None = None, **details: Any) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    Where somebody acts as `by`, it is recorded as theirs, on behalf of `by`. `details` must be JSON values, and never
    a pairing code, password or token. As the change may be one of roles, what was looked up of permissions in this
    request is forgotten.
    """
    about = subject.pk if subject else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [action, *_who(by), about, json.dumps(details)])
    forget()


def record_many(
    action: Action, about: Iterable[tuple[int | None, dict[str, Any]]], *, by: User | None, **details: Any
) -> None:
    """Record the same kind of change for many: by the id of the person each is about, its details (one statement).

    `details` are those that all have in common.
    """
    subjects, particulars = [], []
    for subject, own in about:
        subjects.append(subject)
        particulars.append(json.dumps({**details, **own}))
    if subjects:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_MANY, [action, *_who(by), subjects, particulars])
    forget()


def _who(by: User | None) -> tuple[int | None, int | None]:
    """Who acts, and on whose behalf."""
    if by is None:
        return None, None
    return by.person_acting.pk, by.pk if by.actor else None
