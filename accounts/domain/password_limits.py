"""Limits on wrong passwords, for every entrance that tests one: sign-in, changing the password, the API.

For an account in a network five tries are free; then one waits fifteen minutes, doubling with every further failure up
to a day, until the right password comes or a week has passed. A browser in which the person has signed in before has
tries of its own, so that nobody else's failures keep the owner out. From all networks together an account may fail a
hundred times a day, then a minute passes after each failure. A network may fail a hundred times an hour, then is slowed
to one try in five seconds after each failure, and stopped at a thousand. Only failures count: a school behind one
address is not in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.rate_limit import (
    Doubling,
    Limit,
    Slowing,
    check_and_lock,
    count,
    forget_failures,
    hidden,
    networks_around,
    record_failure,
    seconds_to_wait,
)
from accounts.errors import TooManyTries
from accounts.models import FailedTry, User

Found = TypeVar("Found")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE_GUESSER = Doubling(tries=5, wait=timedelta(minutes=15), longest=DAY, memory=7 * DAY)
# NIST 800-63B asks for at most a hundred failures in a row; the owner of the account may have to wait for a minute.
ALL_GUESSERS = Slowing(slow_at=100, pause=timedelta(minutes=1), stop_at=2000, memory=DAY)
NETWORK = Slowing(slow_at=100, pause=timedelta(seconds=5), stop_at=1000, memory=HOUR)
WIDE_NETWORK = Slowing(slow_at=300, pause=timedelta(seconds=5), stop_at=3000, memory=HOUR)
# The network itself, and the /56 and /48 around that of an IPv6 address.
NETWORKS = (NETWORK, NETWORK, WIDE_NETWORK)


class TooManyPasswords(TooManyTries):
    """Too many wrong passwords for this account from here, or from here altogether."""

    sentence = _("Too many wrong passwords. Please try again in %(span)s.")


def person_with_login(login: str) -> User | None:
    """Return the person with this login; None if there is none."""
    return User.objects.present().filter(login_id__iexact=login).first()


def account_key(person: User | None, login: str) -> str:
    """Return the key under which all failures for an account are counted; for an unknown login, a similar one."""
    return _key_of(person.pk) if person else f"password of nobody {hidden(login)}"


def _key_of(person: int) -> str:
    return f"password of {person}"


def network_key(network: str) -> str:
    """Return the key under which all failures of a network are counted."""
    return f"passwords from {network}"


def try_password(
    login: str,
    test: Callable[[User | None], Found | None],
    *,
    network: str,
    browser_of: Callable[[User | None], str | None],
) -> Found | None:
    """Return what `test` finds for the person with this login (None: no such person); None is a failure, and counts.

    `browser_of` names the browser if that person has signed in there before (accounts/web/sign_in.py). Raises
    TooManyPasswords.
    """
    person = person_with_login(login)
    account = account_key(person, login)
    if browser := browser_of(person):
        limits = [Limit(f"{account} in {browser}", ONE_GUESSER)]
    else:
        around = zip(networks_around(network), NETWORKS, strict=False)
        limits = [
            Limit(f"{account} from {network}", ONE_GUESSER),
            Limit(account, ALL_GUESSERS),
            *(Limit(network_key(each), rule) for each, rule in around),
        ]
    return _try(lambda: test(person), limits, also=account)


def try_password_of_another(login: str, test: Callable[[User | None], Found | None]) -> Found | None:
    """Try a password for a caller who gives another person's login: all such callers share the tries of one guesser."""
    person = person_with_login(login)
    account = account_key(person, login)
    return _try(lambda: test(person), [Limit(account, ONE_GUESSER)], also=account)


def count_failures(since: datetime) -> int:
    """Return how many wrong passwords were tried since then, by anybody (one statement)."""
    return FailedTry.objects.filter(at__gt=since, keys__0__startswith="password").count()


def forget_failures_of(people: Collection[int]) -> None:
    """Forget all wrong passwords for these people (their ids), wherever they came from (two statements)."""
    forget_failures([_key_of(person) for person in people], and_within=True)


def _try(test: Callable[[], Found | None], limits: list[Limit], *, also: str) -> Found | None:
    own = limits[0].key
    with transaction.atomic():
        # One attempt at a time, so that simultaneous guesses cannot outrun the count.
        check_and_lock(own)
        counted = count(limits)
        if wait := seconds_to_wait(limits, counted):
            raise TooManyPasswords(wait)
        found = test()
        if found is None:
            record_failure(sorted({*(limit.key for limit in limits), also}))
        elif counted[own].failures and own != also:
            # A person who knows the password was not guessing.
            forget_failures([own])
        return found
