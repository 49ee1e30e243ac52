"""Running an import from its stored upload to its outcome, in chunks, so that it can go on after any interruption."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

from django.db import DataError, Error, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from sis.events import SisImportEnded, SisImportStarted
from sis.files.passwords import PasswordCipher
from sis.imports import changed_ids, doubtful_ids, further_ids, postponed, settlement, vanished
from sis.imports.batch_mode import NotRemoved, remove_unlisted
from sis.imports.deletion_brake import kinds_that_come_empty, may_end, objection_to, objection_to_unlisted
from sis.imports.deltas import find_source
from sis.imports.diff import stage_differences
from sis.imports.progress import Progress, Stopped, Tell
from sis.imports.repeats import drop_repeats
from sis.kinds import staging
from sis.kinds.chunks import Outcome, Run, apply_chunk, not_saved
from sis.kinds.registry import counters
from sis.kinds.staging import Broken, RowsOf, StagedFile
from sis.models import RefusedRow, SisImport
from sis.options import Options
from sis.report.queries import statistics_of
from sis.upload.chain import NeedsRemaster
from sis.upload.contents import RosterFile
from sis.upload.storage import NotStored, open_stored

logger = logging.getLogger(__name__)
State = SisImport.State
ROWS_PER_CHUNK = 5_000
TRIES = 3
# So many rows that the database does not take are left out; more are a fault of ours.
MOST_NOT_SAVED = 50
Outcomes = list[tuple[StagedFile, Outcome]]
# What of an import says how far it has come.
COME_SO_FAR = ("error_count", "warning_count", "resume_n", "postponed")


class Import(Progress):
    """One run of an import. All that must survive it stands in the SisImport, so that another run can go on.

    The caller holds the root account's turn (sis/imports/turns.py). `tell` is called now and then with the import as it
    is.
    """

    def __init__(self, sis_import: SisImport, tell: Tell) -> None:
        super().__init__(sis_import, tell)
        self.options = Options.from_json(sis_import.options)
        self.cipher = PasswordCipher()
        self.context = Run(sis_import.pk, sis_import.account_id, sis_import.by, self.options, self.cipher)
        self.empty: set[str] = set()
        self.objected = self.renames = False
        self.not_saved = sis_import.sis_import_errors.filter(kind="not_saved").count()

    def go(self) -> None:
        """Everything, from where it stands, to one of the final states. Raises what the database raises."""
        try:
            self._start()
            files = self._stage()
            if self.row.resume_n is None:
                self._decide(files)
            self._stop_if_braked()
            self._apply(files)
            self._clean_up(files)
            self._end()
        except NeedsRemaster as reason:
            self._fail("needs_remaster", str(reason))
        except NotStored:
            self._fail("not_stored", _("The file is no longer stored. Upload it again."))
        except Stopped:
            staging.clear()
            self._count_what_was_done()

    def _fail(self, kind: str, why: str) -> None:
        self.messages.about_import(kind, why, failure=True)
        self._save_with_messages("data")
        self._finish(State.FAILED_WITH_MESSAGES)

    def _count_what_was_done(self) -> None:
        """Count what an import changed before somebody stopped it; the one who did so knows only that it ran."""
        stopped = SisImport.objects.get(pk=self.row.pk)
        if stopped.has_ended and "statistics" not in stopped.data and not self.options.dry_run:
            stopped.data["statistics"] = statistics_of(stopped)
            stopped.save(update_fields=["data", "updated_at"])

    def _start(self) -> None:
        if self.row.workflow_state in SisImport.WAITING:
            self.row.workflow_state, self.row.started_at = State.IMPORTING, timezone.now()
            with transaction.atomic():
                self._save("workflow_state", "started_at", while_in=SisImport.WAITING)
                record(SisImportStarted(self.row.pk, self.row.file_name), by=self.row.by)

    def _stage(self) -> list[StagedFile]:
        """Read the upload into the staging table; what is wrong with it is said at the first time only."""
        staging.clear()
        with open_stored(self.row) as upload:
            is_whole = upload.is_whole and not self.options.batch_mode
            if is_whole:
                self.row.data |= {"is_whole": True, "source": upload.source, "system": upload.system}
            elif upload.is_delta and "is_delta" not in self.row.data and not self.options.batch_mode:
                self.row.data["is_delta"] = True
                if unknown := find_source(self.row, upload):
                    self.messages.about_import("not_diffed", unknown)
            if self.options.diffs or is_whole:
                outcome = stage_differences(self.row, self.options, upload, self.messages, self._staged)
            else:
                outcome = self._staged(upload.files, staging.whole)
            staged = [one for one in outcome if isinstance(one, StagedFile)]
            if self.row.resume_n is None:
                self.empty = kinds_that_come_empty(upload.files, staged, self.options)
            problems = list(upload.problems)
        self.context = replace(
            self.context,
            is_compared=self.row.diffed_against is not None,
            chain=self.row.chain,
            # Changes too, for whatever comes after them may be compared with them, if with nothing else.
            keeps_refused=self.options.diffs or is_whole or bool(self.row.chain),
        )
        if self.row.resume_n is None:
            broken = [one for one in outcome if isinstance(one, Broken)]
            self.messages.about_files([*problems, *(one.problem for one in broken)])
        self.renames = changed_ids.may_matter(
            self.row, staged, joins_by_login=self.options.update_sis_id_if_login_claimed
        )
        doubtful_ids.mark(staged, joins_by_login=self.options.update_sis_id_if_login_claimed)
        repeated = drop_repeats(staged)
        if self.row.resume_n is None:
            for one in repeated:
                self.messages.about_rows(one.file.name, [one.message])
        self.total = staging.count()
        return staged

    def _staged(self, files: list[RosterFile], rows: RowsOf) -> list[StagedFile | Broken]:
        return staging.stage(files, self.cipher, rows=rows, check=self._check)

    def _decide(self, files: list[StagedFile]) -> None:
        """Decide all that is decided before the first row is applied, and stands however often we start again."""
        of_kind = staging.by_kind(files)
        self.row.data |= {
            "supplied_batches": list(of_kind),
            "completed_importers": [],
            "running_immediately": self.total <= 50,
            "counts": dict.fromkeys(counters(), 0),
            "downloadable_attachment_ids": [],
        }
        objection = None
        if not self.options.ignore_deletion_brake and may_end(of_kind, self.options):
            with transaction.atomic():
                # For counting only: the rows before them may change whose ids these are.
                changed_ids.try_out(files, self.context)
                self._name_as_now(files, files)
                objection = objection_to(self.row, self.options, of_kind, empty=self.empty)
                transaction.set_rollback(True)
        with transaction.atomic():
            if objection:
                self.objected = True
                self._object(objection, _("Nothing was imported. If this is correct, import it anyway."))
            self.row.resume_n = 0
            self._save_with_messages("resume_n", "data", "diffed_against", "diffing_threshold_exceeded")

    def _object(self, objection: str, what_now: str) -> None:
        """Have the deletion brake stop the import."""
        message = f"{objection} {what_now}"
        self.messages.about_import("brake", f"{message} {_('(By API or command: ignore_deletion_brake.)')}")
        self.row.data["error_message"] = message

    def _stop_if_braked(self) -> None:
        """Raises Stopped where the brake has objected, also if an interruption came between that and the end."""
        if "error_message" in self.row.data:
            self._finish(State.ABORTED)
            raise Stopped

    def _apply(self, files: list[StagedFile]) -> None:
        last_of = {file.kind.name: position for position, file in enumerate(files)}
        to_settle = settlement.last_before_those_to_go_last(files)
        for position, file in enumerate(files):
            # Not earlier: the rows before these may have said of people that they are one, and have changed their ids.
            self._name_as_now([file], files)
            if self.context.is_compared:
                vanished.restate(file)
            grown, measured = 0, 0
            for first, last, size in self._chunks(file):
                staging.in_halves(partial(self._chunk, file), partial(self._leave_out, file), first, last, size)
                self.done, grown = self.done + size, grown + size
                self._show_progress()
                # As often as the table has doubled, and so a few times for any size.
                if grown >= 2 * measured:
                    staging.measure(file.kind)
                    measured = grown
            if grown > measured:
                staging.measure(file.kind)
            if (waiting := [*self.row.postponed]) and file.kind not in [one.kind for one in files[position + 1 :][:1]]:
                self._apply_postponed([one for one in files if one.kind == file.kind], waiting)
            if position == last_of[file.kind.name]:
                self._completed(file.kind.name)
            if position == to_settle:
                settlement.settle(files, self.context, save=lambda: self._save("data"))

    def _name_as_now(self, files: list[StagedFile], everything: list[StagedFile]) -> None:
        """Have the rows of these files name records by the ids that these have at this moment."""
        if self.renames and self.row.diffed_against_id:
            changed_ids.follow(files, everything, base=self.row.diffed_against_id)
        further_ids.resolve(files)

    def _chunks(self, file: StagedFile) -> Iterator[tuple[int, int, int]]:
        """(first n, last n, rows) of each chunk of a file that has not been applied yet."""
        self.done += staging.count(file.first, min(self.row.resume_n or 0, file.last))
        while chunk := staging.next_chunk(max(self.row.resume_n or 0, file.first - 1), file.last, ROWS_PER_CHUNK):
            yield chunk

    def _apply_postponed(self, files: list[StagedFile], waiting: list[int]) -> None:
        """Apply these rows, as one set if the database takes it, since each may need what the others give away."""
        try:
            self._carry_out(lambda: postponed.apply(files, self.context, waiting), done=waiting)
        except (DataError, IntegrityError) as error:
            if len(waiting) == 1:
                [file] = [one for one in files if one.first <= waiting[0] <= one.last]
                self._leave_out(file, waiting[0], error, is_postponed=True)
            for half in (waiting[: len(waiting) // 2], waiting[len(waiting) // 2 :]) if len(waiting) > 1 else ():
                self._apply_postponed(files, half)

    def _leave_out(self, file: StagedFile, n: int, error: Error, *, is_postponed: bool = False) -> None:
        self.not_saved += 1
        if self.not_saved > MOST_NOT_SAVED:
            raise error
        # Without its details, which hold the row.
        why = getattr(getattr(error.__cause__, "diag", None), "message_primary", "")
        logger.warning("roster import %s: a row of %s was not saved: %s", self.row.pk, file.kind.plural, why)
        with transaction.atomic():
            message = not_saved(file.kind, n)
            self.messages.about_rows(file.name, [message])
            if self.context.keeps_refused and message.row:
                RefusedRow.objects.create(sis_import=self.row, kind=file.kind.name, row=message.row)
            if is_postponed:
                self.row.postponed.remove(n)
            else:
                self.row.resume_n = n
            self._save_with_messages("postponed" if is_postponed else "resume_n")

    def _chunk(self, file: StagedFile, first: int, last: int) -> None:
        waiting = self.row.postponed if len(self.row.postponed) < postponed.MOST else None

        def apply() -> Outcomes:
            return [(file, apply_chunk(file.kind, self.context, file.columns, first, last, postponed=waiting))]

        self._carry_out(apply, resume_n=last)

    def _carry_out(
        self, apply: Callable[[], Outcomes], *, resume_n: int | None = None, done: Collection[int] = ()
    ) -> None:
        """Carry out one transaction: the rows, what there is to say of them, and that we have come so far.

        `done` are the rows among those that wait which do so no more.
        """
        counts = self.row.data["counts"]
        before = dict(counts), {name: getattr(self.row, name) for name in COME_SO_FAR}
        said_before = len(self.messages.unsaved)
        for tries_left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    waiting = set(self.row.postponed).difference(done)
                    for file, outcome in apply():
                        counts[file.kind.plural] += outcome.applied
                        self.messages.about_rows(file.name, outcome.messages)
                        waiting.update(outcome.postponed)
                    self.row.resume_n = resume_n or self.row.resume_n
                    changed = ["resume_n", "data"]
                    if waiting != {*self.row.postponed}:
                        self.row.postponed = sorted(waiting)
                        changed.append("postponed")
                    self._save_with_messages(*changed)
                return
            except Error:
                del self.messages.unsaved[said_before:]
                counts |= before[0]
                for name, value in before[1].items():
                    setattr(self.row, name, value)
                # Somebody else changed the same records at the same moment, mostly.
                if not tries_left or staging.is_lost(self.session):
                    raise

    def _completed(self, kind: str) -> None:
        if kind not in self.row.data["completed_importers"]:
            self.row.data["completed_importers"].append(kind)
            self._save("data")

    def _clean_up(self, files: list[StagedFile]) -> None:
        if not self.options.batch_mode or self.row.error_count:
            return
        self.row.workflow_state = State.CLEANUP_BATCH
        self._save("workflow_state")
        if not (self.options.ignore_deletion_brake or self.objected or "batch_decided" in self.row.data):
            self._ask_before_removing(files)
        try:
            remove_unlisted(self.row, self.options, files, save=lambda: self._save("data"))
            settlement.settle(files, self.context, save=lambda: self._save("data"))
        except NotRemoved as reason:
            self.messages.about_import("change_threshold", str(reason))
            self._save_with_messages("data")
            self._finish(State.ABORTED)
            raise Stopped from None

    def _ask_before_removing(self, files: list[StagedFile]) -> None:
        if objection := objection_to_unlisted(self.row, self.options, files):
            what_now = _("The rows were imported, and nothing else was removed. If this is correct, import it anyway.")
            self._object(objection, what_now)
            self._save_with_messages("data")
            self._stop_if_braked()

    def _end(self) -> None:
        if self.row.error_count:
            self._finish(State.FAILED_WITH_MESSAGES)
        elif self.row.warning_count:
            self._finish(State.IMPORTED_WITH_MESSAGES)
        else:
            self._finish(State.IMPORTED)

    def _finish(self, state: str) -> None:
        with transaction.atomic():
            self.row.data["statistics"] = statistics_of(self.row)
            counts = self._conclude(state)
            self._save("workflow_state", "ended_at", "progress", "data", "error_count", "warning_count")
            record(SisImportEnded(self.row.pk, state, counts), by=self.row.by)
        staging.clear()
        self.tell(self.row)

    def _conclude(self, state: str) -> dict[str, int]:
        self.row.workflow_state, self.row.ended_at = state, timezone.now()
        if state in SisImport.ENDED_WELL:
            self.row.progress = 100
        counts: dict[str, int] = self.row.data.setdefault("counts", dict.fromkeys(counters(), 0))
        counts |= {"error_count": self.row.error_count, "warning_count": self.row.warning_count}
        return counts
