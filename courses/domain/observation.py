"""Links between observers and students: created, repaired, ended, with the enrollments that follow.

The rules are Canvas's (reference: what a link does). All of it is set-based: the number of statements depends neither
on how many courses a student has nor on how many observers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.domain.audit import Change
from accounts.domain.locks import lock_users, lock_with_linked
from accounts.errors import Invalid
from accounts.models import Account, ObservationLink, User
from courses.access.observation import ASK, refusal_of
from courses.domain.observation_events import LinkScope, author, observing_began, observing_ended, with_events
from courses.domain.observer_enrollments import MAKE_FOR_LINKS, keep_within_scopes
from courses.models import Course

Origin = ObservationLink.Origin
# An upsert, because a link that ended is revived: its row keeps its id. What was active already keeps its date and
# origin, and never becomes narrower.
LINK = """
INSERT INTO accounts_observationlink AS l (observer_id, student_id, state, origin, scope, created_at, updated_at)
SELECT observer_id, student_id, 'active', %(origin)s, %(scope)s, now(), now()
FROM {wanted}
ON CONFLICT (observer_id, student_id) DO UPDATE
SET state = 'active',
    updated_at = CASE WHEN l.state = 'active' THEN l.updated_at ELSE now() END,
    origin = CASE WHEN l.state = 'active' THEN l.origin ELSE EXCLUDED.origin END,
    sis_import_id = CASE WHEN l.state = 'active' THEN l.sis_import_id END,
    scope = CASE WHEN l.state = 'active' AND l.scope = 'all' THEN 'all' ELSE EXCLUDED.scope END
-- What a statement reads is as it was before it.
RETURNING *, (SELECT b.scope FROM accounts_observationlink b WHERE b.id = l.id AND b.state = 'active') AS scope_before
"""
LINK_MANY = LINK.format(
    wanted="unnest(%(observers)s::bigint[], %(students)s::bigint[]) AS wanted(observer_id, student_id)"
)
# The courses a link is limited to, beside any before: one, or those the student takes now in an account and below it.
NAME_COURSE = """
INSERT INTO courses_linkcourse (link_id, course_id) SELECT made.id, %(course)s::bigint FROM made
ON CONFLICT DO NOTHING RETURNING course_id
"""
NAME_COURSES = """
INSERT INTO courses_linkcourse (link_id, course_id)
SELECT DISTINCT made.id, c.id
FROM made JOIN courses_enrollment e ON e.user_id = made.student_id AND e.type = 'StudentEnrollment'
    AND e.accepted_at IS NOT NULL AND e.state NOT IN ('deleted', 'rejected')
JOIN courses_section s ON s.id = e.section_id AND s.workflow_state = 'active'
JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
JOIN accounts_account a ON a.id = c.account_id
    AND (a.id = %(account)s OR (a.ancestors @> ARRAY[%(account)s]::bigint[] AND a.workflow_state = 'active'))
ON CONFLICT DO NOTHING RETURNING course_id
"""


def _allowed(named: str = "SELECT NULL::bigint AS course_id WHERE false") -> str:
    """Return SQL that makes one link and names its courses, unless the rules, asked at the same time, refuse it."""
    wanted = "asked AS wanted(problem, observer_id, student_id) WHERE problem IS NULL"
    return f"""
