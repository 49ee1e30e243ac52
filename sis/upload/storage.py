"""Keeping what was uploaded: without its passwords, and for a while."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from accounts.advisory_locks import AdvisoryLock, hold
from sis.models import ChangedId, RefusedRow, SisImport, SisImportError, StateChange
from sis.upload.chain import is_base
from sis.upload.password_removal import strip_passwords

FOLDER = "sis_imports"
UPLOADED = "uploaded"


def keep_without_passwords(sis_import: SisImport) -> None:
    """Put a copy without passwords in the place of the upload, once the import has ended."""
    with transaction.atomic():
        # Several jobs may be at it: one makes the copy, and the others find it made.
        hold(AdvisoryLock.KEPT_UPLOAD, sis_import.pk)
        sis_import = SisImport.objects.get(pk=sis_import.pk)
        if not sis_import.has_ended or f".{UPLOADED}" not in sis_import.stored_file:
            return
        _copy(sis_import)
    # Only once it is recorded that there is a copy, or nothing to be copied.
    _path(sis_import).unlink(missing_ok=True)


def _copy(sis_import: SisImport) -> None:
    upload = _path(sis_import)
    kept = sis_import.stored_file.replace(f".{UPLOADED}", "")
    unfinished = upload.with_name(f"{upload.name}.unfinished")
    if upload.is_file():
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        strip_passwords(upload, sis_import.file_name, unfinished)
        unfinished.replace(Path(settings.DATA_DIR) / kept)
    SisImport.objects.filter(pk=sis_import.pk).update(stored_file=kept if upload.is_file() else "")


def stored_path(sis_import: SisImport) -> Path:
    """Return where the upload is kept. Raises FileNotFoundError when it is no longer kept."""
    if not is_kept(sis_import):
        raise FileNotFoundError(sis_import.stored_file)
    return _path(sis_import)


def is_kept(sis_import: SisImport) -> bool:
    """Return whether the upload is still there."""
    return bool(sis_import.stored_file) and _path(sis_import).is_file()


def _path(sis_import: SisImport) -> Path:
    return Path(settings.DATA_DIR) / sis_import.stored_file


def kept_copy(sis_import: SisImport) -> IO[bytes]:
    """Open the upload, without its passwords. Raises FileNotFoundError before there is such a copy, and after."""
    if not may_be_had(sis_import):
        raise FileNotFoundError(sis_import.stored_file)
    return _path(sis_import).open("rb")


def may_be_had(sis_import: SisImport) -> bool:
    """Return whether the upload is kept, and without its passwords."""
    return bool(sis_import.stored_file) and f".{UPLOADED}" not in sis_import.stored_file


def forget_uploads(before: datetime) -> None:
    """Remove what was uploaded before that, with its refused rows, but not what will be compared with.

    Uploads still waiting for their copy without passwords get it.
    """
    for sis_import in SisImport.objects.exclude(stored_file="").filter(created_at__lt=before):
        keep_without_passwords(sis_import)
        sis_import.refresh_from_db()
        if sis_import.stored_file and sis_import.has_ended and not is_base(sis_import):
            _path(sis_import).unlink(missing_ok=True)
            SisImport.objects.filter(pk=sis_import.pk).update(stored_file="")
    # Of those too whose upload was lost before its time.
    RefusedRow.objects.filter(sis_import__stored_file="", sis_import__created_at__lt=before).delete()


def forget_changed_ids(before: datetime) -> None:
    """Remove what was changed by imports that ended before that, but not what an older upload will be read by."""
    kept = SisImport.objects.exclude(stored_file="").order_by("pk").values_list("pk", flat=True).first()
    found = ChangedId.objects.filter(sis_import__ended_at__lt=before)
    (found if kept is None else found.filter(sis_import__lte=kept)).delete()


def forget_left_behind(before: datetime) -> None:
    """Remove uploads, with the passwords in them, that an interruption kept us from removing in time.

    What has not come whole since then counts as stopped.
    """
    unreceived = SisImport.objects.filter(workflow_state=SisImport.State.INITIALIZING, created_at__lt=before)
    unreceived.update(workflow_state=SisImport.State.ABORTED)
    for path in Path(settings.DATA_DIR, FOLDER).glob(f"*.{UPLOADED}*"):
        wanted = SisImport.objects.filter(stored_file__in=[f"{FOLDER}/{path.name}", f"{FOLDER}/{path.stem}"])
        if path.stat().st_mtime < before.timestamp() and not wanted.exists():
            path.unlink(missing_ok=True)


def forget_messages(before: datetime) -> None:
    """Remove messages older than that."""
    SisImportError.objects.filter(created_at__lt=before).delete()


def forget_states(before: datetime) -> None:
    """Remove what imports that ended before that could be taken back by."""
    StateChange.objects.filter(sis_import__ended_at__lt=before).delete()
