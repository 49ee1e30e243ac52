"""What must not come back with a backup: settled once, after the database was restored and before anybody is let in.

A database as it was at an earlier moment has forgotten what ended since. A pairing code that was used would work a
second time, for somebody else; a token that was revoked, a session that was signed out and a link to a new password
that was used would let people in; and an id that a script or a bookmark knows would be given to another person. So all
of these end, and ids go on where none has ever been. What was changed by hand since, such as links that were ended, the
record cannot know any more: admins are told on their dashboard, and docs/operations.md says how to find it.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.domain.audit import record
from accounts.domain.events import SiteRestored
from accounts.models import AccessToken, AuditEvent, User

# More ids than can have been given since the backup, and few enough that JavaScript can tell them apart for long.
LEAP = 1_000_000_000
# The first digits of an id then say after which restore it was given.
LEAVE_IDS_OUT = f"""
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, (coalesce(last_value, 0) / {LEAP} + 1) * {LEAP})
FROM pg_sequences WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype
"""  # noqa: S608 built from a constant


def settle_restored() -> SiteRestored:
    """End what must not come back, record that the database was restored, and return the event.

    All of it or nothing. The site must not run meanwhile.
    """
    with transaction.atomic():
        last = AuditEvent.objects.order_by("-id").values_list("at", flat=True).first()
        ended = {name: import_string(path)() for name, path in settings.AFTER_RESTORE.items()}
        with connection.cursor() as cursor:
            cursor.execute(LEAVE_IDS_OUT)
        event = SiteRestored(until=last.isoformat() if last else None, ended=ended)
        record(event, by=None)
    return event


def end_all_sessions() -> int:
    """End every session, and void the password links and the known browsers of before; return how many sessions.

    Epochs since the backup are not known. No person can have had as many as minutes have passed since 1970.
    """
    minute = int(time.time() // 60)
    User.objects.update(session_epoch=Greatest(F("session_epoch") + 1, minute))
    return Session.objects.all().delete()[0]


def end_all_tokens() -> int:
    """End every access token; return how many."""
    return AccessToken.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
