"""Using and revoking codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from accounts.auditing import record
from accounts.locking import lock_users
from accounts.models import Account, Action, ObservationLink, User
from courses.models import LinkCourse
from courses.observing import link
from pairing import texts, tries
from pairing.errors import AlreadyLinked, CodeRefused, OwnCode, PairingIsOff
from pairing.models import PairingCode

Result = TypeVar("Result")


def preview(typed: str, *, observer: User, network: str) -> PairingCode:
    """The code behind what was typed, with its student and course, for the observer to confirm; spends nothing.

    Raises what `redeem` raises: looking is a try like any other.
    """
    return _try(typed, observer, observer, network, lambda code: code)


def redeem(typed: str, *, observer: User, by: User, network: str) -> ObservationLink:
    """Spend a code: link `observer` to its student. `by` is who asks, for the limits and the record.

    One transaction that holds the code's row, so that of any number of simultaneous tries one wins. Raises
    PairingIsOff, TooManyTries, CodeRefused (one answer for every code that does not work), OwnCode, AlreadyLinked.
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
    """The live code with this text, its row held until the transaction ends; None for any text that does not work."""
    working = (
        PairingCode.objects.live()
        .filter(digest=texts.digest(texts.tidy(typed)))
        .exclude(student__state=User.State.DELETED)
    )
    student_id = working.values_list("student", flat=True).first()
    if student_id is None:
        return None
    # The student first and then the code, as when codes are made: else the two could wait for each other for ever.
    lock_users([student_id])
    return working.select_for_update(of=("self",)).select_related("student", "course").first()


def already_open(code: PairingCode, observer: User) -> bool:
    """Whether `observer` sees already all that this code would open."""
    found = ObservationLink.objects.live().filter(observer=observer, student=code.student_id).first()
    if found is None:
        return False
    if found.scope == ObservationLink.Scope.ALL:
        return True
    return code.course_id is not None and LinkCourse.objects.filter(link=found, course=code.course_id).exists()


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
