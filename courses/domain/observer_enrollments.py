"""The enrollments of observers beside a student's: created by a link, and kept in step with the student's.

When sections move, observing reaches no further than the courses, or the school, that it was created for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from accounts.models import ObservationLink, User
from courses.domain.observation_events import ENROLLMENTS, HEAD, SEEING, author, returned, with_events

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
WITH left_course AS ({LEAVE_OTHER_COURSES} RETURNING {returned("e")}),
left_school AS ({LEAVE_OTHER_SCHOOLS} RETURNING {returned("e")}),
changed AS (SELECT * FROM left_course UNION SELECT * FROM left_school),
told AS ({ENROLLMENTS}),
there AS (
    SELECT e.section_id AS section, e.user_id AS observer, e.associated_user_id AS student, moved.course_id AS was_in,
           s.course_id AS is_in, e.id NOT IN (SELECT id FROM changed) AS stays,
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
"""


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


# A student in a section: their ids.
StudentInSection = tuple[int, int]

# Consent (courses/access/consent.py) comes with a link, but not before the student has accepted: beside an invitation
# of the student's, an observer enrollment tells the course's staff no more of the observer than of the student.
# Of several enrollments of one student in one section, the most active one decides.
STRONGEST_FIRST = (
    "array_position(ARRAY['active', 'invited', 'creation_pending', 'inactive', 'completed', 'deleted', 'rejected'],"
    " e.state::text)"
)

# A person who already observes the student in the section, through any role or route, keeps the same enrollment.
MAKE = f"""
INSERT INTO courses_enrollment AS beside (user_id, section_id, role_id, type, state, associated_user_id,
                                            start_at, end_at, limit_privileges_to_course_section, only_by_link,
                                            accepted_at, accepted_through)
SELECT DISTINCT ON (l.observer_id, l.student_id, e.section_id)
       l.observer_id, e.section_id, coalesce(there.role_id, r.id), r.base_type,
       CASE e.state WHEN 'invited' THEN 'active' ELSE e.state END,
       l.student_id, e.start_at, e.end_at, false, true,
       CASE WHEN e.accepted_at IS NOT NULL THEN now() END, CASE WHEN e.accepted_at IS NULL THEN '' ELSE 'link' END
FROM {{source}}
JOIN courses_section s ON s.id = e.section_id AND s.workflow_state = 'active'
JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
JOIN accounts_role r ON r.account_id IS NULL AND r.base_type = 'ObserverEnrollment'
JOIN accounts_user o ON o.id = l.observer_id AND o.state <> 'deleted'
LEFT JOIN LATERAL (
    SELECT role_id FROM courses_enrollment x
    WHERE x.associated_user_id = l.student_id AND x.user_id = l.observer_id AND x.section_id = e.section_id
      AND x.state NOT IN ('deleted', 'rejected')
) there ON true
WHERE l.scope = 'all' OR EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = c.id)
ORDER BY l.observer_id, l.student_id, e.section_id, {STRONGEST_FIRST}
ON CONFLICT (section_id, user_id, role_id, associated_user_id) DO UPDATE
SET state = EXCLUDED.state, start_at = EXCLUDED.start_at, end_at = EXCLUDED.end_at, completed_at = NULL,
    (accepted_at, accepted_through) = (
        SELECT beside.accepted_at, beside.accepted_through
        WHERE beside.accepted_at IS NOT NULL AND beside.state <> 'deleted' AND EXCLUDED.state <> 'creation_pending'
        UNION ALL SELECT EXCLUDED.accepted_at, EXCLUDED.accepted_through LIMIT 1),
    only_by_link = beside.only_by_link OR beside.state IN ('deleted', 'rejected'), updated_at = now()
WHERE (beside.state, beside.start_at, beside.end_at, beside.completed_at)
      IS DISTINCT FROM (EXCLUDED.state, EXCLUDED.start_at, EXCLUDED.end_at, NULL)
"""

