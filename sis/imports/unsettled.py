"""What the data set before has not brought about, or others have changed since: applied again, with the same text.

These are rows that were refused, and records that ended along with others or that later imports have changed. What
people have changed by hand since is no import's, and stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import FurtherSisId
from accounts.text.names import tidied
from sis.files.csv_records import written
from sis.files.tables import RosterFile
from sis.kinds.registry import KINDS
from sis.models import RefusedRow, SisImport
from sis.options import Options

# When there are more of a kind, all rows of its file are applied: finding them would take as long.
MOST = 100_000
Cells = dict[str, str | None]


@dataclass(frozen=True)
class Unsettled:
    """Of one kind: `rows` are the numbers of rows that were refused, `gone` the cells of rows whose removal was.

    `ids` are those that records are known by; with each the others that a row must name too, or none. `further` gives
    the own ids of people whom rows may name by another. `renamed` are ids that mean something else in the data set
    before.
    """

    everything: bool = False
    rows: frozenset[int] = frozenset()
    gone: tuple[Cells, ...] = ()
    ids: dict[str, set[str]] = field(default_factory=dict)
    further: dict[str, str | None] = field(default_factory=dict)
    renamed: frozenset[str] = frozenset()

    def means_another(self, about: Sequence[str]) -> bool:
        """Return whether a row with these ids may have meant something else in the data set before."""
        return bool(self.renamed) and not self.renamed.isdisjoint(_tidied(about))

    def has(self, about: Sequence[str]) -> bool:
        """Return whether what a row with these ids is about is unsettled."""
        if self.everything:
            return True
        if not self.ids:
            return False
        named = _tidied(about)
        named += filter(None, (self.further.get(one) for one in named))
        return any(one in self.ids and (not self.ids[one] or not self.ids[one].isdisjoint(named)) for one in named)


def _tidied(about: Sequence[str]) -> list[str]:
    return [one if one.isascii() else tidied(one) for one in about]


SETTLED = Unsettled()
# The number of rows that stand in no file any more.
IN_NO_FILE = -1


def with_gone(old: RosterFile, gone: Sequence[Cells]) -> RosterFile:
    """Return the file before with those rows besides that are still to be removed, if they do not come again."""
    if not gone:
        return old
    stood = [{**cells, "status": "active"} for cells in gone]
    texts = [written([cells.get(name) or "" for name in old.header]) for cells in stood]
    return replace(old, _blocks=lambda: chain(old.blocks(), [([IN_NO_FILE] * len(texts), texts)]))


def unsettled_since(
    before: SisImport, options: Options, kinds: Iterable[str], *, renamed: frozenset[str]
) -> dict[str, Unsettled]:
    """Return by kind what is unsettled of the data set that `before` imported; a few statements, whatever its size.

    Where ids have been `renamed`, any row may mean something else than it did.
    """
    if renamed or _is_too_long_ago(before) or _bears_on_all(before, options):
        all_of = Unsettled(True, frozenset([IN_NO_FILE]), renamed=renamed)
        return {kind: replace(all_of, gone=still_to_go(before, kind)) for kind in kinds}
    found = {kind: _of_kind(before, kind) for kind in kinds}
    if any(one.ids for one in found.values()):
        further = dict(FurtherSisId.objects.values_list("sis_user_id", "user__sis_user_id"))
        found = {kind: replace(one, further=further) for kind, one in found.items()}
    return found


def _is_too_long_ago(before: SisImport) -> bool:
    """Return whether what imports have changed since then may be kept no more (sis/retention.py)."""
    return before.ended_at is None or before.ended_at < timezone.now() - timedelta(days=settings.SIS_KEEP_DAYS)


def _bears_on_all(before: SisImport, options: Options) -> bool:
    """Return whether rows mean something else by other options."""
    was = Options.from_json(before.options)
    return (options.override_sis_stickiness and not was.override_sis_stickiness) or (
        was.skip_deletes and not options.skip_deletes
    )


def _of_kind(before: SisImport, kind: str) -> Unsettled:
    refused = RefusedRow.objects.filter(sis_import=before, kind=kind).order_by("pk").values_list("row", flat=True)
    rows = {IN_NO_FILE if row is None else row for row in refused[: MOST + 1]}
    ids: dict[str, set[str]] = defaultdict(set)
    number = 0
    for names, others in _records(before, kind):
        number += 1
        for name in names:
            ids[name].update(others or ())
    return Unsettled(max(len(rows), number) > MOST, frozenset(rows), still_to_go(before, kind), dict(ids))


def still_to_go(before: SisImport, kind: str) -> tuple[Cells, ...]:
    """Return the rows of this kind that had vanished by this import, and whose removal was refused."""
    refused = RefusedRow.objects.filter(sis_import=before, kind=kind, row=None).order_by("pk")
    return tuple(cells for cells in refused.values_list("cells", flat=True) if cells)


def _records(before: SisImport, kind: str) -> Iterable[tuple[list[str], list[str] | None]]:
    sql = KINDS[kind].sql.statements.get("unsettled")
    if sql is None:
        return []
    values: dict[str, Any] = {"base": before.pk, "since": before.ended_at}
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {MOST + 1}", values)
        return list(cursor.fetchall())
