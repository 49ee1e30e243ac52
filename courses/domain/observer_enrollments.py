"""The enrollments of observers beside a student's: created by a link, and kept in step with the student's.

The rules are Canvas's (reference: what a link does). All of it is set-based: the number of statements depends neither
on how many courses a student has nor on how many observers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from accounts.models import ObservationLink, User
from courses.domain.observation_events import author, with_events

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
ON CONFLICT (section_id, user_id, type, role_id, associated_user_id) DO UPDATE
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
MAKE_IN_PLACES = with_events(MAKE_FOR_STUDENTS, "beside")

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
            cursor.execute(MAKE_IN_PLACES, {**_columns(came), **author(by, sis_import)})
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
