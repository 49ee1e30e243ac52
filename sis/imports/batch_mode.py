"""Batch mode: what an earlier import made and this one does not list any more goes (reference 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from courses.domain.observer_enrollments import follow
from sis.kinds.chunks import SETTINGS, noting_changes
from sis.kinds.staging import StagedFile
from sis.models import SisImport
from sis.options import Options

AT_A_TIME = 5_000


class NotRemoved(Exception):
    """Nothing was removed, for the reason given."""


@dataclass(frozen=True)
class Listed:
    """Records of one kind in the terms: what makes one stale, and what a stale one becomes."""

    kind: str
    record: str
    counter: str
    live: str
    remove: str


TERMS = """
(course.term_id = %(term)s OR (%(multi)s AND course.term_id IN (
    SELECT id FROM courses_term WHERE sis_import_id = %(import)s)))
"""
STALE = "x.sis_import_id <> %(import)s"

COURSES = Listed(
    "course",
    "Course",
    "batch_courses_deleted",
    f"""FROM courses_course x JOIN courses_course course ON course.id = x.id
        WHERE x.workflow_state <> 'deleted' AND x.sis_import_id IS NOT NULL AND x.sis_course_id IS NOT NULL
          AND {TERMS}""",
    """UPDATE courses_course x SET workflow_state = 'deleted', sis_import_id = %(import)s FROM courses_course old
       WHERE x.id = ANY(%(ids)s) AND old.id = x.id
       RETURNING x.id, old.workflow_state AS before, x.workflow_state AS after, NULL::bigint, NULL::bigint""",
)
SECTIONS = Listed(
    "section",
    "CourseSection",
    "batch_sections_deleted",
    f"""FROM courses_section x JOIN courses_course course ON course.id = coalesce(x.nonxlist_course_id, x.course_id)
        WHERE x.workflow_state <> 'deleted' AND x.sis_import_id IS NOT NULL AND x.sis_section_id IS NOT NULL
          AND {TERMS}""",
    """UPDATE courses_section x SET workflow_state = 'deleted', sis_import_id = %(import)s FROM courses_section old
       WHERE x.id = ANY(%(ids)s) AND old.id = x.id
       RETURNING x.id, old.workflow_state AS before, x.workflow_state AS after, NULL::bigint, NULL::bigint""",
)
ENROLLMENTS = Listed(
    "enrollment",
    "Enrollment",
    "batch_enrollments_deleted",
    f"""FROM courses_enrollment x JOIN courses_section s ON s.id = x.section_id
        JOIN courses_course course ON course.id = s.course_id
        WHERE x.state NOT IN ('deleted', 'rejected', %(drop)s) AND NOT (x.state = 'inactive' AND %(drop)s = 'completed')
          AND x.sis_import_id IS NOT NULL AND {TERMS}""",
    """UPDATE courses_enrollment x
       SET state = CASE WHEN x.state IN ('invited', 'creation_pending') THEN 'deleted' ELSE %(drop)s END,
           updated_at = now(),
           completed_at = CASE WHEN %(drop)s = 'completed' THEN now() ELSE x.completed_at END
       FROM courses_enrollment old WHERE x.id = ANY(%(ids)s) AND old.id = x.id
       RETURNING x.id, old.state AS before, x.state AS after,
                 CASE WHEN x.type = 'StudentEnrollment' THEN x.user_id END, x.section_id""",
)
LOCK = {
    "enrollment": "SELECT user_id FROM courses_enrollment WHERE id = ANY(%(ids)s)",
    "section": "SELECT user_id FROM courses_enrollment WHERE section_id = ANY(%(ids)s)",
}
# Before what is in them: that is the order of accounts/domain/locks.py.
LOCK_SECTIONS = "SELECT id FROM courses_section WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
END_IN_SECTIONS = f"""
WITH ended AS (
    UPDATE courses_enrollment e SET state = 'deleted', updated_at = now() FROM courses_enrollment old
    WHERE e.section_id = ANY(%(ids)s) AND old.id = e.id AND e.state <> 'deleted' RETURNING e.id, old.state
)
{noting_changes("Enrollment", "SELECT id, state, 'deleted' FROM ended", batch_mode=True)}
"""


def remove_unlisted(
    sis_import: SisImport, options: Options, files: list[StagedFile], *, save: Callable[[], None]
) -> None:
    """Remove what the files do not list any more: enrollments, then sections, then courses, of kinds supplied.

    Raises NotRemoved, before anything is removed, when that would be more of a kind than `change_threshold` percent.
    `save` is called in each transaction to save the import's data; it raises when the import has been aborted.
    """
    supplied = {file.kind.name for file in files}
    listed = [one for one in (ENROLLMENTS, SECTIONS, COURSES) if one.kind in supplied]
    values = {
        "import": sis_import.pk,
        "term": options.batch_mode_term_id,
        "multi": options.multi_term_batch_mode,
        "drop": options.batch_mode_enrollment_drop_status,
    }
    if options.multi_term_batch_mode and not _one(
        "SELECT count(*) FROM courses_term WHERE sis_import_id = %(import)s", values
    ):
        raise NotRemoved(_("No term is listed in this import, so nothing can be said to be missing from one."))
    if "batch_decided" not in sis_import.data and options.change_threshold:
        _compare(listed, values, options.change_threshold)
    sis_import.data["batch_decided"] = True
    for one in listed:
        while _remove_some(sis_import, one, values, save):
            pass


def _compare(listed: list[Listed], values: dict[str, Any], threshold: int) -> None:
    for one in listed:
        live = _one(f"SELECT count(*) {one.live}", values)
        stale = _one(f"SELECT count(*) {one.live} AND {STALE}", values)
        if live and stale * 100 > threshold * live:
            message = _(
                "{stale} of {live} {kind} would be deleted, which is more than the change_threshold of {threshold} %."
                " Nothing was deleted."
            )
            plural = {"course": "courses", "section": "sections", "enrollment": "enrollments"}[one.kind]
            raise NotRemoved(message.format(stale=stale, live=live, kind=plural, threshold=threshold))


def _remove_some(sis_import: SisImport, one: Listed, values: dict[str, Any], save: Callable[[], None]) -> bool:
    """One transaction; False when there is nothing left."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(f"SELECT x.id {one.live} AND {STALE} ORDER BY x.id LIMIT {AT_A_TIME}", values)
        values = {**values, "ids": [pk for (pk,) in cursor.fetchall()]}
        if not values["ids"]:
            return False
        if (people := LOCK.get(one.kind)) and not sis_import.options.get("dry_run"):
            cursor.execute(
                f"SELECT id FROM accounts_user WHERE id IN ({people}) ORDER BY id FOR NO KEY UPDATE",
                values,
            )
        if one is SECTIONS:
            cursor.execute(LOCK_SECTIONS, values)
            cursor.execute(END_IN_SECTIONS, values)
        changes = noting_changes(one.record, "SELECT id, before, after FROM removed", batch_mode=True)
        cursor.execute(
            f"WITH removed(id, before, after, student, section) AS ({one.remove}),"
            f" noted AS ({changes}) SELECT student, section FROM removed WHERE student IS NOT NULL",
            values,
        )
        follow(cursor.fetchall(), returned=False)
        counts = sis_import.data["counts"]
        counts[one.counter] = counts.get(one.counter, 0) + len(values["ids"])
        save()
    return True


def _one(sql: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
