"""Data sets that come again and again: only what differs from the one before is applied (reference 3.6)."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sis import staging
from sis.kinds import Kind
from sis.models import SisImport
from sis.options import Options
from sis.reading.uploads import open_upload
from sis.staging import BEFORE, ROOM, STAGED, StagedFile
from sis.telling import Messages

RECENT = 100
PASSWORDS = frozenset({"password", "ssha_password"})


def diff(sis_import: SisImport, options: Options, files: list[StagedFile], messages: Messages) -> None:
    """Take away the staged rows that the data set before had too, and add a deletion for each it had besides.

    What it was compared with is noted in the import (not saved). A second call for the same import finds the same.
    """
    first_time = sis_import.resume_n is None
    before = _before(sis_import) if first_time else sis_import.diffed_against
    if before is None or (first_time and options.diffing_remaster_data_set):
        return
    path = settings.DATA_DIR / before.stored_file
    if not before.stored_file or not path.is_file():
        return
    with open_upload(path, before.file_name, at=before.started_at) as upload:
        old_files = [one for one in staging.stage(upload.files, None, table=BEFORE) if isinstance(one, StagedFile)]
    pairs = _pairs(files, old_files, messages if first_time else None)
    if first_time and (why := _too_different(options, pairs)):
        sis_import.diffing_threshold_exceeded = True
        messages.about_import("diffing_threshold", why)
        return
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '128MB'")
        for new, old in pairs:
            cursor.execute(_vanished(new, options), _ranges(new, old))
            cursor.execute(_unchanged(new.kind), _ranges(new, old))
        cursor.execute("RESET work_mem")
    sis_import.diffed_against = before
    sis_import.data["diffed_against_sis_batch_id"] = before.pk


def _before(sis_import: SisImport) -> SisImport | None:
    """What to compare with: in a chain of data sets, or for an upload that says all there is."""
    earlier = SisImport.objects.filter(
        account=sis_import.account_id,
        diffing_data_set_identifier=sis_import.diffing_data_set_identifier,
        workflow_state__in=SisImport.ENDED_WELL,
        pk__lt=sis_import.pk,
        options__dry_run=False,
    )
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


def _pairs(
    files: list[StagedFile], old_files: list[StagedFile], messages: Messages | None
) -> list[tuple[StagedFile, StagedFile]]:
    """The files that can be compared: the only ones of their kind on either side, with the same columns."""
    new, old = defaultdict(list), defaultdict(list)
    for file in files:
        new[file.kind.name].append(file)
    for file in old_files:
        old[file.kind.name].append(file)
    pairs = []
    for kind, of_kind in new.items():
        if kind == "change_sis_id" or not old[kind]:
            continue
        one, other = of_kind[0], old[kind][0]
        if len(of_kind) == len(old[kind]) == 1 and one.columns - PASSWORDS == other.columns - PASSWORDS:
            pairs.append((one, other))
        elif messages:
            text = _("This file cannot be compared with the one before: its columns, or the number of files, differ.")
            messages.about_import("not_diffed", f"{text} {_('All of its rows were imported.')}", file=one.name)
    return pairs


def _too_different(options: Options, pairs: list[tuple[StagedFile, StagedFile]]) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT count(*) FROM {STAGED}), (SELECT count(*) FROM {BEFORE})")
        now, before = cursor.fetchone()
        if options.change_threshold and before and abs(1 - now / before) * 100 > options.change_threshold:
            return _(
                "The data set has {now} rows and had {before}, a change beyond the change_threshold."
                " It was not compared; all rows were imported."
            ).format(now=now, before=before)
        if options.diff_row_count_threshold is None:
            return None
        changed = 0
        for new, old in pairs:
            values = _ranges(new, old)
            same = f"SELECT count(*) {_same(new.kind)}"
            cursor.execute(same, values)
            changed += staging.count(new.first, new.last) - cursor.fetchone()[0]
            cursor.execute(f"SELECT count(*) {_gone(new.kind)}", values)
            changed += cursor.fetchone()[0]
    if changed > options.diff_row_count_threshold:
        return _(
            "{changed} rows differ from the data set before, more than the diff_row_count_threshold."
            " It was not compared; all rows were imported."
        ).format(changed=changed)
    return None


def _ranges(new: StagedFile, old: StagedFile) -> dict[str, Any]:
    return {
        "first": new.first,
        "last": new.last,
        "old_first": old.first,
        "old_last": old.last,
        "added": new.index * ROOM + ROOM // 2 - old.index * ROOM,
    }


def _key(kind: Kind, alias: str) -> str:
    return ", ".join(f"coalesce({alias}.{kind.column(name)}, '')" for name in kind.key)


def _cells(kind: Kind, alias: str) -> str:
    cells = ", ".join(f"{alias}.c{number}" for number in range(1, len(kind.columns) + 1))
    return f"{alias}.fault, {alias}.note, {cells}"


def _same(kind: Kind) -> str:
    """FROM … of the staged rows that stood there before. One whose key comes twice is none; nor is a password."""
    return f"""
FROM (SELECT *, count(*) OVER (PARTITION BY {_key(kind, "x")}) AS times FROM {STAGED} x
      WHERE n BETWEEN %(first)s AND %(last)s) s
JOIN (SELECT *, count(*) OVER (PARTITION BY {_key(kind, "x")}) AS times FROM {BEFORE} x
      WHERE n BETWEEN %(old_first)s AND %(old_last)s) b ON ({_key(kind, "b")}) = ({_key(kind, "s")})
WHERE s.times = 1 AND b.times = 1 AND s.secret IS NULL
  AND ({_cells(kind, "s")}) IS NOT DISTINCT FROM ({_cells(kind, "b")})
"""


def _gone(kind: Kind) -> str:
    """FROM … of the rows before whose key does not come any more, the last of each, unless they deleted already."""
    return f"""
FROM (SELECT DISTINCT ON ({_key(kind, "x")}) * FROM {BEFORE} x WHERE n BETWEEN %(old_first)s AND %(old_last)s
      ORDER BY {_key(kind, "x")}, n DESC) b
WHERE coalesce(b.{kind.column("status") if "status" in kind.columns else "c1"}, '') <> 'deleted'
  AND NOT EXISTS (SELECT 1 FROM {STAGED} s WHERE n BETWEEN %(first)s AND %(last)s
                  AND ({_key(kind, "s")}) = ({_key(kind, "b")}))
"""


def _vanished(file: StagedFile, options: Options) -> str:
    kind = file.kind
    status = {"enrollment": options.diffing_drop_status, "user": options.diffing_user_remove_status}
    columns = [f"c{number}" for number in range(1, len(kind.columns) + 1)]
    word = repr(status.get(kind.name, "deleted"))
    cells = [word if name == "status" else f"b.{column}" for name, column in zip(kind.columns, columns, strict=True)]
    if "status" not in kind.columns:
        return "SELECT 1"
    return f"""
INSERT INTO {STAGED} (n, file, row, fault, {", ".join(columns)})
SELECT b.n + %(added)s, {file.index}, b.row, b.fault, {", ".join(cells)} {_gone(kind)}
"""


def _unchanged(kind: Kind) -> str:
    return f"DELETE FROM {STAGED} WHERE n IN (SELECT s.n {_same(kind)})"
