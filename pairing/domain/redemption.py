"""Use and revoke codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.audit import Change, record
from accounts.errors import Invalid, TooManyTries
from accounts.models import Account, ObservationLink, User
from courses.access.observation import why_not_observe
from courses.domain.observation import link_held, repair
from pairing import code_text
from pairing.domain import rate_limit
from pairing.domain.events import CodeRedeemed, CodeRevoked
from pairing.errors import CodeRefused, FamilyNameWanted, NotWhileActing, OwnCode, PairingIsOff
from pairing.models import PairingCode

Result = TypeVar("Result")

# `{}` is the condition that finds the code.
LIVE = "{} AND c.used_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > %(now)s"

LOCK_PEOPLE = f"""
SELECT u.* FROM accounts_user u
WHERE u.id = ANY(ARRAY[(SELECT c.student_id FROM pairing_pairingcode c WHERE {LIVE}), %(observer)s]::bigint[])
  AND u.state IN ('registered', 'pre_registered') ORDER BY u.id FOR NO KEY UPDATE
"""  # noqa: S608 built from constants of this module

# Whether %(observer)s is already linked to everything the code `c` would open. One limited to an account names the
# courses when it is used: an observer who has used it has the courses of that time.
IS_OPEN = """
EXISTS (SELECT 1 FROM accounts_observationlink l
        WHERE l.observer_id = %(observer)s AND l.student_id = c.student_id AND l.state = 'active'
          AND (l.scope = 'all' OR (c.account_id IS NOT NULL AND c.used_at IS NOT NULL)
               OR EXISTS (SELECT 1 FROM courses_linkcourse o WHERE o.link_id = l.id AND o.course_id = c.course_id)))
