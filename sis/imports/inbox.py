"""The inbox: a folder on the server in which other systems put roster files at night (SIS_INBOX).

Each source has a folder of its own in it. What has arrived whole is imported as by the command line, one folder after
the other, and is gone from there once the import has its copy; loose .csv files of one folder are one upload. Whoever
may write there may import.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Account
from sis.imports.intake import create_import
from sis.imports.schedule import folder_key, forget_problems, say_problem
from sis.imports.turns import turn
from sis.models import SisImport, Turn
from sis.options import Options

logger = logging.getLogger(__name__)
# A file that nothing has been written to for so many seconds is whole. Who renames it into place need not be waited
# for, but cannot be told from others.
SETTLED = 30
# What programs call a file that they are still at. Hidden files are left alone too.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".uploading")
ENDINGS = (".csv", ".zip")
# Before the name of a file that is being taken, with a number of its own between them.
TAKING = ".taking-"
TAKEN = re.compile(rf"{re.escape(TAKING)}(?P<claim>[0-9a-f]{{32}})-(?P<name>.+)", re.DOTALL)
# In bytes, of a name in a file system, less what is put before it meanwhile; and of what RosterSource.key has room for.
LONGEST_FILE_NAME = 255 - len(f"{TAKING}{uuid.UUID(int=0).hex}-")
LONGEST_FOLDER_NAME = 255 - len(folder_key("-")) + 1
# Longer names are shortened where they are shown.
LONGEST_SHOWN = 100


def take_all(root: Account, *, now: float) -> list[SisImport]:
    """Take in what has arrived whole by `now`; return the imports that wait for their turn now.

    What cannot be taken stays, and is told to the admins until it can, or is gone (sis/imports/schedule.py).
    """
    if not settings.SIS_INBOX:
        _say(root, "", "")
        forget_problems(root, but=())
        return []
    made: list[SisImport] = []
    with turn(root, Turn.Of.INBOX) as mine:
        if mine:
            try:
                folders, problem = _folders(Path(settings.SIS_INBOX))
            except OSError as error:
                _say(root, "", _why(error))
                return []
            _say(root, "", problem)
            forget_problems(root, but=[folder.name for folder in folders])
            for folder in folders:
                made += _take_folder(root, folder, now)
    return made


def _folders(inbox: Path) -> tuple[list[Path], str]:
    """Return the folders that can be sources, and what is wrong with something else there; empty if nothing is.

    Raises OSError where that cannot be seen.
    """
    there = sorted(one for one in inbox.iterdir() if not one.name.startswith("."))
    folders = [one for one in there if one.is_dir() and not one.is_symlink()]
    usable = [one for one in folders if one.name == _text(one.name) and len(one.name) <= LONGEST_FOLDER_NAME]
    problem, about = "", [one for one in folders if one not in usable]
    if about:
        problem = _("The name of the folder “{file}” is too long or not in UTF-8. Rename the folder.")
    elif about := [one for one in there if one not in folders]:
        problem = _("“{file}” is in no folder. Put the files of each source in a folder of its own.")
    return usable, problem.format(file=_shown(about[0].name)) if about else ""


def _take_folder(root: Account, folder: Path, now: float) -> list[SisImport]:
    made: list[SisImport] = []
    problem = ""
    try:
        _clear_up(folder)
        there = {one: _objection(one) for one in sorted(folder.iterdir()) if not _is_unfinished(one)}
        problem = next(filter(None, there.values()), "")
        for files in _uploads([one for one, objection in there.items() if not objection], now):
            made.append(_take(root, folder.name, files))
    except FileNotFoundError:
        # Whoever put it there has taken it away again.
        pass
    except OSError as error:
        problem = _why(error)
    except Invalid as error:
        problem = error.message
    except Exception:
        # One source must not keep back the others.
        logger.exception("inbox of rosters, folder %s", folder.name)
        problem = _("The files cannot be taken from there because of an error. The log of the server tells more.")
    _say(root, folder.name, problem)
    return made


def _text(name: str) -> str:
    """Return the name of a file as text that can be stored and sent: it may be any bytes at all."""
    return os.fsencode(name).decode("utf-8", "replace")


def _shown(name: str) -> str:
    return Truncator(_text(name)).chars(LONGEST_SHOWN)


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower().endswith(UNFINISHED)


def _objection(path: Path) -> str:
    """Return why this is nothing to import; empty for a file that may be one."""
    found = path.lstat()
    problem = ""
    if not stat.S_ISREG(found.st_mode):
        problem = _("“{file}” is not a file.")
    elif len(os.fsencode(path.name)) > LONGEST_FILE_NAME:
        problem = _("The name “{file}” is too long. Rename the file.")
    elif path.suffix.lower() not in ENDINGS:
        problem = _("“{file}” is neither a .csv nor a .zip file.")
    elif found.st_size > settings.SIS_LARGEST_UPLOAD:
        problem = _("“{file}” is too large: at most {largest} can be imported at once.")
    return problem.format(file=_shown(path.name), largest=filesizeformat(settings.SIS_LARGEST_UPLOAD))


def _uploads(files: list[Path], now: float) -> Iterator[list[Path]]:
    """Give the files of each upload, the oldest first: a .zip alone, and all .csv together once the last is whole."""
    changed = {one: max(one.lstat().st_mtime, one.lstat().st_ctime) for one in files}
    tables = sorted(one for one in files if one.suffix.lower() == ".csv")
    uploads = [[one] for one in files if one not in tables] + ([tables] if tables else [])
    for upload in sorted(uploads, key=lambda upload: (max(changed[one] for one in upload), upload)):
        if all(changed[one] <= now - SETTLED for one in upload):
            yield upload


def _take(root: Account, folder: str, files: list[Path]) -> SisImport:
    """Import these files as one upload. Raises OSError, and Invalid; then they are there as before."""
    claim = uuid.uuid4().hex
    claimed = {one: one.with_name(f"{TAKING}{claim}-{one.name}") for one in files}
    try:
        for one, taken in claimed.items():
            one.rename(taken)
        with _one_upload(claimed) as (upload, name):
            made = create_import(
                root, upload, name or f"{folder}.zip", Options(), by=None, inbox={"folder": folder, "claim": claim}
            )
    except BaseException:
        for one, taken in claimed.items():
            if taken.exists():
                _give_back(taken, one.name)
        raise
    for taken in claimed.values():
        taken.unlink()
    logger.info("roster import %s: taken from the inbox folder %s", made.pk, folder)
    return made


@contextmanager
def _one_upload(claimed: dict[Path, Path]) -> Iterator[tuple[IO[bytes], str]]:
    """Give the upload and its name: of one file the file itself, of several an archive of them, without a name."""
    if len(claimed) == 1:
        ((one, taken),) = claimed.items()
        with _open(taken) as file:
            yield file, _text(one.name)
        return
    with tempfile.TemporaryFile() as archive:
        with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
            for number, (one, taken) in enumerate(claimed.items()):
                # Names that are not in UTF-8 may become the same text.
                name = one.name if one.name == _text(one.name) else f"{number}-{_text(one.name)}"
                with _open(taken) as file, packed.open(name, "w", force_zip64=True) as entry:
                    while piece := file.read(1 << 20):
                        entry.write(piece)
        archive.seek(0)
        yield archive, ""


def _open(path: Path) -> IO[bytes]:
    """Open a file to read; a link put in its place leads nowhere. Raises OSError."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _clear_up(folder: Path) -> None:
    """Put right what an interruption left: what its import has is removed, the rest gets its name back."""
    for left in folder.glob(f"{TAKING}*"):
        if not (parts := TAKEN.fullmatch(left.name)):
            # It was put there under that name, and is hidden as others are.
            continue
        claim, name = parts["claim"], parts["name"]
        arrived = SisImport.objects.exclude(workflow_state=SisImport.State.INITIALIZING)
        # What did not come whole within a day was given up (sis/upload/storage.py), and nothing is stored of it.
        arrived = arrived.exclude(workflow_state=SisImport.State.ABORTED, stored_file="")
        if arrived.filter(data__inbox__claim=claim).exists():
            left.unlink()
        else:
            _give_back(left, name)


def _give_back(taken: Path, name: str) -> None:
    """Give a file its name back, unless another has come by that name: then one like it."""
    before = taken.with_name(name)
    taken.rename(taken.with_name(f"{uuid.uuid4().hex[:8]}-{name}") if before.exists() else before)


def _why(error: OSError) -> str:
    return _("The files cannot be taken from there: {why}.").format(why=error.strerror or str(error))


def _say(root: Account, folder: str, problem: str) -> None:
    if say_problem(root, folder, problem) and problem:
        logger.warning("inbox of rosters, folder %s: %s", folder or "-", problem)
