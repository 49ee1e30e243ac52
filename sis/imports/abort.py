"""Stopping imports: what was committed stays, the rest is not applied."""

from django.db import transaction
from django.utils import timezone

from accounts.domain.audit import record
from accounts.models import Account, User
from sis.events import SisImportEnded
from sis.imports.queue import ask_for_work
from sis.models import SisImport


def abort(sis_import: SisImport, *, by: User) -> bool:
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
