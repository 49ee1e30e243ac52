"""Limits on failed tries: one count for every entrance (page, sign-up, API), kept in the database.

An account has five; then it waits fifteen minutes, doubling with every further failure up to a day, and failures
are forgotten after a week. A network (IPv4 address, IPv6 /64 and the /56 around it) may fail twenty times an hour, then
is slowed to one try in twenty seconds after each failure, and stopped at sixty; an IPv6 /48 has three times as many.
Only failures count: a hall full of parents with good codes is never in the way of itself (reference: security, 5.3).
What the whole institution bears is in pairing/domain/institution_limit.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.domain.rate_limit import (
    Doubling,
    Limit,
    Slowing,
    Tally,
    Window,
    check_and_lock,
    hidden,
    networks_around,
    record_failure,
    seconds_to_wait,
    take_turn_of_failures,
    tallies,
)
from accounts.errors import Refused
from accounts.models import User
from courses.access.consent import belonging
from pairing import code_text
from pairing.domain.institution_limit import (
    ALL,
    ENOUGH,
    HOUR,
    MOST_WORDS,
    NAME,
    WEEK,
    Entrance,
    asks_for_name,
    name_fits,
    name_key,
    raise_alarm,
    words_of,
)
from pairing.errors import CodeRefused, FamilyNameWanted, NotWhileActing, TooManyCodes, TooManyOfFamily
from pairing.models import PairingCode

ACCOUNT = Doubling(tries=5, wait=timedelta(minutes=15), longest=timedelta(days=1), memory=timedelta(days=7))
NETWORK = Slowing(slow_at=20, pause=timedelta(seconds=20), stop_at=60, memory=timedelta(hours=1))
WIDE_NETWORK = Slowing(slow_at=60, pause=timedelta(seconds=20), stop_at=180, memory=timedelta(hours=1))
# The network itself, and the /56 and /48 around that of an IPv6 address.
NETWORKS = (NETWORK, NETWORK, WIDE_NETWORK)


def account_key(user: User) -> str:
    """Return the key under which the failures of an account are counted."""
    return f"pairing by {user.pk}"


def network_key(network: str) -> str:
    """Return the key under which the failures of a network are counted."""
    return f"pairing from {network}"


def keys_of(user: User | None, network: str) -> list[str]:
    """Return the keys under which a failure of an account in a network is counted."""
    return [limit.key for limit in _limits(user, network)]


def _limits(user: User | None, network: str) -> list[Limit]:
    of_user = [Limit(account_key(user), ACCOUNT)] if user else []
    around = zip(networks_around(network), NETWORKS, strict=False)
    return of_user + [Limit(network_key(each), rule) for each, rule in around]


@dataclass(frozen=True)
class Try:
    """An attempt within the limits, by an account or (None) by someone who signs up; `begin` creates it."""

    user: User | None
    network: str

    def check(self) -> None:
        """Raise TooManyTries while the account or network has to wait."""
        self._check_limits(tallies(self._windows()))

    def failed(self, refusal: Refused) -> Refused:
        """Count a failure; return the error to raise once the transaction, which must be kept, is committed.

        That is `refusal`, or what `check` raises if others failed meanwhile: then nobody learns about this attempt.
        """
        return self._count(refusal, keys_of(self.user, self.network))

    def _count(self, refusal: Refused, keys: list[str], weight: int = 0) -> Refused:
        take_turn_of_failures("pairing")
        try:
            self.check()
        except Refused as told:
            refusal = told
        record_failure(keys, weight)
        return refusal

    def _windows(self) -> dict[str, Window]:
        return {limit.key: limit.rule.window for limit in _limits(self.user, self.network)}

    def _check_limits(self, counted: dict[str, Tally]) -> None:
        if wait := seconds_to_wait(_limits(self.user, self.network), counted):
            raise TooManyCodes(wait)


@dataclass(frozen=True)
class CodeTry(Try):
    """An attempt at a code; `begin_code` creates it. `family_name` is the student's last name as given."""

    family_name: str = ""

    def check(self) -> None:
        """Raise TooManyTries; FamilyNameWanted if a last name is asked for and missing."""
        self.counted()

    def counted(self) -> tuple[bool, int]:
        """Return whether a last name is asked for, and how many guesses failed within the hour. Raises as `check`."""
        counted = tallies(self._windows())
        self._check_limits(counted)
        asked = asks_for_name(self.entrance, counted[ALL], counted[self.entrance.key])
        if asked:
            self._check_name(counted)
        return asked, counted[ALL].count

    @property
    def entrance(self) -> Entrance:
        return Entrance.ACCOUNT if self.user else Entrance.SIGN_UP

    def _windows(self) -> dict[str, Window]:
        names = dict.fromkeys(self.name_keys, NAME.window)
        return {**super()._windows(), ALL: Window(HOUR), self.entrance.key: Window(WEEK), **names}

    @property
    def name_keys(self) -> list[str]:
        return [name_key(hidden(word)) for word in words_of(self.family_name)[:MOST_WORDS]]

    def _check_name(self, counted: dict[str, Tally]) -> None:
        if not self.name_keys:
            raise FamilyNameWanted
        wait = seconds_to_wait([Limit(key, NAME) for key in self.name_keys], counted)
        if wait and not self._may_guess_once(counted):
            raise TooManyOfFamily(wait)

    def _may_guess_once(self, counted: dict[str, Tally]) -> bool:
        """Return whether this is a first guess by an account of a kind that nobody creates by the thousand."""
        if self.user is None or counted[account_key(self.user)].failures:
            return False
        return bool(belonging([self.user.pk]))


