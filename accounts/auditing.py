"""Writing the audit record. Call it inside the transaction of the change it is about."""

import json
from typing import Any

from django.db import connection

from accounts.models import Action, User
from accounts.permissions import forget

# Plain SQL here and in the other statements of a redemption: on the first evening of term ten thousand come at once,
# and putting these together anew each time cost more than running them.
INSERT = """
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
VALUES (clock_timestamp(), %s, %s, %s, %s, %s)
"""


def record(action: Action, *, by: User | None, subject: User | None = None, **details: Any) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    Where somebody acts as `by`, it is recorded as theirs, on behalf of `by`. `details` must be JSON values, and never
    a pairing code, password or token. As the change may be one of roles, what was looked up of permissions in this
    request is forgotten.
    """
    actor = by.person_acting.pk if by else None
    acting_for = by.pk if by and by.actor else None
    about = subject.pk if subject else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [action, actor, acting_for, about, json.dumps(details)])
    forget()
