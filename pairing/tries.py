"""Limits on failed tries: one count for every entrance (page, sign-up, API), kept in the database.

An account has five; then it waits fifteen minutes, doubling with every further failure up to a day, and failures
are forgotten after a week. A network (IPv4 address, IPv6 /64 and the /56 around it) may fail twenty times an hour, then
is slowed to one try in twenty seconds after each failure, and stopped at sixty; an IPv6 /48 has three times as many.
Only failures count: a hall full of parents with good codes is never in the way of itself (reference: security, 5.3).
"""

from __future__ import annotations

from datetime import timedelta

from accounts.errors import Refused, TooManyTries
from accounts.models import User
from accounts.network import networks_around
from accounts.rate_limit import (
    Doubling,
    Limit,
    Slowing,
    count,
    seconds_to_wait,
    take_turn_of_failures,
)
from accounts.rate_limit import record_failure as record
from accounts.rate_limit import take_turn as take_turn_as
from pairing.errors import NotWhileActing, TooManyCodes

ACCOUNT = Doubling(tries=5, wait=timedelta(minutes=15), longest=timedelta(days=1), memory=timedelta(days=7))
NETWORK = Slowing(slow_at=20, pause=timedelta(seconds=20), stop_at=60, memory=timedelta(hours=1))
WIDE_NETWORK = Slowing(slow_at=60, pause=timedelta(seconds=20), stop_at=180, memory=timedelta(hours=1))
# The network itself, and the /56 and /48 around that of an IPv6 address.
NETWORKS = (NETWORK, NETWORK, WIDE_NETWORK)


def account_key(user: User) -> str:
    """What the failures of an account are counted under."""
    return f"pairing by {user.pk}"


def network_key(network: str) -> str:
    """What the failures of a network are counted under."""
    return f"pairing from {network}"


def take_turn(user: User | None, network: str) -> None:
    """Wait for this account's turn, and go on only within its limits and the network's.

    Call it first in the transaction of a try; the turn ends with the transaction. `user` is None before sign-up.
    Raises TooManyTries, and NotWhileActing for one who acts as `user`.
    """
    if user and user.actor:
        raise NotWhileActing
    if user:
        take_turn_as(account_key(user))
    _check(_limits(user, network))


def record_failure(user: User | None, network: str, refusal: Refused) -> Refused:
    """Count one failed try; gives what to answer once the transaction, which must be kept, is committed.

    That is `refusal`, or TooManyTries when others of the network failed meanwhile: then nobody is told about a code.
    """
    limits = _limits(user, network)
    # The widest network last: its turn is everybody's within it.
    take_turn_of_failures(limits[-1].key)
    try:
        _check(limits)
    except TooManyTries as too_many:
        refusal = too_many
    record(keys_of(user, network))
    return refusal


def keys_of(user: User | None, network: str) -> list[str]:
    """All that a failure is counted under."""
    return [limit.key for limit in _limits(user, network)]


def _limits(user: User | None, network: str) -> list[Limit]:
    of_user = [Limit(account_key(user), ACCOUNT)] if user else []
    around = zip(networks_around(network), NETWORKS, strict=False)
    return of_user + [Limit(network_key(each), rule) for each, rule in around]


def _check(limits: list[Limit]) -> None:
    if wait := seconds_to_wait(limits, count(limits)):
        raise TooManyCodes(wait)
