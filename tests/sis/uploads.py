"""Where uploads are kept, for the tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import boto3
import pytest
import requests
from django.utils import timezone

from config.upload_storage import storage_of_uploads
from sis.models import UploadPart
from tests.database_server import until
from tests.nodes import browser, free_port


def keep_in_folder(settings, folder: Path) -> None:
    """Have uploads kept in a folder, as one that all machines share."""
    keep_in(settings, str(folder))


def keep_in(settings, where: str) -> None:
    """Have uploads kept where this value of UPLOADS says."""
    settings.STORAGES = {**settings.STORAGES, "uploads": storage_of_uploads(where)}


@contextmanager
def object_store(environment: pytest.MonkeyPatch, folder: Path) -> Iterator[str]:
    """Run a server that speaks S3, and give the UPLOADS of an empty bucket there, as long as the block lasts."""
    port, bucket = free_port(), "rosters"
    own = {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in own.items():
        environment.setenv(name, value)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "--host", "127.0.0.1", "--port", port]
        with subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server:
            try:
                until(lambda: answers(f"{own['AWS_ENDPOINT_URL_S3']}/moto-api/data.json"))
                boto3.client("s3").create_bucket(Bucket=bucket)
                yield f"s3://{bucket}/uploads"
            finally:
                server.terminate()


def answers(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return browser().get(address, timeout=60).ok
    return False


def make_stored_older(folder: Path) -> None:
    """As if all that is stored had come days ago."""
    UploadPart.objects.update(created_at=timezone.now() - timedelta(days=9))
    for path in folder.glob("*/*"):
        os.utime(path, (0, 0))


class BrokenOff(BytesIO):
    """What a sender sends who goes before the end."""

    def read(self, size: int | None = -1) -> bytes:
        if piece := super().read(size):
            return piece
        raise OSError("the sender has gone")
