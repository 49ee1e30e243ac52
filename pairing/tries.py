"""Limits on failed tries: one count for every entrance (page, sign-up, API), kept in the database.

An account has five; then it waits fifteen minutes, doubling with every further failure up to a day, and failures
are forgotten after a week. A network (IPv4 address, IPv6 /64) may fail twenty times an hour, then is slowed to one
try in twenty seconds after each failure, and stopped at sixty. Only failures count: a hall full of parents with
good codes is never in the way of itself (reference: security, 5.3).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import User
from pairing.errors import NotWhileActing, TooManyTries
from pairing.models import FailedTry

ACCOUNT_TRIES = 5
ACCOUNT_WAIT = timedelta(minutes=15)
ACCOUNT_LONGEST_WAIT = timedelta(days=1)
ACCOUNT_MEMORY = timedelta(days=7)
NETWORK_SLOW_AT = 20
NETWORK_PAUSE = timedelta(seconds=20)
NETWORK_STOP_AT = 60
NETWORK_MEMORY = timedelta(hours=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)

# One try at a time for each account, so that simultaneous guesses cannot outrun its count.
ACCOUNT_TURN = "SELECT pg_advisory_xact_lock(1, hashtext(%s))"
# Within a network only failures wait for one another: a hall full of parents must not queue for good codes.
NETWORK_TURN = "SELECT pg_advisory_xact_lock(2, hashtext(%s))"

COUNT = """
SELECT
    (SELECT array_agg(at ORDER BY at DESC) FROM (SELECT at FROM pairing_failedtry
        WHERE user_id = %(user)s AND at > %(now)s - %(week)s ORDER BY at DESC LIMIT 100) t),
    (SELECT array_agg(at ORDER BY at DESC) FROM (SELECT at FROM pairing_failedtry
        WHERE network = %(network)s AND at > %(now)s - %(hour)s ORDER BY at DESC LIMIT %(stop)s) t)
"""


def take_turn(user: User | None, network: str) -> None:
    """Wait for this account's turn, and go on only within its limits and the network's.

    Call it first in the transaction of a try; the turn ends with the transaction. `user` is None before sign-up.
    Raises TooManyTries, and NotWhileActing for one who acts as `user`.
    """
    if user and user.actor:
        raise NotWhileActing
    if user:
        with connection.cursor() as cursor:
            cursor.execute(ACCOUNT_TURN, [str(user.pk)])
    _check(user, network)


def record_failure(user: User | None, network: str, refusal: Refused) -> Refused:
    """Count one failed try; gives what to answer once the transaction, which must be kept, is committed.

    That is `refusal`, or TooManyTries when others of the network failed meanwhile: then nobody is told about a code.
    """
    with connection.cursor() as cursor:
        cursor.execute(NETWORK_TURN, [network])
    try:
        _check(user, network)
    except TooManyTries as too_many:
        refusal = too_many
    FailedTry.objects.create(user=user, network=network)
    return refusal


def _check(user: User | None, network: str) -> None:
    now = timezone.now()
    parameters: dict[str, Any] = {
        "user": user.pk if user else None,
        "network": network,
        "now": now,
        "week": ACCOUNT_MEMORY,
        "hour": NETWORK_MEMORY,
        "stop": NETWORK_STOP_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, parameters)
        of_user, of_network = cursor.fetchone()
    free_at = max(_account_free_at(of_user or []), _network_free_at(of_network or []))
    if free_at > now:
        raise TooManyTries(ceil((free_at - now).total_seconds()))


def _account_free_at(failures: list[datetime]) -> datetime:
    over = len(failures) - ACCOUNT_TRIES
    if over < 0:
        return LONG_AGO
    return failures[0] + min(ACCOUNT_WAIT * 2 ** min(over, 10), ACCOUNT_LONGEST_WAIT)


def _network_free_at(failures: list[datetime]) -> datetime:
    if len(failures) >= NETWORK_STOP_AT:
        return failures[NETWORK_STOP_AT - 1] + NETWORK_MEMORY
    if len(failures) >= NETWORK_SLOW_AT:
        return failures[0] + NETWORK_PAUSE
    return LONG_AGO
