"""Zip archives from strangers: nothing is believed but the bytes, and never more of those than allowed.

Members are only ever streamed, never written anywhere under a name of theirs. What the directory claims about sizes
counts for nothing; unpacking stops when the members together have given a hundred times the size of the archive.
"""

from __future__ import annotations

import errno
import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sis.files.csv_records import Stream
from sis.files.problems import MalformedFile, Problems

MOST_MEMBERS = 100_000
MOST_RATIO = 100
MOST_BYTES = 50 * 2**30
# An archive of a few hundred bytes may be very regular.
ALWAYS_ALLOWED = 2**20
# The directory is read in one piece by the zip library: at most so many bytes of it.
_LARGEST_DIRECTORY = 16 * 2**20
_DAMAGED = gettext_lazy("The archive is damaged here. Create it again with a standard zip program and upload it again.")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    IndexError,
)
# So many members are named for each reason before they are only counted.
_NAMED_MEMBERS = 20


class Archive:
    """A zip file that is open. `members` are the CSV files worth a look, by their names as they are shown."""

    def __init__(self, path: Path, name: str, problems: Problems) -> None:
        """Raises MalformedFile for what is not a zip file."""
        self._left = min(MOST_BYTES, max(path.stat().st_size * MOST_RATIO, ALWAYS_ALLOWED))
        self._furthest: Counter[str] = Counter()
        self._file = _DirectoryGuard(io.FileIO(path))
        try:
            with _faults_of(name):
                self._zip = zipfile.ZipFile(self._file)
            if len(self._zip.infolist()) > MOST_MEMBERS:
                message = _("The archive contains more than %(most)s files and was not read. Split it up.")
                raise MalformedFile(name, message % {"most": MOST_MEMBERS})
            self.members = _worth_a_look(self._zip.infolist(), name, problems)
        except BaseException:
            self._file.close()
            raise

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """Open a member of `members`, from its start. Raises MalformedFile, also while it is being read."""
        with _faults_of(name):
            stream = self._zip.open(self.members[name])
        with stream:
            yield _Member(self, name, stream)

    def spend(self, name: str, position: int) -> bool:
        """Return whether a member may be unpacked up to `position`. What was unpacked before costs nothing more."""
        more = position - self._furthest[name]
        if more <= 0:
            return True
        self._left -= more
        self._furthest[name] = position
        return self._left >= 0

    def close(self) -> None:
        self._zip.close()
        self._file.close()


class _Member:
    """A member being unpacked; every fault of the archive is a MalformedFile."""

    def __init__(self, archive: Archive, name: str, stream: IO[bytes]) -> None:
        self._archive = archive
        self._name = name
        self._stream = stream
        self._position = 0

    def read(self, size: int, /) -> bytes:
        with _faults_of(self._name):
            piece = self._stream.read(size)
        self._position += len(piece)
        if not self._archive.spend(self._name, self._position):
            message = _(
                "The archive unpacks to more than %(ratio)s times its size, so reading stopped here. Split it up."
            )
            raise MalformedFile(self._name, message % {"ratio": MOST_RATIO})
        return piece


class _DirectoryGuard(io.BufferedReader):
    """A file that does not let the zip library take a directory of any size into memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("directory too large")
        return super().read(size)


@contextmanager
def _faults_of(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN:
        raise MalformedFile(name, str(_DAMAGED)) from None
    except OSError as error:
        # A place before the file's beginning is the archive's fault, a broken disk is not.
        if error.errno != errno.EINVAL:
            raise
        raise MalformedFile(name, str(_DAMAGED)) from None


def _worth_a_look(infos: list[zipfile.ZipInfo], archive: str, problems: Problems) -> dict[str, zipfile.ZipInfo]:
    """Yield the members to read. Those left out are reported, except empty ones and what operating systems leave
    behind.
    """
    times = Counter(info.filename for info in infos)
    refused: dict[str, dict[str, None]] = {}
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if info.is_dir() or _is_litter(info.filename) or not (info.file_size or info.CRC):
            continue
        name = shown(info.filename)
        reason = _reason_against(info)
        if reason is None and (times[info.filename] > 1 or name in found):
            reason = _("The archive contains two files with this name, and neither was read. Keep only one.")
        if reason is None:
            found[name] = info
        else:
            refused.setdefault(reason, {})[name] = None
    for reason, names in refused.items():
        _report(reason, list(names), archive, problems)
    return found


def _report(reason: str, names: list[str], archive: str, problems: Problems) -> None:
    for name in names[:_NAMED_MEMBERS]:
        problems.warn(name, reason)
    if more := names[_NAMED_MEMBERS:]:
        text = ngettext("%(count)s more file: %(reason)s", "%(count)s more files: %(reason)s", len(more))
        problems.warn(archive, text % {"count": len(more), "reason": reason})


def _is_litter(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith((".", "~$", "__MACOSX", "Desktop DB", "Desktop DF")) and part != ".." for part in parts)


def _reason_against(info: zipfile.ZipInfo) -> str | None:
    parts = info.filename.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or ":" in parts[0]:
        return _(
            "The path of this file points outside the archive. Create the archive again with the "
            "files at the top level."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        return _("This is a link to a file, not a file. Put the file itself into the archive.")
    if not info.filename.lower().endswith(".csv"):
        return _("This is not a CSV file and was left out. Put CSV files directly into the archive.")
    if info.flag_bits & 0x1:
        return _("This file is protected with a password. Create the archive again without one.")
    if info.compress_type not in _METHODS:
        return _(
            "This file uses an unsupported compression method. Create the archive again with a standard zip program."
        )
    return None


def shown(name: str) -> str:
    """Return a name fit for a report: nothing invisible, not endless."""
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return visible if len(visible) <= 200 else f"{visible[:100]}…{visible[-99:]}"
