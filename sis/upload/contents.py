"""An upload, opened: its roster files in the order in which they are to be applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sis.files.archives import Archive, shown
from sis.files.csv_records import Stream
from sis.files.problems import MalformedFile, Problem, Problems
from sis.files.tables import RosterFile, Row, Table
from sis.formats.detect import converted
from sis.formats.headers import foreign_format, is_roster, kind_of, understood, why_unknown
from sis.formats.source_files import Scratch
from sis.kinds.kind import UnsupportedKind
from sis.kinds.registry import KINDS

__all__ = ["MalformedFile", "Problem", "RosterFile", "Row", "Upload", "open_upload"]

NOTHING_READ = gettext_lazy("Nothing was read. Upload one .csv file, or several in a .zip file.")


class Upload:
    """`files` in processing order. A context manager: after it, no rows can be read.

    `problems` are complete once the rows of all files have been read to their ends: some show only then. Reading the
    rows again adds nothing. `is_whole`: the upload says all there is (OneRoster bulk, School Data Sync), so what an
    earlier one of its kind had and this one has not is gone; `is_delta`: it says what has changed. Neither is ever true
    of Canvas files. `source` tells uploads of one source from those of all others, and is the same for its next one;
    it is empty where nothing tells, as for Canvas files and changes without all orgs (sis/formats/source_id.py). Of
    those `system` and `named` may tell, what their rows name by kinds (sis/imports/deltas.py).
    """

    def __init__(self) -> None:
        self.files: list[RosterFile] = []
        self.is_whole = self.is_delta = False
        self.source = self.system = ""
        self.named: Callable[[], Iterator[tuple[str, set[str]]]] = lambda: iter(())
        self._problems = Problems()
        self._to_close = ExitStack()

    @property
    def problems(self) -> list[Problem]:
        return self._problems.all()

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def closes(self, action: Callable[[], object]) -> None:
        """Have `action` called when the upload is closed."""
        self._to_close.callback(action)

    def close(self) -> None:
        self._to_close.close()


def open_upload(path: Path, name: str, *, at: datetime | None = None, is_to_compare: bool = False) -> Upload:
    """Open the file at `path` that came under `name`; the end of the name says whether it is .csv or .zip.

    Canvas files come as they are; OneRoster and School Data Sync come as Canvas files, with the names and row numbers
    of their own, and deletions for links in force that its lists of guardians no longer have. `at` is when the import
    started (or now): what had ended by that day has ended, and links removed since then count as standing, so that
    reading again after an interruption gives the very same rows. An earlier upload is opened `is_to_compare` with a
    later one: then there are no such deletions, for the links in force now are not those of its time, and a deletion
    in both would look as if it had been done. Whatever is wrong with an upload is a problem of it. Raises OSError
    only, for a disk that fails.
    """
    upload = Upload()
    name = shown(name)
    try:
        tables = list(_readable(_tables(upload, path, name), upload._problems))
        if any(is_roster(table) for table in tables):
            scratch = upload._to_close.enter_context(closing(Scratch()))
            roster = converted(tables, upload._problems, scratch, at or timezone.now(), is_to_compare=is_to_compare)
            files, upload.is_whole, upload.is_delta = roster.files, roster.is_whole, not roster.is_whole
            upload.source, upload.system, upload.named = roster.source, roster.system, roster.named
        else:
            files = list(_canvas_files(tables, upload._problems))
        upload.files = sorted(files, key=lambda file: (KINDS[file.kind].order, file.name))
    except MalformedFile as fault:
        upload._problems.add(fault.problem)
    except BaseException:
        upload.close()
        raise
    return upload


def _tables(upload: Upload, path: Path, name: str) -> list[Table]:
    """Yield every CSV file of the upload whose header can be read."""
    problems = upload._problems
    ending = Path(name).suffix.lower()
    if ending == ".csv":
        return [Table(name, partial(_opened, path), problems, understood)]
    if ending != ".zip":
        problems.fail(name, str(NOTHING_READ))
        return []
    archive = Archive(path, name, problems)
    upload._to_close.callback(archive.close)
    tables = list(_members(archive, problems))
    if not tables and not any(problem.failure for problem in problems.all()):
        problems.fail(name, str(NOTHING_READ))
    return tables


def _readable(tables: list[Table], problems: Problems) -> Iterator[Table]:
    """Yield those that are in no format that is known and not read; the others are reported."""
    for table in tables:
        if foreign_format(table.columns):
            problems.fail(table.name, why_unknown(table))
        else:
            yield table


def _opened(path: Path) -> AbstractContextManager[Stream]:
    return path.open("rb", buffering=0)


def _members(archive: Archive, problems: Problems) -> Iterator[Table]:
    for name in sorted(archive.members):
        try:
            yield Table(name, partial(archive.open, name), problems, understood)
        except MalformedFile as fault:
            problems.add(fault.problem)


def _canvas_files(tables: list[Table], problems: Problems) -> Iterator[RosterFile]:
    for table in tables:
        kind = kind_of(table.columns)
        if kind is None:
            problems.fail(table.name, why_unknown(table))
        elif isinstance(kind, UnsupportedKind):
            message = _("Files of this kind (%(kind)s) are not imported, so the file was left out.")
            problems.warn(table.name, message % {"kind": kind.name})
        else:
            yield RosterFile(table.name, kind.name, table.header, table.blocks)
