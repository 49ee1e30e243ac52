"""What is kept of an import while it runs: how far it has come, and what it has to say."""

from __future__ import annotations

from collections.abc import Callable

from django.db import OperationalError, connection
from django.utils import timezone

from sis.models import SisImport
from sis.report.log import Messages

Tell = Callable[[SisImport], None]


class Stopped(Exception):
    """Somebody has aborted the import meanwhile; what was not committed is undone."""


class Progress:
    """An import that runs by the connection of this moment; whoever aborts it ends that.

    `done` of `total` rows are applied. `tell` is called now and then with the import as it is.
    """

    def __init__(self, sis_import: SisImport, tell: Tell) -> None:
        self.row = sis_import
        self.tell = tell
        self.messages = Messages(sis_import)
        self.session = connection.connection
        self.done = self.total = 0

    def _save_with_messages(self, *fields: str) -> None:
        self.messages.save()
        self._save(*fields, "error_count", "warning_count")

    def _save(self, *fields: str, while_in: tuple[str, ...] = SisImport.RUNNING) -> None:
        """Save these fields. Raises Stopped when the import has been aborted meanwhile."""
        self._ensure_session()
        values = {field: getattr(self.row, field) for field in fields}
        if not SisImport.objects.filter(pk=self.row.pk, workflow_state__in=while_in).update(
            **values, updated_at=timezone.now()
        ):
            raise Stopped

    def _ensure_session(self) -> None:
        """Make sure of the connection: the staged rows may be gone with the one that the import began with."""
        if connection.connection is not self.session:
            raise OperationalError("the database has ended the connection that the import began with")

    def _check(self) -> None:
        """Raises Stopped when the import has been aborted."""
        self._ensure_session()
        if not SisImport.objects.filter(pk=self.row.pk, workflow_state__in=SisImport.RUNNING).exists():
            raise Stopped

    def _show_progress(self) -> None:
        """Outside the data's transaction, so that everybody sees it at once; never 100 before the end."""
        self.row.progress = self._percent()
        self._save("progress")
        self.tell(self.row)

    def _percent(self) -> int:
        return min(99, self.done * 100 // max(self.total, 1))
