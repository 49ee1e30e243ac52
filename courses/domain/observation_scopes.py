"""How far observing reaches when sections move: no further than the courses, or the school, it was created for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from accounts.models import User
from courses.domain.observation_events import HEAD, SEEING, author

# A link limited to some courses opens nothing in a course that a section has moved to.
LEAVE_OTHER_COURSES = """
UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
FROM accounts_observationlink l, courses_section s
WHERE e.section_id = ANY(%(sections)s) AND s.id = e.section_id
  AND e.type = 'ObserverEnrollment' AND e.state <> 'deleted' AND e.only_by_link
  AND l.observer_id = e.user_id AND l.student_id = e.associated_user_id AND l.scope = 'courses'
  AND NOT EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = s.course_id)
"""

# Nor does an enrollment set up by hand beside a student, in one course, open a course of another school.
LEAVE_OTHER_SCHOOLS = """
UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
FROM unnest(%(sections)s::bigint[], %(courses)s::bigint[]) AS moved(section_id, course_id)
JOIN courses_course old ON old.id = moved.course_id
JOIN courses_section s ON s.id = moved.section_id
JOIN courses_course c ON c.id = s.course_id AND c.account_id <> old.account_id
WHERE e.section_id = moved.section_id AND e.type = 'ObserverEnrollment' AND e.associated_user_id IS NOT NULL
  AND e.state <> 'deleted' AND NOT e.only_by_link AND e.sis_import_id IS NULL
  AND NOT EXISTS (
      SELECT 1 FROM accounts_observationlink l
      WHERE l.observer_id = e.user_id AND l.student_id = e.associated_user_id AND l.state = 'active'
        AND (l.scope = 'all' OR EXISTS (
            SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = s.course_id)))
"""


def keep_within_scopes(sections: Iterable[int]) -> None:
    """Remove observers, after these sections moved to other courses, whose link does not open those (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_OTHER_COURSES, {"sections": sorted(set(sections))})


# In one statement with those who leave, which sees the enrollments as they were: of everybody who observes in a section
# that moved, whether they did so in either course, and whether they still do.
MOVE = f"""
WITH left_course AS ({LEAVE_OTHER_COURSES} RETURNING e.id), left_school AS ({LEAVE_OTHER_SCHOOLS} RETURNING e.id),
there AS (
    SELECT e.section_id AS section, e.user_id AS observer, e.associated_user_id AS student, moved.course_id AS was_in,
           s.course_id AS is_in, e.id NOT IN (SELECT id FROM left_course UNION SELECT id FROM left_school) AS stays,
           CASE WHEN e.only_by_link THEN 'link' WHEN e.sis_import_id IS NOT NULL THEN 'sis' ELSE 'staff' END AS origin
    FROM unnest(%(sections)s::bigint[], %(courses)s::bigint[]) AS moved(section_id, course_id)
    JOIN courses_section s ON s.id = moved.section_id AND s.course_id <> moved.course_id
    JOIN courses_enrollment e ON e.section_id = s.id AND e.associated_user_id IS NOT NULL AND e.state IN {SEEING}
)
{HEAD}
FROM (
    SELECT observer, student, course, min(origin) AS origin, bool_or(before) AS before, bool_or(after) AS after
    FROM (SELECT observer, student, was_in AS course, origin, true AS before, false AS after FROM there
          UNION ALL SELECT observer, student, is_in, origin, false, stays FROM there) sides
    GROUP BY observer, student, course
) one
CROSS JOIN LATERAL (
    SELECT one.before OR count(*) > 0 AS before, one.after OR count(*) > 0 AS after
    FROM courses_enrollment e JOIN courses_section s ON s.id = e.section_id
    WHERE e.associated_user_id = one.student AND e.user_id = one.observer AND s.course_id = one.course
      AND e.state IN {SEEING} AND e.section_id NOT IN (SELECT section FROM there)
) seen
WHERE seen.before <> seen.after
ORDER BY one.student, one.observer, one.course
"""  # noqa: S608 built from constants


def follow_moves(moved: Iterable[tuple[int, int]], *, by: User | None, sis_import: int | None = None) -> None:
    """After sections moved, from the course each (section id, course id) names: who observes there, and who no more.

    Whose link does not open the other course leaves the section, and so does whoever was set up by hand to observe
    somebody in the one course, where the other is of another account. What rosters list themselves stays (one
    statement).
    """
    pairs = sorted(set(moved))
    if pairs:
        values = {"sections": [section for section, _ in pairs], "courses": [course for _, course in pairs]}
        with connection.cursor() as cursor:
            cursor.execute(MOVE, {**values, **author(by, sis_import)})
