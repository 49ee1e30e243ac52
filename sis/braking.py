"""The deletion brake: an import that would remove too much stops before its first row is applied."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from sis.kinds import KINDS, Kind
from sis.models import SisImport
from sis.options import Options
from sis.staging import STAGED, WAS_ADDED

# A handful of people is nobody's accident, however small the school.
TOO_FEW_TO_MIND = 10


def _rows(kind: Kind) -> str:
    """The staged rows of all files of this kind, as a common table expression with the columns' names."""
    ranges = f"file = ANY(%(files_{kind.name})s::int[])"
    return f"{kind.name}_rows AS (SELECT {kind.selected} FROM {STAGED} WHERE {ranges})"


def _with(*kinds: str) -> str:
    return "WITH " + ", ".join(_rows(KINDS[kind]) for kind in kinds)


# What comparing data sets has added stands in the second half of a file's numbers, whatever status it was given.
GOING = f"(r.status IN ('deleted', 'deleted_last_completed') OR r.{WAS_ADDED})"

USERS = f"""
{_with("user")}
SELECT count(DISTINCT u.id), (SELECT count(*) FROM accounts_user WHERE state <> 'deleted')
FROM user_rows r JOIN accounts_user u ON u.sis_user_id = r.user_id WHERE r.status = 'deleted' AND u.state <> 'deleted'
"""

LINKS = f"""
{_with("user_observer")}
SELECT count(DISTINCT l.id), (SELECT count(*) FROM accounts_observationlink WHERE state = 'active')
FROM user_observer_rows r
JOIN accounts_user o ON o.sis_user_id = r.observer_id JOIN accounts_user s ON s.sis_user_id = r.student_id
JOIN accounts_observationlink l ON l.observer_id = o.id AND l.student_id = s.id AND l.state = 'active'
WHERE r.status = 'deleted'
"""

# Batch mode removes what is live in its terms, came from a file once, and is in none now.
ENROLLMENTS = f"""
{_with("enrollment", "section", "user", "term")},
live AS (SELECT id, user_id, section_id, associated_user_id, type, sis_import_id FROM courses_enrollment
         WHERE state IN ('active', 'invited', 'creation_pending')),
batch_courses AS (
    SELECT c.id, c.sis_course_id FROM courses_course c LEFT JOIN courses_term t ON t.id = c.term_id
    WHERE %(batch)s AND (c.term_id = %(term)s OR (%(multi)s AND t.sis_term_id IN (SELECT term_id FROM term_rows)))
),
named AS (
    SELECT e.id, e.user_id, e.section_id FROM enrollment_rows r
    JOIN accounts_user u ON u.sis_user_id = r.user_id
    JOIN live e ON e.user_id = u.id
    JOIN courses_section s ON s.id = e.section_id JOIN courses_course c ON c.id = s.course_id
    LEFT JOIN accounts_user a ON a.id = e.associated_user_id
    WHERE {GOING} AND (r.section_id = s.sis_section_id OR (r.section_id IS NULL AND r.course_id = c.sis_course_id))
      AND r.associated_user_id IS NOT DISTINCT FROM a.sis_user_id
    UNION
    SELECT e.id, e.user_id, e.section_id FROM live e
    JOIN courses_section s ON s.id = e.section_id JOIN batch_courses c ON c.id = s.course_id
    JOIN accounts_user u ON u.id = e.user_id
    WHERE e.sis_import_id IS NOT NULL AND %(batch_enrollments)s AND NOT EXISTS (
        SELECT 1 FROM enrollment_rows r WHERE r.user_id = u.sis_user_id
        AND (r.section_id = s.sis_section_id OR (r.section_id IS NULL AND r.course_id = c.sis_course_id)))
),
going AS (
    SELECT id FROM named
    UNION
    SELECT e.id FROM named JOIN live e ON e.associated_user_id = named.user_id AND e.section_id = named.section_id
    UNION
    SELECT e.id FROM section_rows r JOIN courses_section s ON s.sis_section_id = r.section_id
    JOIN live e ON e.section_id = s.id WHERE r.status = 'deleted'
    UNION
    SELECT e.id FROM batch_courses c JOIN courses_section s ON coalesce(s.nonxlist_course_id, s.course_id) = c.id
    JOIN live e ON e.section_id = s.id
    WHERE %(batch_sections)s AND s.sis_import_id IS NOT NULL AND s.sis_section_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM section_rows r WHERE r.section_id = s.sis_section_id)
    UNION
    SELECT e.id FROM user_rows r JOIN accounts_user u ON u.sis_user_id = r.user_id
    JOIN live e ON e.user_id = u.id OR e.associated_user_id = u.id WHERE r.status = 'deleted'
)
SELECT (SELECT count(*) FROM going), (SELECT count(*) FROM live)
"""

ANY_GOING = f"""
SELECT EXISTS (SELECT 1 FROM {STAGED} WHERE {WAS_ADDED}
               OR 'deleted' IN (c2, c3, c4, c5, c7) OR c7 = 'deleted_last_completed')
"""


def brake(sis_import: SisImport, options: Options, files: dict[str, list[int]]) -> str | None:
    """Why this import should not go on, or None: it would remove more than the root account's share of what is active.

    `files` are the numbers of the staged files of each kind. Looks at the staged rows only, before any is applied.
    """
    share = sis_import.account.sis_deletion_brake
    values: dict[str, Any] = {f"files_{kind}": files.get(kind, []) for kind in KINDS}
    values |= {
        "batch": options.batch_mode,
        "term": options.batch_mode_term_id,
        "multi": options.multi_term_batch_mode,
        "batch_enrollments": "enrollment" in files,
        "batch_sections": "section" in files,
    }
    with connection.cursor() as cursor:
        cursor.execute(ANY_GOING, {})
        if not options.batch_mode and (options.skip_deletes or not cursor.fetchone()[0]):
            return None
        for question, name in ((USERS, _("people")), (ENROLLMENTS, _("enrollments")), (LINKS, _("observer links"))):
            cursor.execute(question, values)
            going, active = cursor.fetchone()
            if going >= TOO_FEW_TO_MIND and going * 100 > share * active:
                return _(
                    "This import would remove {going} of {active} active {what}, more than the {share} % that are"
                    " allowed at once."
                ).format(going=going, active=active, what=name, share=share)
    return None
