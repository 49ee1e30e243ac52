"""What an import has to say, kept with it: warnings about rows, and files that could not be used."""

from __future__ import annotations

from collections.abc import Iterable

from sis.kinds.chunks import Message
from sis.models import SisImport, SisImportError
from sis.report.messages import sentence
from sis.upload.contents import Problem

# All are counted; so many are kept. A file that is wrong as a whole says nothing new after that.
MOST_KEPT = 100_000
LONGEST_INFO = 2_000


class Messages:
    """Collects what an import says; `save` writes it down with the counts. Call it in the data's transaction."""

    def __init__(self, sis_import: SisImport) -> None:
        self._import = sis_import
        self.unsaved: list[SisImportError] = []

    def about_rows(self, file: str, messages: Iterable[Message]) -> None:
        """Warnings about rows of a file."""
        for message in messages:
            self._add(file, message.row, message.kind, sentence(message.kind, message.ids), message.info)

    def about_files(self, problems: Iterable[Problem]) -> None:
        """Record what reading the upload came across."""
        for problem in problems:
            info = problem.row_info or ""
            self._add(problem.file, problem.row, "file", problem.message, info, failure=problem.failure)

    def about_import(self, kind: str, message: str, *, file: str = "", failure: bool = False) -> None:
        """Record a message about the import, or about a file, as a whole."""
        self._add(file or self._import.file_name, None, kind, message, "", failure=failure)

    def _add(self, file: str, row: int | None, kind: str, message: str, info: str, *, failure: bool = False) -> None:
        if failure:
            self._import.error_count += 1
        else:
            self._import.warning_count += 1
        if self._import.error_count + self._import.warning_count <= MOST_KEPT:
            self.unsaved.append(
                SisImportError(
                    sis_import=self._import,
                    file=_storable(file)[:255],
                    row=row,
                    row_info=_storable(info)[:LONGEST_INFO],
                    kind=kind,
                    message=_storable(message),
                    failure=failure,
                )
            )

    def save(self) -> None:
        """Write down what has been said since the last time (the counts are the caller's to save)."""
        SisImportError.objects.bulk_create(self.unsaved, batch_size=5_000)
        self.unsaved.clear()


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
