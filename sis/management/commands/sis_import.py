"""Import roster files from the command line: the same import as by API and page."""

from __future__ import annotations

import sys
from argparse import BooleanOptionalAction
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import Invalid
from accounts.models import Account, User
from accounts.text.fields import plain_id
from courses.models import Term
from sis.imports.intake import create_import
from sis.imports.queue import do
from sis.imports.turns import turn
from sis.kinds.registry import counters
from sis.models import SisImport
from sis.options import DIFFING_DROP_STATUSES, DROP_STATUSES, USER_REMOVE_STATUSES, Options
from sis.report.queries import Said, causes_of

CHOICES = {
    "diffing_drop_status": DIFFING_DROP_STATUSES,
    "diffing_user_remove_status": USER_REMOVE_STATUSES,
    "batch_mode_enrollment_drop_status": DROP_STATUSES,
}
BAR = 40
SHOWN = 20
# The exit status: 0 done, 1 something could not be imported, 2 stopped before its end.
STATUS = {SisImport.State.IMPORTED: 0, SisImport.State.IMPORTED_WITH_MESSAGES: 0, SisImport.State.ABORTED: 2}


class Command(BaseCommand):
    help = "Import a roster file (.csv or .zip) now, after any import that is running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", help="The login of whom the import is recorded for.")
        for field in fields(Options):
            option = f"--{field.name.replace('_', '-')}"
            if field.type == "bool":
                parser.add_argument(option, action=BooleanOptionalAction, default=False)
            elif field.name == "batch_mode_term_id":
                parser.add_argument(option, metavar="TERM", help="An id, or sis_term_id:X.")
            elif field.type == "int | None":
                parser.add_argument(option, type=int)
            else:
                parser.add_argument(option, default=field.default, choices=CHOICES.get(field.name))

    def handle(self, *, file: Path, user: str | None, **given: Any) -> None:
        try:
            root = Account.objects.root()
            by = User.objects.present().get(login_id__iexact=user) if user else None
            values = {field.name: given[field.name] for field in fields(Options)}
            options = Options(**{**values, "batch_mode_term_id": _term(values["batch_mode_term_id"])})
            with file.open("rb") as upload:
                made = create_import(root, upload, file.name, options, by=by)
        except Account.DoesNotExist:
            raise CommandError("There is no institution in this database yet: make one with create_admin.") from None
        except User.DoesNotExist:
            raise CommandError(f"There is nobody with the login {user}.") from None
        except (OSError, Invalid) as error:
            raise CommandError(str(error)) from None
        with turn(root, wait=True):
            made.refresh_from_db()
            # A worker may have been quicker.
            if not made.has_ended:
                do(made, tell=self._show)
        made.refresh_from_db()
        self._tell(made)
        sys.exit(STATUS.get(SisImport.State(made.workflow_state), 1))

    def _show(self, sis_import: SisImport) -> None:
        if self.stderr.isatty():
            done = BAR * sis_import.progress // 100
            bar = "#" * done + "." * (BAR - done)
            self.stderr.write(f"\r{bar} {sis_import.progress:3} %", ending="")

    def _tell(self, made: SisImport) -> None:
        if self.stderr.isatty():
            self.stderr.write("")
        for name in counters():
            if number := made.data.get("counts", {}).get(name):
                self.stdout.write(f"{name:20} {number:10,}")
        for kind, told in made.report.items():
            for what, found in told.items():
                if found["count"]:
                    self.stdout.write(f"{kind:20} {found['count']:10,} {what}, such as {'; '.join(found['examples'])}")
        told = [(cause, said) for cause in causes_of(made) for said in cause.said][:SHOWN]
        for cause, said in told:
            self.stdout.write(f"{'ERROR' if cause.failure else 'warning'}: {_where(said)}: {said.message}")
        if (more := made.error_count + made.warning_count - sum(said.number for _cause, said in told)) > 0:
            self.stdout.write(f"... and {more:,} more messages.")
        kept = " Nothing was saved: this was a dry run." if made.options.get("dry_run") else ""
        self.stdout.write(f"Import {made.pk}: {made.get_workflow_state_display()}.{kept}")


def _where(said: Said) -> str:
    rows = ", ".join(map(str, said.rows)) + (f" and {said.more:,} more" if said.more else "")
    return f"{said.file}, row{'s' if said.number > 1 else ''} {rows}" if said.rows else said.file


def _term(text: str | None) -> int | None:
    if text is None:
        return None
    prefix, colon, sis_id = text.partition(":")
    is_sis_id = colon and prefix == "sis_term_id"
    term = Term.objects.filter(**({"sis_term_id": sis_id} if is_sis_id else {"pk": plain_id(text)})).first()
    if term is None:
        raise CommandError(f"There is no term {text}.")
    return term.pk
