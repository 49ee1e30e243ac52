"""One import at a time for each root account, the oldest first; waiting and running ones can be stopped."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.models import Account, User
from background.queue import ask_for, ask_for_later
from sis.events import SisImportEnded
from sis.imports.dry_run import DryRun
from sis.imports.restore import restore
from sis.imports.runner import Import, Tell
from sis.imports.senders import is_still_allowed, refuse
from sis.imports.turns import LASTS, TurnLost, turn
from sis.kinds import staging
from sis.models import SisImport
from sis.report.log import Messages
from sis.report.messages import CRASHED
from sis.report.queries import statistics_of
from sis.upload.parts import StoreAway
from sis.upload.storage import UPLOADED, keep_without_passwords

logger = logging.getLogger(__name__)
TRIES = 3
TO_DO = (*SisImport.WAITING[1:], *SisImport.RUNNING, SisImport.State.RESTORING)


def ask_for_work() -> None:
    """Have the imports that wait worked off soon. Within a transaction: once that is committed."""
    ask_for("sis.jobs.work")


def work_off(root: Account) -> None:
    """Run every import that waits or was interrupted, until there is none or somebody else is at it.

    Raises what went wrong; then the import goes on at the next call, and is given up after a few.
    """
    # Whoever finds the turn taken leaves its import to the holder, who looks again after giving the turn back.
    while _next(root):
        with turn(root) as mine, suppress(TurnLost):
            if not mine:
                # Should the holder be dead, the turn will have lapsed by then.
                ask_for_later("sis.jobs.work", seconds=LASTS + 1)
                return
            while sis_import := _next(root):
                do(sis_import)
    for ended in SisImport.objects.filter(account=root, stored_file__contains=f".{UPLOADED}"):
        keep_without_passwords(ended)


def do(sis_import: SisImport, *, tell: Tell = lambda sis_import: None) -> None:
    """Run or restore one import, whatever its state asks for. The caller holds the turn.

    Raises what went wrong, and gives the import up after a few tries; a database that goes away does not count. One
    whose sender may not import any more is refused.
    """
    session = connection.connection
    if not is_still_allowed(sis_import):
        refuse(sis_import)
        keep_without_passwords(sis_import)
        return
    try:
        if sis_import.workflow_state == SisImport.State.RESTORING:
            restore(sis_import)
        elif sis_import.options.get("dry_run"):
            DryRun(sis_import, tell).go()
        else:
            Import(sis_import, tell).go()
    except TurnLost:
        # Whoever has it now goes on with the import.
        raise
    except StoreAway:
        # That is not the import's fault.
        raise
    except Exception as error:
        if staging.is_lost(session):
            # That is not the import's fault. The next one who asks gets a new connection.
            connection.close()
            raise
        sis_import = SisImport.objects.get(pk=sis_import.pk)
        sis_import.attempts += 1
        sis_import.save(update_fields=["attempts", "updated_at"])
        if sis_import.attempts < TRIES:
            raise
        _give_up(sis_import, error)
    keep_without_passwords(sis_import)


def _give_up(sis_import: SisImport, error: BaseException) -> None:
    """End the import as failed after the last try, with a report number that stands in the log too."""
    report = uuid.uuid4().hex[:12]
    logger.error("roster import %s failed, report %s", sis_import.pk, report, exc_info=error)
    with transaction.atomic():
        messages = Messages(sis_import)
        messages.about_import("crashed", _(CRASHED).format(report=report), failure=True)
        messages.save()
        sis_import.workflow_state, sis_import.ended_at = SisImport.State.FAILED_WITH_MESSAGES, timezone.now()
        # What went wrong may be in the way of this too, and must not keep it from ending.
        with suppress(DatabaseError), transaction.atomic():
            sis_import.data["statistics"] = statistics_of(sis_import)
        sis_import.save()
        record(SisImportEnded(sis_import.pk, sis_import.workflow_state), by=sis_import.by)


def _next(root: Account) -> SisImport | None:
    return SisImport.objects.filter(account=root, workflow_state__in=TO_DO).order_by("id").first()


def abort_all() -> int:
    """Stop every import that waits or runs, after the database was restored; return how many.

    It may be the very one for which somebody went back.
    """
    found = SisImport.objects.filter(workflow_state__in=(*SisImport.WAITING, *SisImport.RUNNING)).order_by("id")
    return sum(abort(one, by=None) for one in found)


def abort(sis_import: SisImport, *, by: User | None) -> bool:
    """Stop an import that waits or runs; False when it has ended. One that runs stops within a chunk of rows."""
    with transaction.atomic():
        now = timezone.now()
        stopped = SisImport.objects.filter(
            pk=sis_import.pk, workflow_state__in=(*SisImport.WAITING, *SisImport.RUNNING)
        ).update(workflow_state=SisImport.State.ABORTED, ended_at=now, updated_at=now)
        if stopped:
            record(SisImportEnded(sis_import.pk, SisImport.State.ABORTED), by=by)
            ask_for_work()
    sis_import.refresh_from_db()
    return bool(stopped)


def abort_waiting(root: Account, *, by: User) -> None:
    """Stop every import that has not begun."""
    with transaction.atomic():
        ask_for_work()
        waiting = SisImport.objects.select_for_update().filter(account=root, workflow_state__in=SisImport.WAITING)
        for sis_import in waiting:
            now = timezone.now()
            SisImport.objects.filter(pk=sis_import.pk).update(
                workflow_state=SisImport.State.ABORTED, progress=100, ended_at=now, updated_at=now
            )
            record(SisImportEnded(sis_import.pk, SisImport.State.ABORTED), by=by)
