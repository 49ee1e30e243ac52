"""X now observes Y, X observes Y no longer: the events that say so, whatever has made or ended it.

They are written here only, and many of them by SQL for thousands at a time: to act on them, read them
(`accounts.domain.audit.read_events`). Observing has a scope, and each scope begins and ends for itself:

- all courses of the student, or those that a link is limited to: with the link between the two. What the link does to
  enrollments when it is made and when it ends goes without saying.
- one course: with the first, and the last, enrollment there by which the observer sees the student. So observing
  begins and ends where the school sets it up in a single course, and where a link follows the student into a course
  and out of it.

Beside that, the enrollments themselves are told of by whatever changes many at once: a roster, and what follows a
student.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.domain.audit import Change, details_of, event_in_sql, record_in_sql, record_many, who
from accounts.models import Action, User
from courses.domain.events import FIELDS, EnrollmentChanged, ObservingBegan, ObservingEnded, Scope
from courses.models import Enrollment


@dataclass(frozen=True)
class LinkScope:
    """What a link opens: all courses of the student, or `courses` (their ids); and how the link was made."""

    observer: int
    student: int
    scope: str
    origin: str
    courses: tuple[int, ...] = ()


def observing_began(
    scopes: Iterable[LinkScope], *, by: User | None, sis_import: int | None = None, of: Change | None = None
) -> None:
    """Say that each observer observes the student from now on, in this scope (one statement, which also makes the
    change `of` which it tells).
    """
    record_many([(one.student, ObservingBegan(**_fields(one, sis_import))) for one in scopes], by=by, of=of)


def observing_ended(scopes: Iterable[LinkScope], *, by: User | None, sis_import: int | None = None) -> None:
    """Say that each observer observes the student no longer, in this scope (one statement)."""
    record_many([(one.student, ObservingEnded(**_fields(one, sis_import))) for one in scopes], by=by)


def _fields(one: LinkScope, sis_import: int | None) -> dict[str, Any]:
    return {
        "observer": one.observer,
        "scope": one.scope,
        "origin": one.origin,
        "courses": sorted(one.courses) or None,
        "sis_import": sis_import,
    }


# By these an observer sees the student: courses/access/courses.py.
SEEING = f"({', '.join(repr(str(state)) for state in (Enrollment.State.ACTIVE, Enrollment.State.COMPLETED))})"
# What `changed` must have of each enrollment, as it is after the change; and what it must have to be told of itself.
COLUMNS = ("id", "user_id", "associated_user_id", "section_id", "state", "only_by_link", "sis_import_id")
ALL_COLUMNS = (*COLUMNS, "type", *FIELDS)
ORIGIN = """
CASE WHEN bool_and(changed.only_by_link) THEN 'link' WHEN bool_or(changed.sis_import_id IS NOT NULL) THEN 'sis'
     ELSE 'staff' END
"""

HEAD = f"""
INSERT INTO accounts_auditevent (at, action, actor_id, acting_for_id, subject_id, details)
SELECT clock_timestamp(), CASE WHEN seen.before THEN '{Action.OBSERVING_ENDED}' ELSE '{Action.OBSERVING_BEGAN}' END,
       %(actor)s::bigint, %(acting_for)s::bigint, one.student,
       {
    details_of(
        ObservingBegan,
        observer="one.observer",
        scope=f"'{Scope.COURSE}'",
        origin="one.origin",
        course="one.course",
        sis_import="%(sis_import)s::bigint",
    )
}
"""

# Put behind the change in one statement, this sees the enrollments as they were before it. So what was seen before and
# is not seen afterwards can be told from the two, with nothing kept in between and no statement more: a roster changes
# thousands in a chunk. Who observes somebody in two sections of a course ends with the last.
EVENTS = f"""
{HEAD}
FROM (
    SELECT changed.user_id AS observer, changed.associated_user_id AS student, s.course_id AS course,
           bool_or(changed.state IN {SEEING}) AS sees, {ORIGIN} AS origin
    FROM changed JOIN courses_section s ON s.id = changed.section_id
    JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
    WHERE changed.associated_user_id IS NOT NULL
    GROUP BY changed.user_id, changed.associated_user_id, s.course_id
) one
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS before,
           one.sees OR coalesce(bool_or(e.id NOT IN (SELECT id FROM changed WHERE id IS NOT NULL)), false) AS after
    FROM courses_enrollment e JOIN courses_section s ON s.id = e.section_id
    WHERE e.associated_user_id = one.student AND e.user_id = one.observer AND s.course_id = one.course
      AND e.state IN {SEEING}
) seen
WHERE seen.before <> seen.after
ORDER BY one.student, one.observer, one.course
"""  # noqa: S608 built from constants of this module


# Of enrollments in `changed` that were there before: the same statement sees them as they were, and so can tell which
# are in another state, or have other dates or another limit. One without an id is yet to be made, and told of then.
ENROLLMENTS = record_in_sql(
    event_in_sql(
        EnrollmentChanged,
        f"""changed LEFT JOIN courses_enrollment AS old ON old.id = changed.id
