"""The deletion brake: an import that would remove too much stops before its first row is applied."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.settings import set_on_root
from accounts.errors import Invalid
from accounts.models import Account, Action, User
from sis.kinds.registry import KINDS, Kind
from sis.kinds.staging import STAGED, WAS_ADDED
from sis.models import SisImport
from sis.options import Options

# A handful of people is nobody's accident, however small the school.
TOO_FEW_TO_MIND = 10


def _rows(kind: Kind) -> str:
    """The staged rows of all files of this kind, as a common table expression with the columns' names."""
    ranges = f"file = ANY(%(files_{kind.name})s::int[])"
    return f"{kind.name}_rows AS (SELECT {kind.selected} FROM {STAGED} WHERE {ranges})"


def _with(*kinds: str) -> str:
    return "WITH " + ", ".join(_rows(KINDS[kind]) for kind in kinds)


# What comparing data sets has added goes too, whatever status it was given.
GOING = f"""((r.status IN ('deleted', 'deleted_last_completed') AND NOT %(skip_deletes)s)
             OR (r.{WAS_ADDED} AND r.status NOT IN ('deleted', 'deleted_last_completed')))"""

# Found as the rows are applied: by user_id; or, when nobody has that, by the login.
LEAVING = f"""
leaving AS (
    SELECT u.id, u.state, r.status FROM user_rows r JOIN accounts_user u ON u.sis_user_id = r.user_id
    WHERE ({GOING} OR r.status = 'suspended')
      AND NOT (r.{WAS_ADDED} AND EXISTS (
          SELECT 1 FROM change_sis_id_rows c WHERE c.type = 'user' AND c.old_id = r.user_id AND c.new_id IS NOT NULL))
    UNION
    SELECT u.id, u.state, r.status FROM user_rows r
    JOIN accounts_user u ON accounts_login_key(u.login_id) = accounts_login_key(r.login_id)
    LEFT JOIN accounts_user a ON a.sis_user_id = r.user_id
    WHERE ({GOING} OR r.status = 'suspended') AND NOT r.{WAS_ADDED} AND a.id IS NULL
      AND (u.sis_user_id IS NULL OR %(update_sis_id)s)
)
"""

USERS = f"""
{_with("user", "change_sis_id")}, {LEAVING}
SELECT (SELECT count(DISTINCT id) FROM leaving WHERE state NOT IN ('suspended', 'deleted')),
       (SELECT count(*) FROM accounts_user WHERE state NOT IN ('suspended', 'deleted'))
"""

# Batch mode removes what is live in its terms, came from a file once, and is in none now.
CLOSING_COURSES = f"""
batch_courses AS (
    SELECT c.* FROM courses_course c LEFT JOIN courses_term t ON t.id = c.term_id
    WHERE %(batch)s AND (c.term_id = %(term)s OR (%(multi)s AND t.sis_term_id IN (SELECT term_id FROM term_rows)))
),
closing_courses AS (
    SELECT c.id FROM course_rows r JOIN courses_course c ON c.sis_course_id = r.course_id
    WHERE {GOING} AND c.workflow_state <> 'deleted'
    UNION
    SELECT c.id FROM batch_courses c
    WHERE %(batch_courses)s AND c.sis_import_id IS NOT NULL AND c.workflow_state <> 'deleted'
      AND c.sis_course_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM course_rows r WHERE r.course_id = c.sis_course_id)
)
"""

COURSES = f"""
{_with("course", "term")}, {CLOSING_COURSES}
SELECT (SELECT count(*) FROM closing_courses), (SELECT count(*) FROM courses_course WHERE workflow_state <> 'deleted')
"""

LINKS = f"""
{_with("user_observer")}
SELECT count(DISTINCT l.id), (SELECT count(*) FROM accounts_observationlink WHERE state = 'active')
FROM user_observer_rows r
JOIN accounts_user o ON o.sis_user_id = r.observer_id JOIN accounts_user s ON s.sis_user_id = r.student_id
JOIN accounts_observationlink l ON l.observer_id = o.id AND l.student_id = s.id AND l.state = 'active'
WHERE {GOING} AND (NOT r.{WAS_ADDED} OR l.sis_import_id IS NOT NULL)
"""