WITH asked AS ({ASK}), made AS ({LINK.format(wanted=wanted)}), named AS ({named})
SELECT asked.problem, ARRAY(SELECT course_id FROM named) AS named, made.* FROM asked LEFT JOIN made ON true
"""  # noqa: S608 built from constants


LINK_ALLOWED, LINK_TO_COURSE, LINK_TO_COURSES = _allowed(), _allowed(NAME_COURSE), _allowed(NAME_COURSES)
# Of a link that was there before, what has been missing begins anew; of a new one the link itself tells.
REPAIR_LINKS = with_events(MAKE_FOR_LINKS, "beside")
REPAIR_OLD_LINKS = with_events(
    MAKE_FOR_LINKS,
    "beside",
    but="(user_id, associated_user_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))",
)

# What the school has set up in individual courses stays. One statement for any number of links, found by the index on
# both people.
UNLINK = """
UPDATE courses_enrollment SET state = 'deleted', updated_at = now()
WHERE type = 'ObserverEnrollment' AND state <> 'deleted' AND only_by_link
  AND (user_id, associated_user_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
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
    """Let `observer` follow `student`: in all courses, or (with `course`) in that one in addition to any before.

    With `account`, in the courses the student takes in that account and below it now.

    Idempotent: linking again repairs what is missing, and is recorded only if it opens more than before. A narrower
    link never narrows a wider one. Returns the active link. Raises Invalid for two people who may not observe
    (courses/access/observation.py).
    """
    with transaction.atomic(savepoint=False):
        lock_users([observer.pk, student.pk])
        where = course.pk if course else None, account.pk if account else None
        made = link_held(observer, student, *where, origin=origin, by=by)
    # Raised here, a refusal aborts no transaction of the caller: nothing has been done.
    if isinstance(made, Invalid):
        raise made
    return made


def link_held(
    observer: User, student: User, course: int | None, account: int | None, *, origin: Origin, by: User | None
) -> ObservationLink | Invalid:
    """Link two people whose rows the caller has locked in its transaction; return the refusal, if there is one."""
    scope = ObservationLink.Scope.COURSES if course or account else ObservationLink.Scope.ALL
    whom = {"observers": [observer.pk], "students": [student.pk], "courses": [course]}
    sql = LINK_TO_COURSE if course else LINK_TO_COURSES if account else LINK_ALLOWED
    with connection.cursor() as cursor:
        found = _link(cursor, sql, {**whom, "course": course, "account": account, "origin": origin, "scope": scope})
        if isinstance(found, Invalid):
            return found
        made, scope_before, named = found
        if made.scope != scope_before or (named and made.scope == ObservationLink.Scope.COURSES):
            began = LinkScope(observer.pk, student.pk, scope, origin, named)
            observing_began([began], by=by, of=Change(MAKE_FOR_LINKS, {"links": [made.pk]}))
        else:
            cursor.execute(REPAIR_LINKS, {"links": [made.pk], **author(by)})
    made.observer, made.student = observer, student
    return made


def _link(
    cursor: CursorWrapper, sql: str, values: dict[str, Any]
) -> tuple[ObservationLink, str | None, tuple[int, ...]] | Invalid:
    """Make or revive one link; return it with the scope it had, if it was live, and the new courses; or the refusal."""
    cursor.execute(sql, values)
    names = [column.name for column in cursor.description]
    stored = dict(zip(names, cursor.fetchone() or ("gone",), strict=False))
    if problem := stored.pop("problem"):
        return refusal_of(problem)
    scope_before, named = stored.pop("scope_before"), tuple(stored.pop("named"))
    made = ObservationLink(**stored)
    made._state.adding, made._state.db = False, connection.alias
    return made, scope_before, named


def repair(observer: User, student: User, *, by: User) -> ObservationLink:
    """Restore what an active link should have created and is missing, such as an enrollment removed by hand.

    Call it inside a transaction.
    """
    lock_users([student.pk])
    found = ObservationLink.objects.live().get(observer=observer, student=student)
    with connection.cursor() as cursor:
        cursor.execute(REPAIR_LINKS, {"links": [found.pk], **author(by)})
    found.observer, found.student = observer, student
    return found


def unlink(found: ObservationLink, *, by: User | None) -> None:
    """End a link: every enrollment that it created ends with it. `stays_after` says what does not."""
    unlink_all([(found.observer_id, found.student_id)], by=by)


END_OBSERVING = with_events(
    """
UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
WHERE type = 'ObserverEnrollment' AND state <> 'deleted' AND associated_user_id IS NOT NULL
  AND (user_id = %(user)s OR associated_user_id = %(user)s)
""",
    "e",
)


def unlink_person(user: User, *, by: User | None) -> int:
    """End every link `user` has, as observer and as student, with everything that follows; return how many.

    Being an observer in individual courses, without a link, ends too. Call it inside a transaction.
    """
    links = lock_with_linked(user)
    ended = unlink_all(list(links.values_list("observer_id", "student_id")), by=by)
    with connection.cursor() as cursor:
        cursor.execute(END_OBSERVING, {"user": user.pk, **author(by)})
    return ended


Pairs = Collection[tuple[int, int]]

# Reads the links that exist before the change, so that only real changes are recorded.
LINKED_BEFORE = """
SELECT observer_id, student_id, scope, origin,
       ARRAY(SELECT course_id FROM courses_linkcourse c WHERE c.link_id = l.id AND l.scope = 'courses')
FROM accounts_observationlink l
WHERE state = 'active'
  AND (observer_id, student_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
"""

# What ends here no longer belongs to an import, so undoing an import does not revive it; an import that ends it records
# this afterwards.
END_LINKS = """
WITH ended AS (
    UPDATE accounts_observationlink SET state = 'deleted', sis_import_id = NULL, updated_at = now()
    WHERE state = 'active'
      AND (observer_id, student_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
    RETURNING id
)
DELETE FROM courses_linkcourse WHERE link_id IN (SELECT id FROM ended)
"""


def link_all(
    pairs: Pairs, *, origin: ObservationLink.Origin, by: User | None, sis_import: int | None = None
) -> list[int]:
    """Let each observer follow the student in all courses, for (observer id, student id) pairs; as `link` for one.

    Returns the ids of the links, all of them active now. Existing links are repaired and not recorded again. This is
    for rosters, whose rows were checked before: nothing is refused here. Raises IntegrityError for a person linked with
    themselves. Five statements, however many pairs.
    """
    values = {**_sides(pairs), "origin": origin, "scope": ObservationLink.Scope.ALL}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        lock_users(values["observers"] + values["students"])
        cursor.execute(LINKED_BEFORE, values)
        before = {(one.observer, one.student) for one in _scopes(cursor) if one.scope == values["scope"]}
        links = [made.pk for made in ObservationLink.objects.raw(LINK_MANY, values)]
        new = [pair for pair in pairs if pair not in before]
        cursor.execute(REPAIR_OLD_LINKS, {"links": links, **_sides(new), **author(by, sis_import)})
        began = [LinkScope(*pair, ObservationLink.Scope.ALL, origin) for pair in new]
        observing_began(began, by=by, sis_import=sis_import)
    return links


def _scopes(cursor: CursorWrapper) -> list[LinkScope]:
    """Return what the links that LINKED_BEFORE has found open."""
    return [
        LinkScope(observer, student, scope, origin, tuple(courses))
        for observer, student, scope, origin, courses in cursor.fetchall()
    ]


def unlink_all(pairs: Pairs, *, by: User | None, sis_import: int | None = None) -> int:
    """End the active links among these (observer id, student id) pairs; return how many there were.

    What the school has set up in individual courses, by hand or by a file, stays. Five statements, however many pairs.
    """
    values = _sides(pairs)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        lock_users(values["students"])
        cursor.execute(LINKED_BEFORE, values)
        live = _scopes(cursor)
        values = _sides([(one.observer, one.student) for one in live])
        cursor.execute(END_LINKS, values)
        cursor.execute(UNLINK, values)
        observing_ended(live, by=by, sis_import=sis_import)
    return len(live)


# Only links that name courses: a link to all courses that never named any stays.
NARROW = """
UPDATE accounts_observationlink l SET scope = 'courses', updated_at = now()
WHERE l.id = ANY(%(links)s) AND l.state = 'active' AND l.scope = 'all'
  AND EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id)
RETURNING l.observer_id, l.student_id, l.scope, l.origin,
          ARRAY(SELECT course_id FROM courses_linkcourse c WHERE c.link_id = l.id)
"""

SECTIONS_OF_LINKS = """
SELECT DISTINCT section_id FROM courses_enrollment WHERE type = 'ObserverEnrollment' AND state <> 'deleted'
AND (user_id, associated_user_id) IN (SELECT * FROM unnest(%(observers)s::bigint[], %(students)s::bigint[]))
"""


def narrow_all(links: Collection[int], *, by: User | None, sis_import: int | None = None) -> int:
    """Limit links again that were limited to some courses before they opened all; return how many.

    The caller has locked the students. Four statements, however many links.
    """
    with connection.cursor() as cursor:
        cursor.execute(NARROW, {"links": list(links)})
        narrowed = _scopes(cursor)
        cursor.execute(SECTIONS_OF_LINKS, _sides([(one.observer, one.student) for one in narrowed]))
        keep_within_scopes(section for (section,) in cursor.fetchall())
    wide = [replace(one, scope=ObservationLink.Scope.ALL, courses=()) for one in narrowed]
    observing_ended(wide, by=by, sis_import=sis_import)
    observing_began(narrowed, by=by, sis_import=sis_import)
    return len(narrowed)


def _sides(pairs: Pairs) -> dict[str, Any]:
    return {"observers": [observer for observer, _ in pairs], "students": [student for _, student in pairs]}
