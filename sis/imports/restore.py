"""Taking an import back: what it changed the state of returns to the state before (Canvas: restore_states).

Only what this import was the last to touch: decisions of people and of later imports stand.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import Invalid
from accounts.models import User
from sis.events import SisImportRestored
from sis.imports.senders import taken_back_by
from sis.kinds.registry import put_back_of, what_stays
from sis.models import SisImport, StateChange
from sis.report.log import Messages

KEYS = ("batch_mode", "undelete_only", "unconclude_only")


def why_not_restored(sis_import: SisImport) -> str | None:
    """Return why this import cannot be taken back; None when it can."""
    if not sis_import.has_ended or sis_import.started_at is None:
        return _("Only an import that has run and ended can be undone.")
    if sis_import.options.get("dry_run"):
        return _("A dry run changes nothing, so there is nothing to undo.")
    if sis_import.workflow_state == SisImport.State.RESTORED:
        return _("This import has already been undone.")
    if sis_import.ended_at and sis_import.ended_at < timezone.now() - timedelta(days=settings.SIS_KEEP_DAYS):
        return _("This import ended more than {days} days ago, so it can no longer be undone.").format(
            days=settings.SIS_KEEP_DAYS
        )
    return None


def begin_restoring(
    sis_import: SisImport,
    *,
    by: User,
    batch_mode: bool = False,
    undelete_only: bool = False,
    unconclude_only: bool = False,
) -> None:
    """Have the import taken back by the next worker. Raises Invalid when that makes no sense."""
    if undelete_only and unconclude_only:
        message = _("Choose either undelete_only or unconclude_only.")
        raise Invalid({"undelete_only": [("invalid", message)]})
    wanted = {"batch_mode": batch_mode, "undelete_only": undelete_only, "unconclude_only": unconclude_only}
    with transaction.atomic():
        locked = SisImport.objects.select_for_update().get(pk=sis_import.pk)
        if why := why_not_restored(locked):
            raise Invalid({"id": [("invalid", why)]})
        locked.restoring = {**wanted, **_who(by), "was": locked.workflow_state, "progress": 0}
        locked.workflow_state = SisImport.State.RESTORING
        locked.attempts = 0
        locked.save(update_fields=["workflow_state", "restoring", "attempts", "updated_at"])
        record(SisImportRestored(locked.pk, wanted), by=by)


def _who(by: User) -> dict[str, int | None]:
    return {"by": by.pk, "actor": by.actor.pk if by.actor else None}


def restore(sis_import: SisImport) -> None:
    """Go through the state changes, the last first, each in a transaction; a second call goes on where one ended.

    What stays for a reason that somebody can remove is said among the import's warnings.
    """
    wanted, messages = sis_import.restoring, Messages(sis_import)
    by = taken_back_by(sis_import)
    changes = StateChange.objects.filter(sis_import=sis_import)
    if wanted.get("batch_mode"):
        changes = changes.filter(batch_mode=True)
    if wanted.get("undelete_only"):
        changes = changes.filter(after="deleted").exclude(before="")
    if wanted.get("unconclude_only"):
        changes = changes.filter(after="completed").exclude(before="")
    ids = list(changes.order_by("-pk").values_list("pk", flat=True))
    for number, pk in enumerate(ids, 1):
        if "last" in wanted and pk >= wanted["last"]:
            continue
        change = StateChange.objects.get(pk=pk)
        with transaction.atomic():
            messages.about_rows(sis_import.file_name, what_stays(change))
            messages.save()
            missed = put_back_of(change.kind)(change, by) + wanted.get("missed", 0)
            wanted |= {"progress": number * 100 // len(ids), "last": pk, "missed": missed}
            kept = SisImport.objects.filter(pk=sis_import.pk)
            kept.update(restoring=wanted, warning_count=sis_import.warning_count)
    in_part = wanted.get("missed") or any(wanted.get(key) for key in KEYS)
    sis_import.workflow_state = SisImport.State.PARTIALLY_RESTORED if in_part else SisImport.State.RESTORED
    sis_import.restoring = {**wanted, "progress": 100}
    sis_import.updated_at = timezone.now()
    sis_import.save(update_fields=["workflow_state", "restoring", "updated_at"])
