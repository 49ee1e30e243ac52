"""Uploads in the database, in parts: so that every machine has them, and they are in its backups.

An upload that waits may hold passwords, and what a database once held stands in its log and its backups for long. So
its parts are covered, by AES-GCM, with a key that is not in the database (from SECRET_KEY). The copy that is kept holds
none, and stays readable when that key is changed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db.models import Max
from django.utils.crypto import salted_hmac

from accounts.pieces import PieceReader
from sis.files.cipher import Cipher, Unreadable
from sis.models import UploadPart

PART = 1 << 20
# In the names of uploads that may hold passwords.
UPLOADED = "uploaded"


class NotStored(FileNotFoundError):
    """An upload is not kept any more, was never where this machine looks for it, or was covered with another key."""


class StoreAway(OSError):
    """Where uploads are kept does not answer, or refuses: a matter for later, or for whoever runs it."""


class DatabaseStorage(Storage):
    """Stores files as rows of UploadPart. Each part is a statement of its own, however slow its sender is."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("uploads are written once, by save()")
        if not self.exists(name):
            raise FileNotFoundError(name)
        parts = _read(name)
        return File(io.BufferedReader(PieceReader(lambda: next(parts, b"")), PART), name)

    def _save(self, name: str, content: File[bytes]) -> str:
        number = 0
        for piece in content.chunks(PART):
            self._write(name, number, piece)
            number += 1
        if not number:
            self._write(name, 0, b"")
        return name

    def _write(self, name: str, number: int, piece: bytes) -> None:
        content = cover(name, number, piece) if may_hold_passwords(name) else piece
        UploadPart.objects.create(name=name, number=number, content=content)

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""
        UploadPart.objects.filter(name=name).delete()

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        return UploadPart.objects.filter(name=name).exists()

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of the files in a folder; there are no folders within it."""
        names = UploadPart.objects.filter(name__startswith=f"{path}/", number=0).order_by("name")
        return [], [name.removeprefix(f"{path}/") for name in names.values_list("name", flat=True)]

    def get_modified_time(self, name: str) -> datetime:
        """Return when the last part came. Raises FileNotFoundError."""
        last = UploadPart.objects.filter(name=name).aggregate(at=Max("created_at"))["at"]
        if last is None:
            raise FileNotFoundError(name)
        return last


def _read(name: str) -> Iterator[bytes]:
    number = 0
    while part := UploadPart.objects.filter(name=name, number=number).values_list("content").first():
        yield lift(name, number, bytes(part[0])) if may_hold_passwords(name) else bytes(part[0])
        number += 1


def may_hold_passwords(name: str) -> bool:
    """Return whether the file of this name is one that waits."""
    return f".{UPLOADED}" in name


def cover(name: str, number: int, piece: bytes) -> bytes:
    """Return a piece of a file as nobody can read it without SECRET_KEY, nor take it for another."""
    return _cipher().cover(f"{name} {number}", piece)


def lift(name: str, number: int, covered: bytes) -> bytes:
    """Return a piece as it was. Raises NotStored where it cannot be read: SECRET_KEY was changed since."""
    try:
        return _cipher().lift(f"{name} {number}", covered)
    except Unreadable:
        raise NotStored(name) from None


def _cipher() -> Cipher:
    return Cipher(salted_hmac("sis.upload.parts", "", algorithm="sha256").digest())
