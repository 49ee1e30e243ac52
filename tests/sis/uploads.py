"""Where uploads are kept, for the tests."""

import os
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from config.settings import storage_of_uploads
from sis.models import UploadPart


def keep_in_folder(settings, folder: Path) -> None:
    """Have uploads kept in a folder, as one that all machines share."""
    settings.STORAGES = {**settings.STORAGES, "uploads": storage_of_uploads(str(folder))}


def make_stored_older(folder: Path) -> None:
    """As if all that is stored had come days ago."""
    UploadPart.objects.update(created_at=timezone.now() - timedelta(days=9))
    for path in folder.glob("*/*"):
        os.utime(path, (0, 0))
