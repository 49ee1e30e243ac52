"""What an observation link does: enrollments beside each of the student's, made, kept in step and removed.

The rules are Canvas's (reference: what a link does). All of it is set-based: the number of statements depends
neither on how many courses a student has nor on how many observers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.auditing import record, record_many
from accounts.errors import Invalid
from accounts.locking import lock_users, lock_with_linked
from accounts.models import Account, Action, ObservationLink, User
from accounts.tree import with_all_below
from courses.eligibility import why_not_observe
from courses.models import Course, LinkCourse

# Consent (courses/consent.py) comes with a link, but not before the student has accepted: beside an invitation of the
# student's, an observer enrollment tells the course's staff no more of the observer than of the student.
# Of several enrollments of one student in one section the most alive decides.
STRONGEST_FIRST = (
    "array_position(ARRAY['active', 'invited', 'creation_pending', 'inactive', 'completed', 'deleted', 'rejected'],"
    " e.state::text)"
)

# Who observes the student in the section already, whatever role or route made that, does so with the same enrollment.
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

# Row by row through the indexes: for a set of many the planner would rather read whole tables, and once too often.
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
MAKE_FOR_PLACES = MAKE.format(
    source="""unnest(%(students)s::bigint[], %(sections)s::bigint[]) AS place(student_id, section_id)
CROSS JOIN LATERAL (
    SELECT * FROM accounts_observationlink l WHERE l.student_id = place.student_id AND l.state = 'active' OFFSET 0
) l"""
    + STUDENTS_ENROLLMENTS.format("AND e.section_id = place.section_id")
)

NO_ANSWER = "o.state IN ('invited', 'creation_pending', 'rejected')"
# An observer enrollment that was removed by hand stays removed; an invitation that nobody has answered ends with what
# it was for. One made in a single course, without a link,
# follows the student out of the section but not back in.
CARRY = f"""
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
"""

LINK = """
INSERT INTO accounts_observationlink AS l (observer_id, student_id, state, origin, scope, created_at, updated_at)
SELECT observer_id, student_id, 'active', %(origin)s, %(scope)s, now(), now()
FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]) AS wanted(observer_id, student_id)
ON CONFLICT (observer_id, student_id) DO UPDATE
SET state = 'active',
    updated_at = CASE WHEN l.state = 'active' THEN l.updated_at ELSE now() END,
    origin = CASE WHEN l.state = 'active' THEN l.origin ELSE EXCLUDED.origin END,
    sis_import_id = CASE WHEN l.state = 'active' THEN l.sis_import_id END,
    scope = CASE WHEN l.state = 'active' AND l.scope = 'all' THEN 'all' ELSE EXCLUDED.scope END
