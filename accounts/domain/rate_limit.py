"""The one limiter of guesses at secrets: it counts failures only, in the database, and never drops them early.

An attempt is counted under keys (an account, a network); a rule computes from the failures under a key when the next
attempt may come. The rules are in the modules of the secrets: accounts/domain/password_limits.py,
accounts/domain/passwords.py, pairing/domain/rate_limit.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from math import ceil
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.advisory_locks import AdvisoryLock, hold
from accounts.models import FailedTry

LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Longer than any longest wait.
MOST_DOUBLINGS = 12

# LATERAL reads each key's own window through the index on keys, however many other failures there are. All keys of an
# attempt come in one statement, because every attempt pays for it.
COUNT = """
SELECT k.key, t.latest[:k.most], t.count, t.weight
FROM unnest(%(keys)s::text[], %(memories)s::interval[], %(most)s::int[]) k(key, memory, most)
CROSS JOIN LATERAL (
    SELECT array_agg(f.at ORDER BY f.at DESC) latest, count(*) count, sum(f.weight) weight
    FROM accounts_failedtry f WHERE f.keys @> ARRAY[k.key] AND f.at > %(now)s - k.memory
) t
WHERE t.count > 0
"""

# The keys of a failure under which it goes on counting. A failure without any is none (a constraint says so).
OTHERS = """
SELECT one FROM unnest(f.keys) WITH ORDINALITY AS u(one, number)
WHERE NOT EXISTS (SELECT FROM unnest(%(keys)s::text[]) AS key
                  WHERE one = key OR (%(and_within)s AND starts_with(one, key || ' '))) ORDER BY number
"""
FORGET_WHOLE = f"DELETE FROM accounts_failedtry f WHERE f.keys && %(keys)s::text[] AND NOT EXISTS ({OTHERS})"  # noqa: S608
FORGET_KEYS = f"UPDATE accounts_failedtry f SET keys = ARRAY({OTHERS}) WHERE f.keys && %(keys)s::text[]"  # noqa: S608


@dataclass(frozen=True)
class Window:
    """How far back failures count, and how many of the latest are examined one by one."""

    memory: timedelta
    most: int = 1


def hidden(text: str) -> str:
    """Return what a key contains in place of text that we should not store, such as what was typed as a login."""
    # The database compares capitals: there a dotless i is an i, and a long s is an s.
    same = text.upper().casefold()
    return salted_hmac("accounts.domain.rate_limit", same, algorithm="sha256").hexdigest()[:32]


class Rule(Protocol):
    """How failures under one key slow the next attempt."""

    @property
    def window(self) -> Window:
        """The failures it needs to know about."""

    def free_at(self, failures: Sequence[datetime]) -> datetime:
        """Return when the next attempt may come, after `failures` (newest first, none from outside the window)."""


@dataclass(frozen=True)
class Doubling:
    """A number of free attempts; then a wait that doubles with every further failure."""

    tries: int
    wait: timedelta
    longest: timedelta
    memory: timedelta

    @property
    def window(self) -> Window:
        return Window(self.memory, self.tries + MOST_DOUBLINGS)

    def free_at(self, failures: Sequence[datetime]) -> datetime:
        over = len(failures) - self.tries
        if over < 0:
            return LONG_AGO
        return failures[0] + min(self.wait * 2 ** min(over, MOST_DOUBLINGS), self.longest)


@dataclass(frozen=True)
class Slowing:
    """For many who share something: after some failures a pause follows each, and after more, every
    attempt is refused.
    """

    slow_at: int
    pause: timedelta
    stop_at: int
    memory: timedelta

    @property
    def window(self) -> Window:
        return Window(self.memory, self.stop_at)

    def free_at(self, failures: Sequence[datetime]) -> datetime:
        if len(failures) >= self.stop_at:
            return failures[self.stop_at - 1] + self.memory
        if len(failures) >= self.slow_at:
            return failures[0] + self.pause
        return LONG_AGO


@dataclass(frozen=True)
class Limit:
    """A rule for what is counted under a key."""

    key: str
    rule: Rule


@dataclass(frozen=True)
class Tally:
    """The failures under one key within a window: the latest, newest first; how many; and the sum of their weights."""

    failures: Sequence[datetime] = ()
    count: int = 0
    weight: int = 0


def check_and_lock(key: str) -> None:
    """Make attempts under `key` wait for one another until the transaction ends."""
    hold(AdvisoryLock.TRY, key)


def take_turn_of_failures(key: str) -> None:
    """Make failures under `key` wait for one another; successful attempts never wait. Call it after `check_and_lock`,
    never before.
    """
    hold(AdvisoryLock.FAILURE, key)


def tallies(windows: dict[str, Window]) -> dict[str, Tally]:
    """Return what is counted under each key within its window, in one statement; keys without failures are empty."""
    parameters: dict[str, Any] = {
        "keys": list(windows),
        "memories": [window.memory for window in windows.values()],
        "most": [window.most for window in windows.values()],
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, parameters)
        found = {key: Tally(*counted) for key, *counted in cursor.fetchall()}
    return {key: found.get(key, Tally()) for key in windows}


def seconds_to_wait(limits: Iterable[Limit], counted: dict[str, Tally]) -> int:
    """Return how many seconds the next attempt has to wait; 0 if it may come now."""
    now = timezone.now()
    free_at = max((limit.rule.free_at(counted[limit.key].failures) for limit in limits), default=LONG_AGO)
    return ceil((free_at - now).total_seconds()) if free_at > now else 0


def count(limits: Iterable[Limit]) -> dict[str, Tally]:
    """Return the tallies that these limits need. A key belongs to one limit only."""
    return tallies({limit.key: limit.rule.window for limit in limits})


def record_failure(keys: Iterable[str], weight: int = 0) -> None:
    """Count a failed attempt under each of these keys."""
    FailedTry.objects.create(keys=list(keys), weight=weight)


def forget_failures(keys: Collection[str], *, and_within: bool = False) -> None:
    """Forget the failures under these keys, as after a success there; under other keys everything stays.

    With `and_within`, also under keys that narrow one of them (`password of 7 from 192.0.2.1`). What is counted under
    those is counted under it as well. Two statements, however many failures there are.
    """
    with connection.cursor() as cursor:
        for sql in (FORGET_WHOLE, FORGET_KEYS):
            cursor.execute(sql, {"keys": [*keys], "and_within": and_within})


def networks_around(network: str) -> list[str]:
    """Return the network itself, and for an IPv6 /64 also its /56 and /48, the widest last.

    A household often has a /56 and many an office a /48, so one guesser has as many /64s as these contain.
    """
    if ":" not in network:
        return [network]
    within = ip_network(network)
    return [network, *(str(within.supernet(new_prefix=length)) for length in (56, 48))]
