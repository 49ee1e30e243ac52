"""Whether work is late, missing or excused, decided once: for an object in Python, for many in SQL.

1. What is excused is neither late nor missing.
2. What a teacher or the source set holds.
3. Work that was handed in is late if that was after the student's due date.
4. Work that was not is missing once that date is past, if it is to be handed in online and no grade is released.
5. Other work, on paper for instance, is missing only if somebody set that.

`Assigned` (courses/models/assigned.py) reads the SQL, and a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from courses.models.assignment import HANDED_IN_ONLINE


class Verdict(NamedTuple):
    """What is said of a piece of work besides its grade."""

    late: bool
    missing: bool
    excused: bool


def judge(
    *,
    excused: bool,
    set_by_hand: str,
    submitted_at: datetime | None,
    due_at: datetime | None,
    submission_types: Collection[str],
    has_released_grade: bool,
    now: datetime,
) -> Verdict:
    """Return whether a piece of work is late, missing or excused.

    `set_by_hand` is the `late_policy_status` of the submission, empty without one; `due_at` is the student's own date.
    """
    if excused:
        return Verdict(late=False, missing=False, excused=True)
    if set_by_hand:
        return Verdict(late=set_by_hand == "late", missing=set_by_hand == "missing", excused=False)
    if submitted_at is not None:
        return Verdict(late=due_at is not None and submitted_at > due_at, missing=False, excused=False)
    is_expected = not set(HANDED_IN_ONLINE).isdisjoint(submission_types)
    is_past = due_at is not None and due_at < now
    return Verdict(late=False, missing=is_expected and is_past and not has_released_grade, excused=False)


# For the assignment a, the submission w, which may be none, and the student's own dates.
EXCUSED = "coalesce(w.excused, false)"
SET_BY_HAND = "coalesce(w.late_policy_status, '')"
ONLINE = f"ARRAY[{', '.join(repr(each) for each in HANDED_IN_ONLINE)}]::varchar[]"
RELEASED = "coalesce(w.posted_at <= statement_timestamp(), false)"
GRADE_IS_RELEASED = f"({RELEASED} AND (w.score IS NOT NULL OR w.grade <> ''))"
LATE = f"""(NOT {EXCUSED} AND CASE {SET_BY_HAND} WHEN '' THEN coalesce(w.submitted_at > dates.due_at, false)
    ELSE {SET_BY_HAND} = 'late' END)"""
MISSING = f"""(NOT {EXCUSED} AND CASE {SET_BY_HAND} WHEN '' THEN w.submitted_at IS NULL
    AND coalesce(dates.due_at < statement_timestamp(), false) AND NOT {GRADE_IS_RELEASED}
    AND a.submission_types && {ONLINE} ELSE {SET_BY_HAND} = 'missing' END)"""

# Everyone who takes a course, once, however many of its sections they are in.
TAKING = """
    SELECT DISTINCT s.course_id, e.user_id FROM courses_enrollment e JOIN courses_section s ON s.id = e.section_id
    WHERE e.type = 'StudentEnrollment' AND e.state NOT IN ('deleted', 'rejected') AND s.workflow_state = 'active'
"""
# Of the dates that a student has besides the assignment's: their own, else those of their sections, the latest due.
OWN_DATES = """
    SELECT d.id, d.due_at, d.unlock_at, d.lock_at FROM courses_assignmentdate d
    WHERE d.assignment_id = a.id AND (d.student_id = taking.user_id OR d.section_id IN (
        SELECT e.section_id FROM courses_enrollment e
        WHERE e.user_id = taking.user_id AND e.type = 'StudentEnrollment' AND e.state NOT IN ('deleted', 'rejected')))
    ORDER BY d.student_id IS NULL, d.due_at DESC NULLS FIRST, d.id LIMIT 1
"""
# A filter by student, by course or by both reaches the enrollments, so that only these are gone through.
ASSIGNED = f"""
CREATE VIEW courses_assigned AS
SELECT a.id AS assignment_id, taking.user_id AS student_id, a.course_id, w.id AS submission_id,
    dates.due_at, dates.unlock_at, dates.lock_at,
    {EXCUSED} AS excused, {LATE} AS late, {MISSING} AS missing, {GRADE_IS_RELEASED} AS is_graded,
    CASE WHEN {RELEASED} THEN w.score END AS score, CASE WHEN {RELEASED} THEN w.grade ELSE '' END AS grade
FROM ({TAKING}) taking
JOIN courses_assignment a ON a.course_id = taking.course_id AND a.workflow_state = 'published'
LEFT JOIN courses_submission w ON w.assignment_id = a.id AND w.student_id = taking.user_id
LEFT JOIN LATERAL ({OWN_DATES}) own ON true
CROSS JOIN LATERAL (SELECT
    CASE WHEN own.id IS NULL THEN a.due_at ELSE own.due_at END AS due_at,
    CASE WHEN own.id IS NULL THEN a.unlock_at ELSE own.unlock_at END AS unlock_at,
    CASE WHEN own.id IS NULL THEN a.lock_at ELSE own.lock_at END AS lock_at) dates
WHERE own.id IS NOT NULL OR NOT a.only_visible_to_overrides
"""  # noqa: S608 built from constants
SQL = ASSIGNED + ";"
REVERSE = "DROP VIEW courses_assigned;"
