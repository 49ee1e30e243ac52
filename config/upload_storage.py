"""Where uploads of rosters are kept, as the setting UPLOADS says."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def storage_of_uploads(where: str) -> dict[str, Any]:
    """Return where uploads are kept so that every machine has them: in the database, in a folder that all share, or in
    a bucket of S3 or a store like it.
    """
    if where == "database":
        return {"BACKEND": "sis.upload.parts.DatabaseStorage"}
    if where.startswith("s3://"):
        if find_spec("storages") is None or find_spec("boto3") is None:
            raise ImproperlyConfigured("UPLOADS names a bucket: install django-storages[s3] with pip.")
        bucket, _slash, folder = where.removeprefix("s3://").partition("/")
        return {"BACKEND": "sis.upload.object_store.ObjectStorage", "OPTIONS": {"bucket": bucket, "folder": folder}}
    if not Path(where).is_absolute():
        raise ImproperlyConfigured(
            "Set UPLOADS to “database”, to the path of a folder that all machines share, or to a bucket, such as"
            " s3://bucket/folder."
        )
    private = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": where, **private}}
