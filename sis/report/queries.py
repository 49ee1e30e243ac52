"""Reading what came of an import: its messages, searched, filtered and as CSV, and the states it changed, counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.rows import rows_of
from accounts.text.csv_export import csv_text
from accounts.text.fields import plain_id
from sis.kinds.registry import KINDS, all_kinds
from sis.models import SisImport, SisImportError
from sis.report.messages import text_of

MOST_FILES = 200
_AT_ONCE = 2_000

# Those that are not about rows. The others are named by their first sentence, as in docs/sis-import.md.
LABELS: dict[str, str | Promise] = {
    "file": _("About a file as a whole"),
    "brake": _("The deletion brake"),
    "change_threshold": _("The change threshold of batch mode"),
    "diffing_threshold": _("The data set was not compared"),
    "not_diffed": _("A file was not compared"),
    "crashed": _("Something went wrong"),
    "not_stored": _("The uploaded file is gone"),
}


@dataclass(frozen=True)
class Wanted:
    """Which messages somebody wants to see; empty: all."""

    words: str = ""
    file: str = ""
    kind: str = ""
    only_errors: bool = False

    def __bool__(self) -> bool:
        return bool(self.words or self.file or self.kind or self.only_errors)


def messages_of(sis_import: SisImport, wanted: Wanted) -> QuerySet[SisImportError]:
    """Return what the import has to say, in the order in which it came up; errors first."""
    found = SisImportError.objects.filter(sis_import=sis_import).order_by("-failure", "id")
    if wanted.words:
        within = Q(message__icontains=wanted.words) | Q(file__icontains=wanted.words)
        if (row := plain_id(wanted.words)) is not None:
            within |= Q(row=row)
        found = found.filter(within)
    if wanted.file:
        found = found.filter(file=wanted.file)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    return found.filter(failure=True) if wanted.only_errors else found


def files_of(sis_import: SisImport) -> list[tuple[str, int]]:
    """Return the files that something is said about, and how much of each, the most first."""
    return _counted(sis_import, "file")[:MOST_FILES]


def kinds_of(sis_import: SisImport) -> list[tuple[str, str, int]]:
    """(kind, its words, how many) of the messages, the most first."""
    return [(kind, label(kind), number) for kind, number in _counted(sis_import, "kind")]


def _counted(sis_import: SisImport, column: str) -> list[tuple[str, int]]:
    found = SisImportError.objects.filter(sis_import=sis_import).order_by().values(column)
    return list(found.annotate(number=Count("id")).order_by("-number", column).values_list(column, "number"))


def label(kind: str) -> str:
    """Return the words for a kind of message."""
    if (text := text_of(kind)) is None:
        return str(LABELS.get(kind, kind))
    plain = re.sub(r"\{\w+\}", "…", str(text).replace("{for_section}", ""))
    return plain.partition(". ")[0].rstrip(".:")


def as_csv(found: QuerySet[SisImportError]) -> Iterator[str]:
    """Yield these messages as CSV that spreadsheets read without harm, piece by piece; the columns are Canvas's.

    The caller has opened a transaction.
    """
    return csv_text(_lines(found))


def _lines(found: QuerySet[SisImportError]) -> Iterator[tuple[str, str, str, str]]:
    yield "sis_import_id", "file", "message", "row"
    for sis_import_id, file, message, row in rows_of(
        found.values_list("sis_import_id", "file", "message", "row"), _AT_ONCE
    ):
        yield str(sis_import_id), file, message, str(row or "")


# Of the messages of one cause so many are shown before one asks for all, and so many of the rows that one is about.
SHOWN_OF_CAUSE = 5
CAUSES = f"""
SELECT * FROM (
    SELECT failure, kind, file, message, count(*) AS number,
           (array_agg(row ORDER BY id) FILTER (WHERE row IS NOT NULL))[1:{SHOWN_OF_CAUSE}] AS rows,
           count(*) OVER cause AS messages, sum(count(*)) OVER cause AS total,
           row_number() OVER (PARTITION BY failure, kind ORDER BY count(*) DESC, min(id)) AS place
    FROM sis_sisimporterror WHERE sis_import_id = %s
    GROUP BY failure, kind, file, message WINDOW cause AS (PARTITION BY failure, kind)
) AS told WHERE place <= {SHOWN_OF_CAUSE} ORDER BY failure DESC, total DESC, kind, place
"""


@dataclass(frozen=True)
class Said:
    """One sentence about rows of a file: how many rows it is said of, and the first of them."""

    file: str
    message: str
    number: int
    rows: tuple[int, ...]

    @property
    def more(self) -> int:
        """How many rows there are besides those shown."""
        return self.number - len(self.rows)


@dataclass(frozen=True)
class Cause:
    """Messages of one kind: how many, in what words, and the first different sentences."""

    kind: str
    failure: bool
    number: int
    said: list[Said]
    # How many different sentences there are besides.
    more: int

    @property
    def is_about_rows(self) -> bool:
        """Whether it is said of rows, and not of a file or the import as a whole."""
        return any(said.rows for said in self.said)

    @property
    def words(self) -> str:
        """Return the sentence itself where there is only one."""
        return label(self.kind) if self.more or len(self.said) > 1 else self.said[0].message


def causes_of(sis_import: SisImport) -> list[Cause]:
    """Return what the import has to say by its causes, errors first, then the most frequent (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(CAUSES, [sis_import.pk])
        told = cursor.fetchall()
    found = []
    for (failure, kind, messages, total), lines in groupby(told, lambda line: (line[0], line[1], line[6], line[7])):
        said = [Said(file, message, number, tuple(rows or ())) for _f, _k, file, message, number, rows, *_rest in lines]
        found.append(Cause(kind, failure, int(total), said, messages - len(said)))
    return found


COUNTED = ("created", "restored", "deleted")
# Canvas's clients find it with the others; here an email address is part of a person (sis/kinds/users.sql).
CHANNELS = "CommunicationChannel"
COUNT = """
SELECT kind, before, after, sum(cardinality(records)) FROM sis_statechange
WHERE sis_import_id = %s AND kind = ANY(%s)
GROUP BY kind, before, after
"""


def classes() -> dict[str, tuple[str, ...]]:
    """Return what is counted of each class of Canvas's that its clients find in `statistics`."""
    further = {kind.class_name: kind.record.counts for kind in KINDS.values() if kind.record}
    found = {kind.class_name: (*COUNTED, *further.get(kind.class_name, ())) for kind in all_kinds() if kind.class_name}
    return {**found, CHANNELS: COUNTED}


def statistics_of(sis_import: SisImport) -> dict[str, object]:
    """`statistics`: for each class what was created, restored, deleted …, and the total (one statement)."""
    counts = {name: dict.fromkeys(counted, 0) for name, counted in classes().items()}
    total: dict[str, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [sis_import.pk, list(counts)])
        for kind, before, after, number in cursor.fetchall():
            what = _change(before, after)
            if what in counts[kind]:
                counts[kind][what] += int(number)
            total["total_state_changes"] += int(number)
    return {"total_state_changes": total["total_state_changes"], **counts}


def _change(before: str, after: str) -> str:
    if after == "deleted":
        return "deleted"
    if not before:
        return "created"
    if after == "completed":
        return "concluded"
    if after == "inactive":
        return "deactivated"
    return "restored"
