"""Writing the audit record. Call it inside the transaction of the change it is about."""

from typing import Any

from accounts.models import Action, AuditEvent, User


def record(action: Action, *, by: User | None, subject: User | None = None, **details: Any) -> None:
    """Record one change, made by `by` (None: the command line), about `subject`.

    `details` must be JSON values, and never a pairing code, password or token.
    """
    record_all([(action, subject, details)], by=by)


def record_all(events: list[tuple[Action, User | None, dict[str, Any]]], *, by: User | None) -> None:
    """Record several changes of one transaction with one statement: (action, subject, details) each."""
    AuditEvent.objects.bulk_create(
        [AuditEvent(action=action, actor=by, subject=subject, details=details) for action, subject, details in events]
    )
