"""Data sets that come again and again: only what differs from the one before is applied (reference 3.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from sis.files.tables import RosterFile, Row, is_secret
from sis.imports.changed_ids import CHANGES, changed_since
from sis.imports.comparison import Difference, differing
from sis.imports.deltas import expect_what_they_listed
from sis.imports.settlement import LAST_TO_GO
from sis.imports.unsettled import IN_NO_FILE, Unsettled, still_to_go, unsettled_since, with_gone
from sis.kinds import staging
from sis.kinds.kind import Going, Kind
from sis.kinds.registry import KINDS
from sis.kinds.sql import GONE, ROOM
from sis.kinds.staging import Broken, Numbered, RowsOf, StagedFile, position_of, whole
from sis.models import SisImport
from sis.options import Options
from sis.report.log import Messages
from sis.upload.chain import base_for, deltas_since, passed_over
from sis.upload.contents import MalformedFile, Upload
from sis.upload.storage import is_kept, open_stored

Staged = list[StagedFile | Broken]

# So many differences are kept from when it is found what is gone until the file itself is read.
MOST_KEPT = 10_000


@dataclass
class Differences:
    """What is staged of the files: `old` are those before to compare them with, by kind; `unsettled` is applied again.

    `first` and `last` are copies of files whose vanished rows come before their own, or after those of all others.
    `passed_over` are files whose rows may be here too, by kind. Counts what differs as it is read; neither passwords
    count nor what is the same.
    """

    options: Options
    old: dict[str, RosterFile]
    first: list[RosterFile]
    last: list[RosterFile]
    unsettled: dict[str, Unsettled]
    passed_over: list[dict[str, RosterFile]]
    number: int = 0
    kept: dict[str, list[Difference]] = field(default_factory=dict)

    def in_order(self, files: list[RosterFile]) -> list[RosterFile]:
        """Return the files with the copies of them where their rows are to come."""
        before = {one.kind: one for one in self.first}
        ordered = [one for file in files for one in (before.pop(file.kind, None), file) if one]
        return [*ordered, *self.last]

    def rows(self, file: RosterFile) -> Iterator[Numbered]:
        """Yield the rows of a file to apply. Those that it no longer has come as deletions, after all others; a copy of
        a file has nothing else.
        """
        kind, gone = KINDS[file.kind], 0
        is_copy = any(file is one for one in (*self.first, *self.last))
        has_copy = any(file.kind == one.kind for one in (*self.first, *self.last))
        if file.kind not in self.old and not is_copy:
            yield from whole(file)
        for found in self._found(file):
            if found.position is None:
                if is_copy == has_copy and self._may_go(kind, found.row):
                    gone += 1
                    self.number += 1
                    yield _position_of_gone(kind, gone), self._deletion(kind, found.row)
            elif not is_copy and not (found.is_slight and not _has_password(found.row)):
                self.number += not (found.is_slight or found.is_again)
                yield position_of(found.position, found.row), found.row._replace(is_again=found.is_again)

    def _found(self, file: RosterFile) -> Iterator[Difference]:
        """Yield how a file differs; of one with a copy before it that is mostly known by then."""
        if file.kind in self.kept:
            yield from self.kept.pop(file.kind)
            return
        kept: list[Difference] = []
        for found in self._differing(file):
            if len(kept) <= MOST_KEPT:
                kept.append(found)
            yield found
        if len(kept) <= MOST_KEPT and any(file is one for one in self.first):
            self.kept[file.kind] = kept

    def _differing(self, file: RosterFile) -> Iterator[Difference]:
        """Yield how a file differs from the one before, and what is gone of those passed over."""
        key, gone = KINDS[file.kind].key, set()
        if old := self.old.get(file.kind):
            slight, unsettled = _secrets(file) | _secrets(old), self.unsettled[file.kind]
            for found in differing(file, with_gone(old, unsettled.gone), key, slight=slight, unsettled=unsettled):
                if self.passed_over and found.position is None:
                    gone.add(_about(found.row, key))
                yield found
        for other in (files[file.kind] for files in self.passed_over if file.kind in files):
            for found in differing(file, other, key):
                if found.position is None and (about := _about(found.row, key)) not in gone:
                    gone.add(about)
                    yield found

    def _may_go(self, kind: Kind, row: Row) -> bool:
        """Return whether a row that vanished ends something: one that did so itself has, unless it was refused."""
        if "status" not in kind.columns or "status" not in row.cells:
            return False
        refused = kind.name in self.unsettled and row.number in self.unsettled[kind.name].rows
        return refused or (row.cells["status"] or "").lower() != "deleted"

    def _deletion(self, kind: Kind, row: Row) -> Row:
        return Row(0, {**row.cells, "status": kind.status_of_gone(self.options)}, row.length)


def _about(row: Row, key: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(row.cells.get(name) for name in key)


def _position_of_gone(kind: Kind, gone: int) -> int:
    return ROOM - gone - 1 if kind.going is Going.AFTER_ALL_FILES_BACKWARDS else GONE + gone


def _has_password(row: Row) -> bool:
    """Return whether there is a password in the row for us, and not only one for some other system."""
    return bool(row.cells.get("password") or row.cells.get("ssha_password"))


def _secrets(file: RosterFile) -> frozenset[str]:
    """Return the columns that hold passwords, which the copy of the upload before no longer has."""
    return frozenset(filter(is_secret, file.columns))


def stage_differences(
    sis_import: SisImport,
    options: Options,
    upload: Upload,
    messages: Messages,
    stage: Callable[[list[RosterFile], RowsOf], Staged],
) -> Staged:
    """Stage the rows that the data set before did not have, and a deletion for each that it had besides.

    Where there is nothing to compare with, or too much differs, all rows are staged. `stage` does that with files and
    what gives the rows of each. What it was compared with is noted in the import (not saved); a second call for the
    same import stages the same, and what the import itself has changed since once more. Raises NeedsRemaster;
    FileNotFoundError when that is gone at the second call.
    """
    first_time = sis_import.resume_n is None
    before = _base(sis_import, options, upload, messages) if first_time else sis_import.diffed_against
    if before is None:
        return stage(upload.files, whole)
    if first_time and (deltas := deltas_since(sis_import, before)):
        expect_what_they_listed(before, deltas, {file.kind for file in upload.files})
    with ExitStack() as uploads:
        old = uploads.enter_context(open_stored(before, is_to_compare=True))
        new_kinds = {file.kind for file in upload.files} - {file.kind for file in old.files}
        others = sorted(filter(is_kept, passed_over(sis_import, before, new_kinds)), key=lambda one: -one.pk)
        further = {
            one: _with_all_to_go(one, uploads.enter_context(open_stored(one, is_to_compare=True))) for one in others
        }
        differences = _compared(before, upload.files, old.files, further, options, messages if first_time else None)
        why = _too_different(options, upload.files, old.files) if first_time else None
        outcome = [] if why else stage(differences.in_order(upload.files), differences.rows)
        why = why or (_too_many(options, differences) if first_time else None)
        if why:
            sis_import.diffing_threshold_exceeded = True
            messages.about_import("diffing_threshold", why)
            staging.clear()
            return stage(upload.files, whole)
    sis_import.diffed_against = before
    sis_import.data["diffed_against_sis_batch_id"] = before.pk
    return outcome


def _base(sis_import: SisImport, options: Options, upload: Upload, messages: Messages) -> SisImport | None:
    """Return what to compare with; where that is not what one would expect, say why."""
    if options.diffing_remaster_data_set:
        return None
    why = None
    before = base_for(sis_import)
    if upload.is_delta:
        why = _("This upload lists only changes, so it was not compared with the previous one.")
    elif upload.is_whole and not (upload.source or options.diffs):
        why = _("The source of this upload is unknown, so it was not compared with a previous one.")
    elif before is not None and not is_kept(before):
        why = _("The previous upload is no longer stored, so this one was not compared with it.")
    if why:
        messages.about_import("not_diffed", f"{why} {_('Records it does not list were not removed.')}")
        return None
    return before


def _compared(
    before: SisImport,
    files: list[RosterFile],
    old_files: list[RosterFile],
    further: dict[SisImport, list[RosterFile]],
    options: Options,
    messages: Messages | None,
) -> Differences:
    old, passed = _pairs(files, old_files, messages), {one: _pairs(files, its, None) for one, its in further.items()}
    new = _by_kind(files)
    changes = new[CHANGES]
    renamed = changed_since(before, changes)
    unsettled = unsettled_since(before, options, old, renamed=renamed)
    # A kind that the upload before did not have is compared with the latest that had it: what people have changed by
    # hand since then stays, and all else is applied again.
    for one, pairs in passed.items():
        for kind in pairs.keys() - old.keys():
            old[kind] = pairs[kind]
            unsettled[kind] = Unsettled(
                True, frozenset([IN_NO_FILE]), still_to_go(before, kind), renamed=changed_since(one, changes)
            )
    # Of a kind that no upload of the chain had, changes may have listed something all the same.
    for kind, of_kind in new.items():
        if kind not in old and len(of_kind) == 1 and (gone := still_to_go(before, kind)):
            old[kind] = replace(of_kind[0], _blocks=lambda: iter(()))
            unsettled[kind] = Unsettled(True, gone=gone, renamed=renamed)
    compared = [file for file in files if file.kind in old]
    first = [replace(file) for file in compared if _goes_first(KINDS[file.kind], options)]
    last = [replace(file) for file in compared if KINDS[file.kind].going in LAST_TO_GO]
    return Differences(options, old, first, last, unsettled, [*passed.values()])


def _with_all_to_go(sis_import: SisImport, upload: Upload) -> list[RosterFile]:
    """Return the files of an earlier upload, with what was still to be removed then."""
    return [with_gone(file, still_to_go(sis_import, file.kind)) for file in upload.files]


def _goes_first(kind: Kind, options: Options) -> bool:
    """Return whether what vanished goes before the rows of its file, unless these may give it another id."""
    return kind.going is Going.BEFORE_OWN_FILE and not options.update_sis_id_if_login_claimed


def _pairs(files: list[RosterFile], old_files: list[RosterFile], messages: Messages | None) -> dict[str, RosterFile]:
    """Return, by kind, the files before that ours can be compared with: the only ones on either side, with the same
    columns.
    """
    new, old = _by_kind(files), _by_kind(old_files)
    pairs = {}
    for kind, of_kind in new.items():
        if KINDS[kind].going is Going.NEVER or not old[kind]:
            continue
        one, other = of_kind[0], old[kind][0]
        if len(of_kind) == len(old[kind]) == 1 and one.columns - _secrets(one) == other.columns - _secrets(other):
            pairs[kind] = other
        elif messages:
            text = _("This file cannot be compared with the previous one: its columns, or the number of files, differ.")
            messages.about_import("not_diffed", f"{text} {_('All of its rows were imported.')}", file=one.name)
    return pairs


def _by_kind(files: list[RosterFile]) -> dict[str, list[RosterFile]]:
    """Return the files that can be read; of others it is said where they are staged."""
    found = defaultdict(list)
    for file in files:
        if _can_be_read(file):
            found[file.kind].append(file)
    return found


def _can_be_read(file: RosterFile) -> bool:
    """Return whether its rows can be read; the first tells, since a file is looked at as a whole before that."""
    try:
        next(file.blocks(), None)
    except MalformedFile:
        return False
    return True


def _too_different(options: Options, files: list[RosterFile], old_files: list[RosterFile]) -> str | None:
    if not options.change_threshold:
        return None
    now, before = (
        sum(file.size[0] for of_kind in _by_kind(some).values() for file in of_kind) for some in (files, old_files)
    )
    if before and abs(1 - now / before) * 100 > options.change_threshold:
        return _(
            "The data set has {now} rows, up or down from {before}, which is beyond the "
            "change_threshold. It was not compared; all rows were imported."
        ).format(now=now, before=before)
    return None


def _too_many(options: Options, differences: Differences) -> str | None:
    most, changed = options.diff_row_count_threshold, differences.number
    if most is not None and changed > most:
        return _(
            "{changed} rows differ from the previous data set, more than the "
            "diff_row_count_threshold. It was not compared; all rows were imported."
        ).format(changed=changed)
    return None
