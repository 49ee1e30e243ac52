"""Using and revoking codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from accounts.auditing import record
from accounts.models import Account, Action, ObservationLink, User
from courses.observing import link
from pairing import texts, tries
from pairing.errors import AlreadyLinked, CodeRefused, OwnCode, PairingIsOff
from pairing.models import PairingCode

Result = TypeVar("Result")

LIVE = "c.digest = %(digest)s AND c.used_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > %(now)s"

LOCK_STUDENT = f"""
SELECT u.* FROM accounts_user u
WHERE u.id = (SELECT c.student_id FROM pairing_pairingcode c WHERE {LIVE}) AND u.state <> 'deleted' FOR NO KEY UPDATE
"""  # noqa: S608 built from constants of this module

LOCK_CODE = f"SELECT c.* FROM pairing_pairingcode c WHERE {LIVE} FOR UPDATE"  # noqa: S608

OPEN = """
SELECT EXISTS (
    SELECT 1 FROM accounts_observationlink l
    WHERE l.observer_id = %(observer)s AND l.student_id = %(student)s AND l.state = 'active'
      AND (l.scope = 'all'
           OR EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = %(course)s)))
"""


def preview(typed: str, *, observer: User, network: str) -> PairingCode:
    """The code behind what was typed, with its student and course, for the observer to confirm; spends nothing.

    Raises what `redeem` raises: looking is a try like any other.
    """
    return _try(typed, observer, observer, network, lambda code: code)


def redeem(typed: str, *, observer: User, by: User, network: str) -> ObservationLink:
    """Spend a code: link `observer` to its student. `by` is who asks, for the limits and the record.

    One transaction that holds the code's row, so that of any number of simultaneous tries one wins. Raises
    PairingIsOff, NotWhileActing, TooManyTries, CodeRefused (one answer for every code that does not work), OwnCode,
    AlreadyLinked.
    """
    return _try(typed, observer, by, network, lambda code: spend(code, observer=observer, by=by))


def _try(typed: str, observer: User, by: User, network: str, then: Callable[[PairingCode], Result]) -> Result:
    if not Account.objects.root().pairing_is_on:
        raise PairingIsOff
    with transaction.atomic():
        tries.take_turn(by, network)
        code = find(typed)
        if code is None:
            refusal = tries.record_failure(by, network, CodeRefused())
        else:
            if code.student_id == observer.pk:
                raise OwnCode
            if already_open(code, observer):
                raise AlreadyLinked(code.student)
            return then(code)
    # Outside the transaction, which must be kept: it holds the failure.
    raise refusal


def find(typed: str) -> PairingCode | None:
    """The live code with this text, its row held until the transaction ends; None for any text that does not work.

    The student's row is taken first and then the code's, as when codes are made: else the two could wait for each
    other for ever.
    """
    wanted = {"digest": texts.digest(texts.tidy(typed)), "now": timezone.now()}
    student = next(iter(User.objects.raw(LOCK_STUDENT, wanted)), None)
    code = next(iter(PairingCode.objects.raw(LOCK_CODE, wanted)), None) if student else None
    if code and student:
        code.student = student
    return code


def already_open(code: PairingCode, observer: User) -> bool:
    """Whether `observer` sees already all that this code would open."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"observer": observer.pk, "student": code.student_id, "course": code.course_id})
        return bool(cursor.fetchone()[0])


def spend(code: PairingCode, *, observer: User, by: User) -> ObservationLink:
    """Mark a code (whose row is held) as used and make its link. Call it inside the transaction that found it."""
    code.used_at = timezone.now()
    code.used_by = observer
    code.save(update_fields=["used_at", "used_by"])
    made = link(observer, code.student, origin=ObservationLink.Origin.CODE, by=by, course=code.course)
    record(Action.CODE_REDEEMED, by=by, subject=code.student, observer=observer.pk, code=code.pk)
    return made


def revoke(code: PairingCode, *, by: User) -> bool:
    """End a code before its time. Returns whether it was still open."""
    with transaction.atomic():
        ended = PairingCode.objects.open().filter(pk=code.pk).update(revoked_at=timezone.now())
        if ended:
            record(Action.CODE_REVOKED, by=by, subject=code.student, code=code.pk)
    return bool(ended)
