"""Uploads as objects in S3 or another store that speaks its protocol, by way of django-storages.

An upload that waits may hold passwords, and the store is somebody else's. So it is covered as in the database, piece by
piece, each with its length before it. Imported only where UPLOADS names a bucket: the libraries are an extra.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from accounts.pieces import PieceReader
from sis.upload.parts import PART, StoreAway, cover, lift, may_hold_passwords

LENGTH = struct.Struct(">I")


class ObjectStorage(S3Storage):
    """Stores files as objects. The bucket and who may use it are told as to all programs of AWS, by AWS_… variables."""

    def __init__(self, bucket: str, folder: str) -> None:
        super().__init__(
            bucket_name=bucket,
            location=folder,
            # Beyond that, what is read lies on the disk, in a file without a name.
            max_memory_size=PART,
            # Whoever sends an upload is read by this thread alone.
            transfer_config=TransferConfig(use_threads=False),
            client_config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 3},
                # Other stores than Amazon's may know no newer ones.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("uploads are written once, by save()")
        with _telling_when_away():
            stored: File[bytes] = super()._open(name, mode)
            # Fetches it, which may go wrong as well.
            stored.seek(0)
        return _read_by(_lifted(name, stored), name) if may_hold_passwords(name) else stored

    def _save(self, name: str, content: File[bytes]) -> str:
        with _telling_when_away():
            stored: str = super()._save(
                name, _read_by(_covered(name, content), name) if may_hold_passwords(name) else content
            )
        return stored

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""
        with _telling_when_away():
            super().delete(name)

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        with _telling_when_away():
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and files in a folder."""
        with _telling_when_away():
            folders, files = super().listdir(name)
        return folders, files

    def get_modified_time(self, name: str) -> datetime:
        """Return when a file was stored."""
        with _telling_when_away():
            at: datetime = super().get_modified_time(name)
        return at


@contextmanager
def _telling_when_away() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise StoreAway(str(error)) from error


def _read_by(pieces: Iterator[bytes], name: str) -> File[bytes]:
    return File(io.BufferedReader(PieceReader(lambda: next(pieces, b"")), PART), name)


def _covered(name: str, content: File[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(content.chunks(PART)):
        covered = cover(name, number, piece)
        yield LENGTH.pack(len(covered)) + covered


def _lifted(name: str, stored: File[bytes]) -> Iterator[bytes]:
    number = 0
    with stored:
        while head := stored.read(LENGTH.size):
            (length,) = LENGTH.unpack(head)
            yield lift(name, number, stored.read(length))
            number += 1
