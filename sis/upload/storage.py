"""Keeping what was uploaded: without its passwords, and for a while, where every machine finds it (setting UPLOADS)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import transaction

from accounts.advisory_locks import AdvisoryLock, hold
from sis.models import ChangedId, RefusedRow, SisImport, SisImportError, StateChange
from sis.upload.chain import is_base
from sis.upload.contents import Upload, open_upload
from sis.upload.parts import UPLOADED, NotStored
from sis.upload.password_removal import strip_passwords

FOLDER = "sis_imports"
AT_A_TIME = 1 << 20
# A file to be sent is read from memory up to this size, else from the disk.
IN_MEMORY = 1 << 20


if TYPE_CHECKING:
    FileOfBytes = File[bytes]
else:
    FileOfBytes = File


class _Arriving(FileOfBytes):
    """What is being sent: read once, from where it is."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self.read(AT_A_TIME):
            yield piece


def uploads() -> Storage:
    """Return where uploads are kept."""
    return storages["uploads"]


def store(sis_import: SisImport, upload: IO[bytes]) -> str:
    """Store an upload, read to its end piece by piece; return the name under which it is kept. Raises OSError.

    Nothing is left of one that does not arrive whole.
    """
    name = f"{FOLDER}/{sis_import.pk}.{UPLOADED}{Path(sis_import.file_name).suffix.lower()}"
    try:
        return uploads().save(name, _Arriving(upload))
    except BaseException:
        # Whoever sent it has gone, or the disk is full.
        uploads().delete(name)
        raise


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
    uploads().delete(sis_import.stored_file)


def _copy(sis_import: SisImport) -> None:
    kept = ""
    with suppress(NotStored), _fetched(sis_import) as upload, tempfile.NamedTemporaryFile() as copy:
        strip_passwords(upload, sis_import.file_name, Path(copy.name))
        kept = sis_import.stored_file.replace(f".{UPLOADED}", "")
        # One that an interruption has left.
        uploads().delete(kept)
        uploads().save(kept, File(open(copy.name, "rb")))  # noqa: SIM115 the storage reads it to its end
    SisImport.objects.filter(pk=sis_import.pk).update(stored_file=kept)


@contextmanager
def _fetched(sis_import: SisImport) -> Iterator[Path]:
    """Give a copy of the stored file on this machine's disk, as long as the block lasts. Raises NotStored.

    It may hold passwords, and so has no name there: whatever ends this process, nothing of it is left.
    """
    with opened(sis_import) as stored, tempfile.TemporaryFile() as copy:
        copyfileobj(stored, copy, AT_A_TIME)
        copy.flush()
        yield Path(f"/proc/self/fd/{copy.fileno()}")


def opened(sis_import: SisImport) -> IO[bytes]:
    """Open what is stored, with its passwords if there are any. Raises NotStored."""
    try:
        if sis_import.stored_file:
            return uploads().open(sis_import.stored_file)
    except FileNotFoundError:
        pass
    raise NotStored(sis_import.stored_file)


def open_stored(sis_import: SisImport, *, is_to_compare: bool = False) -> Upload:
    """Open the roster files of what is stored, as `open_upload` does. Raises NotStored."""
    fetched = _fetched(sis_import)
    path = fetched.__enter__()
    try:
        upload = open_upload(path, sis_import.file_name, at=sis_import.started_at, is_to_compare=is_to_compare)
    except BaseException:
        fetched.__exit__(None, None, None)
        raise
    upload.closes(lambda: fetched.__exit__(None, None, None))
    return upload


def stored_names() -> list[str]:
    """Return the names of all that is stored."""
    with suppress(FileNotFoundError):
        return [f"{FOLDER}/{name}" for name in uploads().listdir(FOLDER)[1]]
    return []


def is_kept(sis_import: SisImport) -> bool:
    """Return whether the upload is still there."""
    return bool(sis_import.stored_file) and uploads().exists(sis_import.stored_file)


def kept_copy(sis_import: SisImport) -> IO[bytes]:
    """Return the upload, whole and without its passwords. Raises FileNotFoundError before there is such a copy, and
    after.
    """
    if not may_be_had(sis_import):
        raise FileNotFoundError(sis_import.stored_file)
    copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 whoever sends it closes it
    with opened(sis_import) as stored:
        copyfileobj(stored, copy, AT_A_TIME)
    copy.seek(0)
    return copy


LATEST = 20


def lost_lately() -> int:
    """Return how many of the latest uploads should be stored, and are not where this machine looks for them."""
    latest = SisImport.objects.exclude(stored_file="").order_by("-pk")[:LATEST]
    return sum(not is_kept(one) for one in latest)


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
            uploads().delete(sis_import.stored_file)
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
    for name in stored_names():
        if f".{UPLOADED}" not in name:
            continue
        wanted = SisImport.objects.filter(stored_file=name)
        if uploads().get_modified_time(name) < before and not wanted.exists():
            uploads().delete(name)


def forget_messages(before: datetime) -> None:
    """Remove messages older than that."""
    SisImportError.objects.filter(created_at__lt=before).delete()


def forget_states(before: datetime) -> None:
    """Remove what imports that ended before that could be taken back by."""
    StateChange.objects.filter(sis_import__ended_at__lt=before).delete()