"""

# In a statement after the one that locks the two people, which nobody's link between them changes from then on.
LOCK_CODE = f"SELECT c.*, {IS_OPEN} AS is_open FROM pairing_pairingcode c WHERE {LIVE} FOR UPDATE OF c"  # noqa: S608
OPEN = f"SELECT {IS_OPEN} FROM pairing_pairingcode c WHERE c.id = %(code)s"  # noqa: S608

SPEND = "UPDATE pairing_pairingcode SET used_at = %(used_at)s, used_by_id = %(used_by)s WHERE id = %(code)s"


@dataclass(frozen=True)
class Pairing:
    """The result of a code: the link, and whether it is new. An existing link is repaired, and the code not spent."""

    link: ObservationLink
    is_new: bool


@dataclass(frozen=True)
class Look:
    """What a code is about; with the `pairing` if this observer is already linked to everything it would open."""

    code: PairingCode
    pairing: Pairing | None = None


def preview(typed: str, *, observer: User, network: str, family_name: str = "") -> Look:
    """Return the code behind the typed text, with its student and course, for the observer to confirm; spend nothing.

    Raises what `redeem` raises: looking counts as an attempt.
    """
    return _try(typed, observer, observer, network, family_name, lambda code: _look(code, observer))


def _look(code: PairingCode, observer: User) -> Look:
    pairing = _paired_already(code, observer, observer)
    if pairing is None and (refusal := why_not_observe([(observer.pk, code.student_id, code.course_id)])):
        raise refusal
    return Look(code, pairing)


def redeem(typed: str, *, observer: User, by: User, network: str) -> Pairing:
    """Spend a code: link `observer` to its student. `by` is the person asking, for the limits and the record.

    One transaction holds the code's row, so exactly one of several simultaneous attempts wins. The same code sent again
    by the same observer (a double click, a lost answer) succeeds again: nothing is counted, linked or recorded twice.
    Raises PairingIsOff, NotWhileActing, TooManyTries, CodeRefused (one answer for every code that does not work),
    OwnCode, Invalid (courses/access/observation.py); FamilyNameWanted while the institution asks for the last name,
    which is given in the first step (`preview`).
    """
    return _try(typed, observer, by, network, "", lambda code: _pair(code, observer, by))


def redeem_shown(code_id: int, *, observer: User) -> Pairing:
    """Spend a code that `observer` has entered before and was shown (the caller makes sure of this): it is no guess.

    Raises PairingIsOff, NotWhileActing, CodeRefused, OwnCode, Invalid.
    """
    if not Account.objects.root().pairing_is_on:
        raise PairingIsOff
    if observer.actor:
        raise NotWhileActing
    with transaction.atomic():
        code = find_shown(code_id, observer) or _used_before(observer, pk=code_id)
        if code is None:
            raise CodeRefused
        return _pair(code, observer, observer)


def _try(
    typed: str, observer: User, by: User, network: str, family_name: str, then: Callable[[PairingCode], Result]
) -> Result:
    if not Account.objects.root().pairing_is_on:
        raise PairingIsOff
    digest = code_text.digest(code_text.tidy(typed))
    with transaction.atomic():
        try:
            this = rate_limit.begin_code(by, network, family_name)
        except (TooManyTries, FamilyNameWanted):
            # A person who has used this code is not guessing, whatever has failed since.
            if used := _used_before(observer, digest=digest):
                return then(used)
            raise
        if code := this.fits(find(typed, observer)) or _used_before(observer, digest=digest):
            return then(code)
        refusal = this.failed(typed)
    # Raised outside the transaction, which must be committed because it records the failure.
    raise refusal


def find(typed: str, observer: User | None) -> PairingCode | None:
    """Return the active code with this text, its row locked until the transaction ends; None for a text that does not
    work.

    The rows of student and observer (None: a new person) are locked first, in id order, and then the code's, as
    everywhere: otherwise two transactions could wait for each other.
    """
    return _find("c.digest = %(sought)s", code_text.digest(code_text.tidy(typed)), observer)


def find_shown(code_id: int, observer: User | None) -> PairingCode | None:
    """Return the active code with this id, whose text was found before; lock its row as `find` does."""
    return _find("c.id = %(sought)s", code_id, observer)


def _find(which: str, sought: bytes | int, observer: User | None) -> PairingCode | None:
    wanted = {"sought": sought, "now": timezone.now(), "observer": observer.pk if observer else None}
    held = {user.pk: user for user in User.objects.raw(LOCK_PEOPLE.format(which), wanted)}
    # Checked in any case, so that the time taken does not reveal a code that is refused for another reason.
    code = next(iter(PairingCode.objects.raw(LOCK_CODE.format(which), wanted)), None)
    if code is None or code.student_id not in held:
        return None
    code.student = held[code.student_id]
    return code


def _used_before(observer: User, **which: object) -> PairingCode | None:
    """Return the code that `observer` has already used, the latest of several with this text."""
    used = PairingCode.objects.used().filter(used_by=observer, **which).exclude(student__state=User.State.DELETED)
    return used.select_related("student", "course", "account").order_by("-used_at").first()


def _pair(code: PairingCode, observer: User, by: User) -> Pairing:
    return _paired_already(code, observer, by) or Pairing(spend(code, observer=observer, by=by), is_new=True)


def _paired_already(code: PairingCode, observer: User, by: User) -> Pairing | None:
    """Return the link that already opens what this code would, repaired. Raises OwnCode; CodeRefused for
    a used code.
    """
    if code.student_id == observer.pk:
        raise OwnCode
    if already_open(code, observer):
        return Pairing(repair(observer, code.student, by=by), is_new=False)
    if code.used_at:
        # Used by this same observer, and the link has ended since: no guess, and no way back in.
        raise CodeRefused
    return None


def already_open(code: PairingCode, observer: User) -> bool:
    """Return whether `observer` is already linked to everything this code would open; known of one just found."""
    found: bool | None = getattr(code, "is_open", None)
    if found is not None:
        return found
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"observer": observer.pk, "code": code.pk})
        return bool(cursor.fetchone()[0])


def spend(code: PairingCode, *, observer: User, by: User) -> ObservationLink:
    """Mark a code as used and create its link. Call it inside the transaction in which `find` has found it.

    Raises Invalid for two people who may not observe each other.
    """
    origin = ObservationLink.Origin.CODE
    made = link_held(observer, code.student, code.course_id, code.account_id, origin=origin, by=by)
    if isinstance(made, Invalid):
        raise made
    code.used_at = timezone.now()
    code.used_by = observer
    spent = Change(SPEND, {"used_at": code.used_at, "used_by": observer.pk, "code": code.pk})
    record(CodeRedeemed(observer.pk, code.pk), by=by, subject=code.student, of=spent)
    return made


def revoke_all() -> int:
    """End every code that could still be used, after the database was restored: it may have been used since."""
    return PairingCode.objects.open().update(revoked_at=timezone.now())


def revoke(code: PairingCode, *, by: User) -> bool:
    """End a code early. Return whether it was still open."""
    with transaction.atomic():
        ended = PairingCode.objects.open().filter(pk=code.pk).update(revoked_at=timezone.now())
        if ended:
            record(CodeRevoked(code.pk), by=by, subject=code.student)
    return bool(ended)