CROSS JOIN LATERAL (SELECT CASE WHEN old.id IS NOT NULL THEN nullif(array_remove(ARRAY[{
            ", ".join(f"CASE WHEN changed.{name} IS DISTINCT FROM old.{name} THEN '{name}' END" for name in FIELDS)
        }], NULL), '{{}}') END AS fields) AS other
WHERE changed.id IS NOT NULL AND (old.state IS DISTINCT FROM changed.state OR other.fields IS NOT NULL)""",  # noqa: S608
        subject="changed.user_id",
        enrollment="changed.id",
        section="changed.section_id",
        type="changed.type",
        before="old.state",
        state="changed.state",
        fields="other.fields",
        sis_import="%(sis_import)s::bigint",
    )
)

# A roster that deletes a course leaves the enrollments in it as they are: they come back with it.
_COURSES = f"""
{HEAD}
FROM (
    SELECT changed.user_id AS observer, changed.associated_user_id AS student, s.course_id AS course, {ORIGIN} AS origin
    FROM courses_section s
    JOIN courses_enrollment changed ON changed.section_id = s.id AND changed.associated_user_id IS NOT NULL
    WHERE s.course_id = ANY(%(courses)s) AND changed.state IN {SEEING}
    GROUP BY changed.user_id, changed.associated_user_id, s.course_id
) one
CROSS JOIN (SELECT {{before}} AS before) seen
ORDER BY one.student, one.observer, one.course
"""  # noqa: S608
COURSES_END = _COURSES.format(before="true")
COURSES_RETURN = _COURSES.format(before="false")


def courses_end(courses: Collection[int], *, by: User | None, sis_import: int | None = None) -> None:
    """Say that nobody observes in these courses any more, which are deleted with the enrollments in them left alone."""
    _tell_of_courses(COURSES_END, courses, by, sis_import)


def courses_return(courses: Collection[int], *, by: User | None, sis_import: int | None = None) -> None:
    """Say that whoever observed in these courses does so again: they were deleted, with the enrollments left alone."""
    _tell_of_courses(COURSES_RETURN, courses, by, sis_import)


def _tell_of_courses(sql: str, courses: Collection[int], by: User | None, sis_import: int | None) -> None:
    if courses:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"courses": list(courses), **author(by, sis_import)})


def returned(enrollment: str) -> str:
    """Return SQL: what a change of enrollments returns for `changed`, where it calls the table `enrollment`."""
    return ", ".join(f"{enrollment}.{name}" for name in ALL_COLUMNS)


def with_events(change: str, enrollment: str, *, but: str = "false") -> str:
    """Return SQL: a change of enrollments, and with it their events, and those of whom it lets begin or end to
    observe in single courses.

    `enrollment` is what the change calls the table. Where `but` holds of an enrollment, a link tells of it. Execute it
    with the values of `author`.
    """
    return f"""
    WITH made AS ({change} RETURNING {returned(enrollment)}), changed AS (SELECT * FROM made WHERE NOT ({but})),
    told AS ({ENROLLMENTS}) {EVENTS}
    """  # noqa: S608


def author(by: User | None, sis_import: int | None = None) -> dict[str, int | None]:
    """Return the values that the SQL of the events takes: who has made the change, and which roster."""
    actor, acting_for = who(by)
    return {"actor": actor, "acting_for": acting_for, "sis_import": sis_import}


FORETELL = f"""
WITH changed AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(users)s::bigint[], %(students)s::bigint[], %(sections)s::bigint[],
                         %(states)s::text[], %(by_link)s::boolean[], %(imports)s::bigint[])
    AS c({", ".join(COLUMNS)})
) {EVENTS}
"""  # noqa: S608


def foretell(
    enrollments: Iterable[tuple[int | None, Enrollment]], *, by: User | None, sis_import: int | None = None
) -> None:
    """Say who begins and who ends to observe by enrollments that are about to be changed.

    They are given as they will be, each with its id (None: a new one). One statement, and none where nobody observes
    by them.
    """
    observing = [(pk, one) for pk, one in enrollments if one.associated_user_id]
    if not observing:
        return
    values: dict[str, Any] = {
        "ids": [pk for pk, _one in observing],
        "users": [one.user_id for _pk, one in observing],
        "students": [one.associated_user_id for _pk, one in observing],
        "sections": [one.section_id for _pk, one in observing],
        "states": [str(one.state) for _pk, one in observing],
        "by_link": [one.only_by_link for _pk, one in observing],
        "imports": [one.sis_import_id for _pk, one in observing],
    }
    with connection.cursor() as cursor:
        cursor.execute(FORETELL, {**values, **author(by, sis_import)})


SET_STATE = f"""
WITH changed AS (
    SELECT {", ".join(name if name != "state" else "%(state)s AS state" for name in ALL_COLUMNS)}
    FROM courses_enrollment WHERE id = ANY(%(ids)s)
) {ENROLLMENTS}
"""  # noqa: S608


def foretell_state(enrollments: Collection[int], state: str, *, by: User | None, sis_import: int | None = None) -> None:
    """Say of enrollments, before it is so, that they are in another state (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(SET_STATE, {"ids": list(enrollments), "state": state, **author(by, sis_import)})


def in_state(enrollment: Enrollment, state: str) -> Enrollment:
    """Return a copy of the enrollment that is in another state."""
    other = copy(enrollment)
    other.state = state
    return other
