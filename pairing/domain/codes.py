"""Issue codes: one for a student, or one for each of many, by the same function and the same rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.locks import lock_users
from accounts.models import Account, CodeScope, User
from courses.models import Course
from pairing import code_text
from pairing.domain.events import CodeIssued, CodesExported
from pairing.models import LIVE_CODES_PER_STUDENT

LIFETIME = timedelta(days=7)
SLOTS = range(1, LIVE_CODES_PER_STUDENT + 1)

# Makes room for one more: ends expired codes and, if five are active, the oldest. One statement for all students, so
# that an export of thousands costs what one code costs. Reading the open codes as they were before it, it also says of
# each student who had any whether a live one was ended, and which slots the others have.
MAKE_ROOM = """
WITH ended AS (
UPDATE pairing_pairingcode code SET revoked_at = LEAST(code.expires_at, %(now)s)
FROM (
    SELECT id, expires_at <= %(now)s AS over,
           row_number() OVER (PARTITION BY student_id ORDER BY expires_at <= %(now)s, issued_at DESC, id DESC) AS rank
    FROM pairing_pairingcode
    WHERE student_id = ANY(%(students)s) AND used_at IS NULL AND revoked_at IS NULL
) open
WHERE code.id = open.id AND (open.over OR open.rank >= %(most)s)
RETURNING code.id, code.revoked_at < code.expires_at AS was_live
)
SELECT code.student_id, coalesce(bool_or(ended.was_live), false),
       coalesce(array_agg(code.slot) FILTER (WHERE ended.id IS NULL), '{}')
FROM pairing_pairingcode code LEFT JOIN ended USING (id)
WHERE code.student_id = ANY(%(students)s) AND code.used_at IS NULL AND code.revoked_at IS NULL
GROUP BY code.student_id
"""

# A text that another open code already has is neither stored nor returned: the caller draws it again.
STORE = """
INSERT INTO pairing_pairingcode
    (student_id, digest, hint, slot, course_id, account_id, issued_by_id, issued_at, expires_at)
SELECT student_id, digest, hint, slot, course_id, account_id, %(by)s, %(now)s, %(expires)s
FROM unnest(%(students)s::bigint[], %(digests)s::bytea[], %(hints)s::text[], %(slots)s::smallint[],
            %(courses)s::bigint[], %(accounts)s::bigint[])
     AS t(student_id, digest, hint, slot, course_id, account_id)
ON CONFLICT (digest) WHERE used_at IS NULL AND revoked_at IS NULL DO NOTHING
RETURNING student_id
"""


@dataclass(frozen=True)
class NewCode:
    """A new code with its text: the only time the text is available."""

    student_id: int
    text: str = field(repr=False)
    expires_at: datetime
    course: Course | None
    account: Account | None = None


def issue(
    student: User, *, by: User, course: Course | None = None, account: Account | None = None, binds: bool = False
) -> NewCode:
    """Issue a code for `student`, which works once within seven days; the oldest of five active codes ends.

    `course` or `account` is where the permission comes from: it limits the code if the institution has chosen so, and
    always if it `binds`. The caller has checked whether `by` may do this (pairing/domain/eligibility.py).
    """
    with transaction.atomic():
        (code,), _dropped = _issue_for([student.pk], by, course, account, {student.pk} if binds else set())
        limit = CodeIssued(code.course.pk if code.course else None, code.account.pk if code.account else None)
        record(limit, by=by, subject=student)
    return code


def issue_for_class(
    student_ids: Sequence[int], *, by: User, course: Course, bound: Collection[int] = ()
) -> list[NewCode]:
    """Issue a code for each of these students of `course`, in their order, in one transaction (an export).

    Codes for the students in `bound` open this course only, whatever the institution has chosen. The audit event
    records which students lost their oldest active code.
    """
    with transaction.atomic(savepoint=False):
        codes, dropped = _issue_for(student_ids, by, course, None, bound)
        record(CodesExported(course.pk, list(student_ids), dropped), by=by)
    return codes


def _issue_for(
    student_ids: Sequence[int], by: User, course: Course | None, account: Account | None, bound: Collection[int]
) -> tuple[list[NewCode], list[int]]:
    """Return the new codes, and the students whose oldest active code ended to make room for them."""
    if (course or account) and Account.objects.root().code_scope == CodeScope.COURSE:
        bound = set(student_ids)
    limits = {student: (course, account) if student in bound else (None, None) for student in student_ids}
    lock_users(student_ids)
    # Read the time only now: of two simultaneous requests, the one that had to wait creates the newer code.
    now = timezone.now()
    expires = now + LIFETIME
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "now": now,
            "students": list(student_ids),
            "most": LIVE_CODES_PER_STUDENT,
        }
        cursor.execute(MAKE_ROOM, parameters)
        had = cursor.fetchall()
        dropped = [student for student, was_live, _taken in had if was_live]
        taken = {student: slots for student, _was_live, slots in had}
        slots = {student: next(slot for slot in SLOTS if slot not in taken.get(student, ())) for student in student_ids}
        stored = _store(cursor, slots, limits, by, now, expires)
    return [NewCode(student, stored[student], expires, *limits[student]) for student in student_ids], dropped


def _store(
    cursor: CursorWrapper,
    slots: dict[int, int],
    limits: dict[int, tuple[Course | None, Account | None]],
    by: User,
    now: datetime,
    expires: datetime,
) -> dict[int, str]:
    """Draw and store a text for each student (a key of `slots`); return the texts by student id."""
    stored: dict[int, str] = {}
    while missing := [student for student in slots if student not in stored]:
        drawn = {student: code_text.draw() for student in missing}
        cursor.execute(
            STORE,
            {
                "by": by.person_acting.pk,
                "now": now,
                "expires": expires,
                "students": missing,
                "courses": [course.pk if course else None for course, _account in (limits[one] for one in missing)],
                "accounts": [account.pk if account else None for _course, account in (limits[one] for one in missing)],
                "digests": [code_text.digest(text) for text in drawn.values()],
                "hints": [text[-2:] for text in drawn.values()],
                "slots": [slots[student] for student in missing],
            },
        )
        stored |= {student: drawn[student] for (student,) in cursor.fetchall()}
    return stored
