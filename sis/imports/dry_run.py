"""A dry run: an import that does everything, keeps nothing, and says what it would have done."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.audit import hold_up_no_reader
from sis.imports.runner import Import
from sis.kinds import staging
from sis.models import SisImport
from sis.report.dry_run import Report
from sis.report.queries import statistics_of


class DryRun(Import):
    """Everything an import does, in one transaction that is rolled back; what it found stays.

    Nothing is written about the import meanwhile but its progress, by a connection of its own: a transaction shows
    nobody anything before its end, and whoever aborts it would wait for it.
    """

    def go(self) -> None:
        """From the start, each time."""
        self.row.resume_n = None
        super()._start()
        report: dict[str, Any] = {}
        with ProgressConnection() as self._bystander, transaction.atomic():
            hold_up_no_reader()
            begun = Report(self.row)
            self._ended = False
            super().go()
            if self._ended:
                report = begun.result()
            transaction.set_rollback(True)
        if not self._ended:
            return
        self.row.report = report
        with transaction.atomic():
            self.messages.save()
            self.row.save()
        staging.clear()
        self.tell(self.row)

    def _start(self) -> None:
        pass

    def _object(self, objection: str, what_now: str) -> None:
        """Stop nothing: what would be removed is what a dry run is asked."""
        self.messages.about_import("brake", f"{objection} {_('The real import will stop there and ask.')}")

    def _finish(self, state: str) -> None:
        self.row.data["statistics"] = statistics_of(self.row)
        self._conclude(state)
        self._ended = True

    def _save_with_messages(self, *fields: str) -> None:
        self._check()

    def _save(self, *fields: str, while_in: tuple[str, ...] = SisImport.RUNNING) -> None:
        if while_in == SisImport.WAITING:
            # It begins before the transaction, as every import does.
            super()._save(*fields, while_in=while_in)
        else:
            self._check()

    def _show_progress(self) -> None:
        self._check()
        self.row.progress = self._percent()
        self._bystander.show(self.row)
        self.tell(self.row)


class ProgressConnection:
    """A second connection, which sees and shows what a long transaction on the first does not."""

    def __enter__(self) -> ProgressConnection:
        self._connection = connection.copy()
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def show(self, sis_import: SisImport) -> None:
        """Write the progress."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sis_sisimport SET progress = %s, updated_at = now() WHERE id = %s",
                [sis_import.progress, sis_import.pk],
            )
