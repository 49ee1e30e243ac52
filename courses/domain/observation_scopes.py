"""How far observing reaches when sections move: no further than the courses, or the school, that it was made for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

# A link limited to some courses opens nothing in a course that a section has moved to.
LEAVE_OTHER_COURSES = """
UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
FROM accounts_observationlink l, courses_section s
WHERE e.section_id = ANY(%(sections)s) AND s.id = e.section_id
  AND e.type = 'ObserverEnrollment' AND e.state <> 'deleted' AND e.only_by_link
  AND l.observer_id = e.user_id AND l.student_id = e.associated_user_id AND l.scope = 'courses'
  AND NOT EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = s.course_id)
"""

# Nor does a place beside a student that somebody set up by hand, in one course, open a course of another school.
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
    """After these sections moved to other courses: whose link does not open those leaves them (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_OTHER_COURSES, {"sections": sorted(set(sections))})


def keep_within_schools(moved: Iterable[tuple[int, int]]) -> None:
    """After sections moved, from the course each (section id, course id) names, to a course of another account.

    Whoever was set up by hand to observe somebody in that one course leaves the section (one statement). What rosters
    list themselves stays, and so does what a link opens there.
    """
    pairs = sorted(set(moved))
    if pairs:
        values = {"sections": [section for section, _ in pairs], "courses": [course for _, course in pairs]}
        with connection.cursor() as cursor:
            cursor.execute(LEAVE_OTHER_SCHOOLS, values)