RETURNING *
"""

# What the school has set up in single courses stays.
UNLINK = """
UPDATE courses_enrollment SET state = 'deleted', updated_at = now()
WHERE type = 'ObserverEnrollment' AND state <> 'deleted' AND only_by_link
  AND (user_id, associated_user_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
"""

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


NAME_COURSES = """
INSERT INTO courses_linkcourse (link_id, course_id)
SELECT DISTINCT %(link)s::bigint, c.id
FROM courses_enrollment e
JOIN courses_section s ON s.id = e.section_id AND s.workflow_state = 'active'
JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
WHERE e.user_id = %(student)s AND e.type = 'StudentEnrollment' AND e.accepted_at IS NOT NULL
  AND e.state NOT IN ('deleted', 'rejected') AND c.account_id = ANY(%(accounts)s)
ON CONFLICT DO NOTHING
"""


def link(
    observer: User,
    student: User,
    *,
    origin: ObservationLink.Origin,
    by: User | None,
    course: Course | None = None,
    account: Account | None = None,
) -> ObservationLink:
    """Let `observer` follow `student`: in all courses, or (with `course`) in that one besides any before.

    With `account` in those that the student takes in that account and below it now.

    Idempotent: linking again repairs what is missing. A narrower link never narrows a wider one.
    Returns the live link. Raises Invalid for two who may not observe (courses/eligibility.py).
    """
    with transaction.atomic(savepoint=False):
        lock_users([observer.pk, student.pk])
        made = link_held(observer, student, origin=origin, by=by, course=course, account=account)
    # Out here a refusal spoils no transaction of the caller's: nothing has been done.
    if isinstance(made, Invalid):
        raise made
    return made


def link_held(
    observer: User,
    student: User,
    *,
    origin: ObservationLink.Origin,
    by: User | None,
    course: Course | None,
    account: Account | None,
) -> ObservationLink | Invalid:
    """`link` for two people whose rows the caller holds in its transaction; gives the refusal, if there is one."""
    if refusal := why_not_observe([(observer.pk, student.pk, course.pk if course else None)]):
        return refusal
    scope = ObservationLink.Scope.COURSES if course or account else ObservationLink.Scope.ALL
    values = {"observers": [observer.pk], "students": [student.pk], "origin": origin, "scope": scope}
    (made,) = ObservationLink.objects.raw(LINK, values)
    if course:
        LinkCourse.objects.bulk_create([LinkCourse(link=made, course=course)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        if account:
            below = with_all_below(account)
            cursor.execute(NAME_COURSES, {"link": made.pk, "student": student.pk, "accounts": below})
        cursor.execute(MAKE_FOR_LINKS, {"links": [made.pk]})
    record(Action.LINK_MADE, by=by, subject=student, observer=observer.pk, origin=origin, scope=scope)
    made.observer, made.student = observer, student
    return made


def repair(observer: User, student: User) -> ObservationLink:
    """Put back what a live link should have made and is missing, such as an enrollment removed by hand.

    Call it inside a transaction.
    """
    lock_users([student.pk])
    found = ObservationLink.objects.live().get(observer=observer, student=student)
    with connection.cursor() as cursor:
        cursor.execute(MAKE_FOR_LINKS, {"links": [found.pk]})
    found.observer, found.student = observer, student
    return found


def unlink(found: ObservationLink, *, by: User | None) -> None:
    """End a link: every enrollment that it has made goes with it, at once. linking.stays_after says what does not."""
    unlink_all([(found.observer_id, found.student_id)], by=by)


END_OBSERVING = """
UPDATE courses_enrollment SET state = 'deleted', updated_at = now()
WHERE type = 'ObserverEnrollment' AND state <> 'deleted' AND associated_user_id IS NOT NULL
  AND (user_id = %(user)s OR associated_user_id = %(user)s)
"""


def unlink_person(user: User, *, by: User | None) -> int:
    """End every link `user` has, as observer and as student, with all that comes of them; returns how many.

    Being an observer in single courses, without a link, ends too. Call it inside a transaction.
    """
    links = lock_with_linked(user)
    ended = unlink_all(list(links.values_list("observer_id", "student_id")), by=by)
    with connection.cursor() as cursor:
        cursor.execute(END_OBSERVING, {"user": user.pk})
    return ended


def follow(places: Iterable[tuple[int, int]], *, returned: bool) -> None:
    """Bring observers' enrollments into step with the student's in these (student id, section id) places.

    `returned` says that the students are new there or came back (from inactive, completed or deleted), so that
    missing and removed observer enrollments are made anew. The caller holds the students' lock. Two statements.
    """
    pairs = sorted(set(places))
    parameters = {
        "students": [student for student, _ in pairs],
        "sections": [section for _, section in pairs],
    }
    with connection.cursor() as cursor:
        cursor.execute(CARRY, parameters)
        if returned:
            cursor.execute(MAKE_FOR_PLACES, parameters)


def by_link() -> Exists:
    """For a queryset of enrollments: whether each exists because of a link, and not in its one course only."""
    links = ObservationLink.objects.live().filter(observer=OuterRef("user"), student=OuterRef("associated_user"))
    opens = Q(scope=ObservationLink.Scope.ALL) | Q(courses__course=OuterRef("section__course"))
    return Exists(links.filter(opens))


Pairs = Collection[tuple[int, int]]

LINKED_BEFORE = """
SELECT observer_id, student_id, scope FROM accounts_observationlink
WHERE state = 'active'
  AND (observer_id, student_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
"""

# What ends here is no import's any more, so none that is taken back revives it; one that ends it says so afterwards.
END_LINKS = """
WITH ended AS (
    UPDATE accounts_observationlink SET state = 'deleted', sis_import_id = NULL, updated_at = now()
    WHERE state = 'active'
      AND (observer_id, student_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
    RETURNING id
)
DELETE FROM courses_linkcourse WHERE link_id IN (SELECT id FROM ended)
"""


def link_all(pairs: Pairs, *, origin: ObservationLink.Origin, by: User | None) -> list[int]:
    """Let each observer follow the student in all courses, for (observer id, student id) pairs; as `link` for one.

    Returns the ids of the links, all of them live now. What was linked so already is repaired and not recorded again.
    For rosters, whose rows were looked at before: nothing is refused here. Raises IntegrityError for a person linked
    with themselves. Five statements, however many pairs.
    """
    values = {**_sides(pairs), "origin": origin, "scope": ObservationLink.Scope.ALL}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        lock_users(values["observers"] + values["students"])
        cursor.execute(LINKED_BEFORE, values)
        before = {(observer, student) for observer, student, scope in cursor.fetchall() if scope == values["scope"]}
        links = [made.pk for made in ObservationLink.objects.raw(LINK, values)]
        cursor.execute(MAKE_FOR_LINKS, {"links": links})
        made = [(student, {"observer": observer}) for observer, student in pairs if (observer, student) not in before]
        record_many(Action.LINK_MADE, made, by=by, origin=origin, scope=ObservationLink.Scope.ALL)
    return links


def unlink_all(pairs: Pairs, *, by: User | None) -> int:
    """End the live links among these (observer id, student id) pairs; returns how many there were.

    What the school has set up in single courses, by hand or by a file, stays. Five statements, however many pairs.
    """
    values = _sides(pairs)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        lock_users(values["students"])
        cursor.execute(LINKED_BEFORE, values)
        live = [(observer, student) for observer, student, _scope in cursor.fetchall()]
        values = _sides(live)
        cursor.execute(END_LINKS, values)
        cursor.execute(UNLINK, values)
        record_many(Action.LINK_REMOVED, [(student, {"observer": observer}) for observer, student in live], by=by)
    return len(live)


NARROW = """
UPDATE accounts_observationlink l SET scope = 'courses', updated_at = now()
WHERE l.id = ANY(%(links)s) AND l.state = 'active' AND l.scope = 'all'
  AND EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id)
RETURNING l.observer_id, l.student_id
"""

PLACES_OF_LINKS = """
SELECT DISTINCT section_id FROM courses_enrollment WHERE type = 'ObserverEnrollment' AND state <> 'deleted'
AND (user_id, associated_user_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
"""


def narrow_all(links: Collection[int], *, by: User | None) -> int:
    """Let links that were limited to some courses, and then opened all, open only those again; returns how many.

    The caller holds the students' locks. Four statements, however many links.
    """
    with connection.cursor() as cursor:
        cursor.execute(NARROW, {"links": list(links)})
        pairs = cursor.fetchall()
        cursor.execute(PLACES_OF_LINKS, _sides(pairs))
        keep_within_scopes(section for (section,) in cursor.fetchall())
    made = [(student, {"observer": observer}) for observer, student in pairs]
    record_many(Action.LINK_MADE, made, by=by, scope=ObservationLink.Scope.COURSES)
    return len(pairs)


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


def _sides(pairs: Pairs) -> dict[str, Any]:
    return {"observers": [observer for observer, _ in pairs], "students": [student for _, student in pairs]}