# Enrollments named by their rows; in batch mode those that came from a file once and are in none now; those of
# observers with their students; and all that are in a section or course, or of a person, that goes.
ENROLLMENTS = f"""
{_with("enrollment", "section", "course", "user", "term", "change_sis_id")}, {LEAVING}, {CLOSING_COURSES},
live AS (SELECT id, user_id, section_id, associated_user_id, type, sis_import_id FROM courses_enrollment
         WHERE state IN ('active', 'invited', 'creation_pending')),
people AS (
    SELECT r.n, u.id FROM enrollment_rows r JOIN accounts_user u ON u.sis_user_id = r.user_id
    WHERE r.user_integration_id IS NULL
    UNION ALL
    SELECT r.n, u.id FROM enrollment_rows r JOIN accounts_user u ON u.integration_id = r.user_integration_id
),
places AS (
    SELECT r.n, s.id FROM enrollment_rows r JOIN courses_section s ON s.sis_section_id = r.section_id
    UNION ALL
    SELECT r.n, s.id FROM enrollment_rows r JOIN courses_course c ON c.sis_course_id = r.course_id
    JOIN courses_section s ON coalesce(s.nonxlist_course_id, s.course_id) = c.id AND s.is_default
    WHERE r.section_id IS NULL
),
listed AS (
    SELECT people.id AS user_id, places.id AS section_id, o.id AS other, {GOING} AS going, r.{WAS_ADDED} AS added
    FROM enrollment_rows r JOIN people ON people.n = r.n JOIN places ON places.n = r.n
    LEFT JOIN accounts_user o ON o.sis_user_id = r.associated_user_id
),
named AS (
    SELECT e.id, e.user_id, e.section_id FROM listed JOIN live e USING (user_id, section_id)
    WHERE going AND (e.type <> 'ObserverEnrollment' OR e.associated_user_id IS NOT DISTINCT FROM listed.other)
      AND NOT (added AND EXISTS (
          SELECT 1 FROM listed same WHERE NOT same.going AND same.user_id = e.user_id AND same.section_id = e.section_id
            AND coalesce(same.other, 0) = coalesce(listed.other, 0)))
    UNION
    SELECT e.id, e.user_id, e.section_id FROM live e
    JOIN courses_section s ON s.id = e.section_id JOIN batch_courses c ON c.id = s.course_id
    WHERE e.sis_import_id IS NOT NULL AND %(batch_enrollments)s
      AND NOT EXISTS (SELECT 1 FROM listed x WHERE x.section_id = e.section_id AND x.user_id = e.user_id)
      AND NOT EXISTS (SELECT 1 FROM listed x WHERE x.section_id = e.section_id AND x.user_id = e.associated_user_id)
),
closing AS (
    SELECT s.id FROM section_rows r JOIN courses_section s ON s.sis_section_id = r.section_id WHERE {GOING}
    UNION
    SELECT s.id FROM closing_courses c JOIN courses_section s ON s.course_id = c.id
    UNION
    SELECT s.id FROM batch_courses c JOIN courses_section s ON coalesce(s.nonxlist_course_id, s.course_id) = c.id
    WHERE %(batch_sections)s AND s.sis_import_id IS NOT NULL AND s.sis_section_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM section_rows r WHERE r.section_id = s.sis_section_id)
),
going AS (
    SELECT id FROM named
    UNION
    SELECT e.id FROM named JOIN live e ON e.associated_user_id = named.user_id AND e.section_id = named.section_id
    UNION
    SELECT e.id FROM closing JOIN live e ON e.section_id = closing.id
    UNION
    SELECT e.id FROM leaving JOIN live e ON e.user_id = leaving.id WHERE leaving.status = 'deleted'
    UNION
    SELECT e.id FROM leaving JOIN live e ON e.associated_user_id = leaving.id WHERE leaving.status = 'deleted'
)
SELECT (SELECT count(*) FROM going), (SELECT count(*) FROM live)
"""

ANY_GOING = f"""
SELECT EXISTS (SELECT 1 FROM {STAGED} WHERE {WAS_ADDED}
               OR 'deleted' IN (c3, c4, c5, c7) OR c3 = 'suspended' OR c7 = 'deleted_last_completed')
"""

# All joins are by what is equal, and so take time in proportion; the database knows too little of the staged rows to
# choose between hashing them and going through them again for each.
HASHING = "SET LOCAL enable_nestloop = off"
AS_BEFORE = "SET LOCAL enable_nestloop TO DEFAULT"


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
        "batch_courses": "course" in files,
        "skip_deletes": options.skip_deletes,
        "update_sis_id": options.update_sis_id_if_login_claimed,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ANY_GOING, {})
        if not options.batch_mode and not cursor.fetchone()[0]:
            return None
        cursor.execute(HASHING)
        found = {}
        for question, name in (
            *((USERS, _("people")), (COURSES, _("courses")), (ENROLLMENTS, _("enrollments"))),
            (LINKS, _("observer links")),
        ):
            cursor.execute(question, values)
            found[name] = cursor.fetchone()
        cursor.execute(AS_BEFORE)
    for name, (going, active) in found.items():
        if going >= TOO_FEW_TO_MIND and going * 100 > share * active:
            return _(
                "This import would remove {going} of {active} active {what}, more than the {share} % that are"
                " allowed at once."
            ).format(going=going, active=active, what=name, share=share)
    return None


def set_deletion_brake(root: Account, share: int, *, by: User) -> None:
    """Let imports remove at most `share` percent at once, from the next one on. Raises Invalid for no percentage.

    Nothing is recorded when nothing changes.
    """
    if not 0 <= share <= 100:
        raise Invalid({"share": [("invalid", _("Please give a percentage from 0 to 100."))]})
    set_on_root(root, "sis_deletion_brake", share, Action.SIS_BRAKE_CHANGED, by=by)
