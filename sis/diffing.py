"""Data sets that come again and again: only what differs from the one before is applied (reference 3.6)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sis import staging
from sis.comparing import differing
from sis.kinds import KINDS
from sis.models import SisImport
from sis.options import Options
from sis.reading.uploads import MalformedFile, RosterFile, Row, open_upload
from sis.staging import ADDED, Broken, Placed, StagedFile, whole
from sis.telling import Messages

RECENT = 100
PASSWORDS = frozenset({"password", "ssha_password"})
# After so many data sets that were too different to be compared, none is taken before the chain begins anew.
MOST_TOO_DIFFERENT = 5
Staged = list[StagedFile | Broken]
Pairs = dict[str, RosterFile]


class NeedsRemaster(Exception):
    """The data sets of this chain have differed too much too often; nothing is imported."""


def stage_differences(
    sis_import: SisImport,
    options: Options,
    files: list[RosterFile],
    messages: Messages,
    stage: Callable[[Callable[[RosterFile], Iterator[Placed]]], Staged],
) -> Staged:
    """Stage the rows that the data set before did not have, and a deletion for each that it had besides.

    Where there is nothing to compare with, or too much differs, all rows are staged. `stage` does that, with what
    gives the rows of a file. What it was compared with is noted in the import (not saved); a second call for the same
    import stages the same. Raises NeedsRemaster.
    """
    first_time = sis_import.resume_n is None
    before = _before(sis_import) if first_time else sis_import.diffed_against
    if before is None or (first_time and options.diffing_remaster_data_set):
        return stage(whole)
    if first_time:
        _ensure_not_too_often(sis_import)
    path = Path(settings.DATA_DIR) / before.stored_file
    if first_time and not (before.stored_file and path.is_file()):
        return stage(whole)
    with open_upload(path, before.file_name, at=before.started_at) as upload:
        pairs = _pairs(files, upload.files, messages if first_time else None)
        why = _too_different(options, files, upload.files) if first_time else None
        outcome = [] if why else stage(partial(_rows, pairs, options))
        why = why or (_too_many(options, outcome, pairs) if first_time else None)
        if why:
            sis_import.diffing_threshold_exceeded = True
            messages.about_import("diffing_threshold", why)
            staging.clear()
            return stage(whole)
    sis_import.diffed_against = before
    sis_import.data["diffed_against_sis_batch_id"] = before.pk
    return outcome


def _rows(pairs: Pairs, options: Options, file: RosterFile) -> Iterator[Placed]:
    """The rows of a file that are to be applied. Those it has no more come as deletions, after all others."""
    old, kind = pairs.get(file.kind), KINDS[file.kind]
    if old is None:
        yield from whole(file)
        return
    status = {"enrollment": options.diffing_drop_status, "user": options.diffing_user_remove_status}
    gone = 0
    for place, row in differing(file, old, kind.key):
        if place is not None:
            yield place, row
        elif "status" in row.cells and (row.cells["status"] or "").lower() != "deleted":
            gone += 1
            yield ADDED + gone, Row(0, {**row.cells, "status": status.get(kind.name, "deleted")}, row.length)


def _earlier(sis_import: SisImport) -> QuerySet[SisImport]:
    """The imports before of the same chain of data sets, or of none, that ended well."""
    return SisImport.objects.filter(
        account=sis_import.account_id,
        diffing_data_set_identifier=sis_import.diffing_data_set_identifier,
        workflow_state__in=SisImport.ENDED_WELL,
        pk__lt=sis_import.pk,
        options__dry_run=False,
    )


def _before(sis_import: SisImport) -> SisImport | None:
    """What to compare with: in a chain of data sets, or for an upload that says all there is."""
    earlier = _earlier(sis_import)
    return _of_chain(earlier) if sis_import.diffing_data_set_identifier else _whole_before(sis_import, earlier)


def _whole_before(sis_import: SisImport, earlier: QuerySet[SisImport]) -> SisImport | None:
    """Of uploads that say all there is, the last that came under the same name, be it with another date in it.

    Two schools that each send a file of their own must not remove one another.
    """
    name = re.sub(r"\d", "", sis_import.file_name)
    recent = earlier.filter(data__is_whole=True).order_by("-pk")[:RECENT]
    return next((one for one in recent if re.sub(r"\d", "", one.file_name) == name), None)


def _of_chain(chain: QuerySet[SisImport]) -> SisImport | None:
    """The latest of the chain that was itself compared, or began it anew; else its first."""
    bases = chain.filter(~Q(diffed_against=None) | Q(options__diffing_remaster_data_set=True))
    return bases.order_by("-pk").first() or chain.order_by("pk").first()


def _ensure_not_too_often(sis_import: SisImport) -> None:
    last = (
        _earlier(sis_import).order_by("-pk").values_list("diffing_threshold_exceeded", flat=True)[:MOST_TOO_DIFFERENT]
    )
    if sis_import.diffing_data_set_identifier and list(last) == [True] * MOST_TOO_DIFFERENT:
        text = _(
            "The last {number} data sets of this chain differed too much from the one before to be compared, so this"
            " one was not imported. Begin the chain anew with diffing_remaster_data_set."
        )
        raise NeedsRemaster(text.format(number=MOST_TOO_DIFFERENT))


def _pairs(files: list[RosterFile], old_files: list[RosterFile], messages: Messages | None) -> Pairs:
    """By kind, the files before that ours can be compared with: the only ones on either side, with the same columns."""
    new, old = _by_kind(files), _by_kind(old_files)
    pairs = {}
    for kind, of_kind in new.items():
        if kind == "change_sis_id" or not old[kind]:
            continue
        one, other = of_kind[0], old[kind][0]
        if len(of_kind) == len(old[kind]) == 1 and one.columns - PASSWORDS == other.columns - PASSWORDS:
            pairs[kind] = other
        elif messages:
            text = _("This file cannot be compared with the one before: its columns, or the number of files, differ.")
            messages.about_import("not_diffed", f"{text} {_('All of its rows were imported.')}", file=one.name)
    return pairs


def _by_kind(files: list[RosterFile]) -> dict[str, list[RosterFile]]:
    """The files that can be read; of others it is said where they are staged."""
    found = defaultdict(list)
    for file in files:
        if _can_be_read(file):
            found[file.kind].append(file)
    return found


def _can_be_read(file: RosterFile) -> bool:
    try:
        return file.size is not None
    except MalformedFile:
        return False


def _too_different(options: Options, files: list[RosterFile], old_files: list[RosterFile]) -> str | None:
    if not options.change_threshold:
        return None
    now, before = (
        sum(file.size[0] for of_kind in _by_kind(some).values() for file in of_kind) for some in (files, old_files)
    )
    if before and abs(1 - now / before) * 100 > options.change_threshold:
        return _(
            "The data set has {now} rows and had {before}, a change beyond the change_threshold."
            " It was not compared; all rows were imported."
        ).format(now=now, before=before)
    return None


def _too_many(options: Options, outcome: Staged, pairs: Pairs) -> str | None:
    if options.diff_row_count_threshold is None:
        return None
    compared = [file for file in outcome if isinstance(file, StagedFile) and file.kind.name in pairs]
    changed = sum(staging.count(file.first, file.last) for file in compared)
    if changed > options.diff_row_count_threshold:
        return _(
            "{changed} rows differ from the data set before, more than the diff_row_count_threshold."
            " It was not compared; all rows were imported."
        ).format(changed=changed)
    return None
