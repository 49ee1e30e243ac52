"""Batch mode: what an earlier import made and this one does not list any more goes (reference 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from courses.domain.observation_events import author
from courses.domain.observer_enrollments import follow
from sis.kinds.chunks import SETTINGS
from sis.kinds.kind import BatchMode
from sis.kinds.registry import KINDS
from sis.kinds.sql import note_changes
from sis.kinds.staging import StagedFile
from sis.models import SisImport
from sis.options import Options

AT_A_TIME = 5_000


class NotRemoved(Exception):
    """Nothing was removed, for the reason given."""


# What came from a file once, and from none of this import.
STALE = "x.sis_import_id <> %(import)s"
LOCK = "SELECT id FROM accounts_user WHERE id IN ({people}) ORDER BY id FOR NO KEY UPDATE"


@dataclass(frozen=True)
class Unlisted:
    """What is listed no more of one kind: the statements about it."""

    kind: str
    plural: str
    class_name: str
    noun: str | Promise
    mode: BatchMode

    @property
    def count_live(self) -> str:
        return f"SELECT count(*) {self.mode.live}"

    def count_going(self, kinds: Container[str]) -> str:
        """Return the statement that counts what goes when these kinds are supplied, by itself or along with others."""
        going = [f"({condition})" for kind, condition in self.mode.along.items() if kind in kinds]
        if self.kind in kinds:
            going.append(STALE)
        return f"SELECT count(*) {self.mode.live} AND ({' OR '.join(going) or 'false'})"

    @property
    def read_some(self) -> str:
        return f"SELECT x.id {self.mode.live} AND {STALE} ORDER BY x.id LIMIT {AT_A_TIME}"

    @property
    def lock(self) -> str | None:
        return LOCK.format(people=self.mode.people) if self.mode.people else None

    @property
    def remove(self) -> str:
        """Removes, remembers the changes, and returns (student, section) whom observers follow."""
        noted = note_changes(self.class_name, "removed", batch_mode=True)
        return (
            f"WITH removed(id, before, after, student, section) AS ({self.mode.remove}), noted AS ({noted})"
            " SELECT student, section FROM removed WHERE student IS NOT NULL"
        )


def unlisted_of(kinds: Container[str]) -> list[Unlisted]:
    """Return what may be listed no more of these kinds, the last first: it is in what comes before."""
    return [
        Unlisted(
            kind.name,
            kind.plural,
            kind.class_name,
            kind.brake.noun if kind.brake else kind.label,
            kind.batch_mode,
        )
        for kind in reversed(KINDS.values())
        if kind.batch_mode and kind.name in kinds
    ]


def remove_unlisted(
    sis_import: SisImport, options: Options, files: list[StagedFile], *, save: Callable[[], None]
) -> None:
    """Remove what the files do not list any more, of the kinds supplied: enrollments, then sections, then courses.

    Raises NotRemoved, before anything is removed, when that would be more of a kind than `change_threshold` percent.
    `save` is called in each transaction to save the import's data; it raises when the import has been aborted.
    """
    unlisted = unlisted_of({file.kind.name for file in files})
    values = _values(sis_import, options)
    if options.multi_term_batch_mode and not _one(
        "SELECT count(*) FROM courses_term WHERE sis_import_id = %(import)s", values
    ):
        raise NotRemoved(_("This import lists no term, so batch mode removed nothing."))
    if "batch_decided" not in sis_import.data and options.change_threshold:
        _compare(count_unlisted(sis_import, options, files), options.change_threshold)
    sis_import.data["batch_decided"] = True
    for one in unlisted:
        while _remove_some(sis_import, one, values, save):
            pass


def count_unlisted(
    sis_import: SisImport, options: Options, files: list[StagedFile]
) -> Iterator[tuple[Unlisted, int, int]]:
    """Give of each kind how much is live in the terms, and how much of that would go.

    That is what is listed no more of the kinds supplied, and all that ends along with it.
    """
    values, kinds = _values(sis_import, options), {file.kind.name for file in files}
    for one in unlisted_of(KINDS):
        yield one, _one(one.count_live, values), _one(one.count_going(kinds), values)


def _values(sis_import: SisImport, options: Options) -> dict[str, Any]:
    return {
        "import": sis_import.pk,
        "term": options.batch_mode_term_id,
        "multi": options.multi_term_batch_mode,
        "drop": options.batch_mode_enrollment_drop_status,
        **author(sis_import.by, sis_import.pk),
    }


def _compare(unlisted: Iterable[tuple[Unlisted, int, int]], threshold: int) -> None:
    for one, live, stale in unlisted:
        if live and stale * 100 > threshold * live:
            message = _(
                "{stale} of {live} {kind} would be deleted, which is more than the change_threshold of {threshold} %."
                " Nothing was deleted."
            )
            raise NotRemoved(message.format(stale=stale, live=live, kind=one.plural, threshold=threshold))


def _remove_some(sis_import: SisImport, one: Unlisted, values: dict[str, Any], save: Callable[[], None]) -> bool:
    """Remove some in one transaction; return False when there is nothing left."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(one.read_some, values)
        values = {**values, "ids": [pk for (pk,) in cursor.fetchall()]}
        if not values["ids"]:
            return False
        if one.lock and not sis_import.options.get("dry_run"):
            cursor.execute(one.lock, values)
        for statement in one.mode.before:
            cursor.execute(statement, values)
        cursor.execute(one.remove, values)
        follow(cursor.fetchall(), returned=(), by=sis_import.by, sis_import=sis_import.pk)
        counts, counter = sis_import.data["counts"], f"batch_{one.plural}_deleted"
        counts[counter] = counts.get(counter, 0) + len(values["ids"])
        save()
    return True


def _one(sql: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