# Row by row through the indexes: for a large set the planner would choose to read whole tables.
STUDENTS_ENROLLMENTS = """
CROSS JOIN LATERAL (
    SELECT * FROM courses_enrollment e
    WHERE e.user_id = l.student_id AND e.type = 'StudentEnrollment'
      AND e.state IN ('active', 'invited', 'creation_pending', 'inactive') {0} OFFSET 0
) e
"""
MAKE_FOR_LINKS = MAKE.format(
    source="(SELECT * FROM accounts_observationlink WHERE id = ANY(%(links)s) AND state = 'active') l"
    + STUDENTS_ENROLLMENTS.format("")
)
# OFFSET 0 keeps the planner from merging the subquery, for the same reason.
MAKE_FOR_STUDENTS = MAKE.format(
    source="""unnest(%(students)s::bigint[], %(sections)s::bigint[]) AS pair(student_id, section_id)
CROSS JOIN LATERAL (
    SELECT * FROM accounts_observationlink l WHERE l.student_id = pair.student_id AND l.state = 'active' OFFSET 0
) l"""
    + STUDENTS_ENROLLMENTS.format("AND e.section_id = pair.section_id")
)
MAKE_IN_SECTIONS = with_events(MAKE_FOR_STUDENTS, "beside")

NO_ANSWER = "o.state IN ('invited', 'creation_pending', 'rejected')"
# An observer enrollment that was removed by hand stays removed; an invitation that nobody has answered ends with what
# it was for. One made in a single course, without a link, follows the student out of the section but not back in.
CARRY = with_events(
    f"""
UPDATE courses_enrollment o
SET state = CASE WHEN {NO_ANSWER} AND now_at.state IN ('inactive', 'completed') THEN 'deleted' ELSE now_at.state END,
    start_at = now_at.start_at, end_at = now_at.end_at, completed_at = now_at.completed_at,
    (accepted_at, accepted_through) = (
        SELECT NULL::timestamptz, '' WHERE now_at.state = 'creation_pending'
        UNION ALL
        SELECT now(), 'link' WHERE o.accepted_at IS NULL AND now_at.accepted
               AND (now_at.state = 'active' OR NOT {NO_ANSWER})
        UNION ALL SELECT o.accepted_at, o.accepted_through LIMIT 1),
    updated_at = now()
FROM (
    SELECT DISTINCT ON (p.student_id, p.section_id) p.student_id, p.section_id,
           CASE WHEN e.state IS NULL OR e.state = 'rejected' THEN 'deleted'
                WHEN e.state = 'invited' THEN 'active' ELSE e.state END AS state,
           e.start_at, e.end_at, e.completed_at, e.accepted_at IS NOT NULL AS accepted
    FROM unnest(%(students)s::bigint[], %(sections)s::bigint[]) AS p(student_id, section_id)
    LEFT JOIN courses_enrollment e ON e.user_id = p.student_id AND e.section_id = p.section_id
                                  AND e.type = 'StudentEnrollment'
    ORDER BY p.student_id, p.section_id, {STRONGEST_FIRST}
) now_at
WHERE o.type = 'ObserverEnrollment' AND o.state NOT IN ('deleted', 'rejected')
  AND o.associated_user_id = now_at.student_id AND o.section_id = now_at.section_id
  AND (now_at.state IN ('inactive', 'completed', 'deleted')
       OR EXISTS (SELECT 1 FROM accounts_observationlink l
                  WHERE l.observer_id = o.user_id AND l.student_id = o.associated_user_id AND l.state = 'active'
                    AND (l.scope = 'all' OR EXISTS (
                        SELECT 1 FROM courses_linkcourse c JOIN courses_section s ON s.course_id = c.course_id
                        WHERE c.link_id = l.id AND s.id = o.section_id))))
""",
    "o",
)


def follow(
    students: Iterable[StudentInSection],
    *,
    returned: Iterable[StudentInSection],
    by: User | None,
    sis_import: int | None = None,
) -> None:
    """Bring observers' enrollments into step with the student's in these (student id, section id) pairs.

    `returned` says that the students are new there or came back (from inactive, completed or deleted), so that missing
    and removed observer enrollments are created again. The caller has locked the students. Two statements.
    """
    came = set(returned)
    with connection.cursor() as cursor:
        # First those who come: whose student has moved to another section never stops observing in the course.
        if came:
            cursor.execute(MAKE_IN_SECTIONS, {**_columns(came), **author(by, sis_import)})
        if everywhere := came.union(students):
            cursor.execute(CARRY, {**_columns(everywhere), **author(by, sis_import)})


def _columns(students: Collection[StudentInSection]) -> dict[str, list[int]]:
    pairs = sorted(students)
    return {"students": [student for student, _ in pairs], "sections": [section for _, section in pairs]}


def by_link() -> Exists:
    """Return, for a queryset of enrollments, whether each exists because of a link, and not in its one course only."""
    links = ObservationLink.objects.live().filter(observer=OuterRef("user"), student=OuterRef("associated_user"))
    opens = Q(scope=ObservationLink.Scope.ALL) | Q(courses__course=OuterRef("section__course"))
    return Exists(links.filter(opens))