@dataclass(frozen=True)
class LetThrough:
    """An attempt at a code within the limits, with a last name if one is asked for."""

    of: CodeTry
    by_name: bool
    failures: int

    def fits(self, code: PairingCode | None) -> PairingCode | None:
        """Return the code, unless a last name is asked for and is not the student's."""
        if code and self.by_name and not name_fits(self.of.family_name, code.student):
            return None
        return code

    def failed(self, typed: str) -> Refused:
        """Count an unknown code, and return the error to raise, as `Try.failed` does.

        What is no guess (see `_codes`) only counts against the person who tries it, not against the institution.
        """
        keys = keys_of(self.of.user, self.of.network)
        living, is_guess = _codes(code_text.tidy(typed))
        if is_guess:
            keys += self.of.name_keys if self.by_name else [self.of.entrance.key]
            keys += [ALL] if self.failures < ENOUGH else []
        refusal = self.of._count(CodeRefused(by_name=self.by_name), keys, weight=living)
        if is_guess:
            raise_alarm(self.failures + 1)
        return refusal


def begin(user: User | None, network: str) -> Try:
    """Wait for this account's turn, and go on only within its limits and the network's.

    Call it first in the transaction of an attempt; the turn ends with the transaction. `user` is None before sign-up.
    Raises TooManyTries, and NotWhileActing for a person acting as `user`.
    """
    _take_turn(user)
    made = Try(user, network)
    made.check()
    return made


def begin_code(user: User | None, network: str, family_name: str = "") -> LetThrough:
    """Begin an attempt at a code, which also counts for the whole institution. Raises FamilyNameWanted as well."""
    _take_turn(user)
    made = CodeTry(user, network, family_name)
    return LetThrough(made, *made.counted())


def _take_turn(user: User | None) -> None:
    if user and user.actor:
        raise NotWhileActing
    if user:
        check_and_lock(account_key(user))


# Two EXISTS instead of one with OR: each uses its own partial index on the digest.
LIVE = "used_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s"
CODES = f"""
SELECT (SELECT count(*) FROM pairing_pairingcode WHERE {LIVE}),
       EXISTS (SELECT 1 FROM pairing_pairingcode
               WHERE digest = %(digest)s AND (used_at IS NOT NULL OR revoked_at IS NOT NULL))
       OR EXISTS (SELECT 1 FROM pairing_pairingcode
                  WHERE digest = %(digest)s AND used_at IS NULL AND revoked_at IS NULL AND expires_at <= %(now)s)
       OR EXISTS (SELECT 1 FROM pairing_pairingcode WHERE digest = ANY(%(meant)s) AND {LIVE})
"""  # noqa: S608 built from constants of this module


def _codes(text: str) -> tuple[int, bool]:
    """Return how many codes are active, and whether this text, which is none of them, was a guess.

    It was no guess if it cannot be a code, was one once, or is one slip away from an active one: families mistype like
    this, and guessers hit it by chance once in many thousand attempts. The look-up is the same for every text, so that
    the time taken reveals nothing.
    """
    possible = code_text.complaint(text) is None
    meant = [code_text.digest(other) for other in code_text.slips(text if possible else "x" * code_text.LENGTH)]
    with connection.cursor() as cursor:
        cursor.execute(CODES, {"now": timezone.now(), "digest": code_text.digest(text), "meant": meant})
        living, is_known = cursor.fetchone()
    return living, possible and not is_known


def is_name_asked_for(entrance: Entrance) -> bool:
    """Return whether a code needs a last name at this entrance now."""
    counted = tallies({ALL: Window(HOUR), entrance.key: Window(WEEK)})
    return asks_for_name(entrance, counted[ALL], counted[entrance.key])
