"""What guessing may cost the whole institution, over all entrances, and what follows once it has cost too much.

Then the student's last name is asked for with a code: it narrows down the code, and is no secret. The admins are told:
a line in the log, an audit event, and a notice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.rate_limit import LONG_AGO, Tally, Window, tallies
from accounts.models import AuditEvent, User
from accounts.text.collation import folded
from accounts.text.names import family_of
from pairing import code_text
from pairing.domain.events import GuessingNoticed

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
POSSIBLE_CODES = len(code_text.ALPHABET) ** code_text.LENGTH
ALARM_AT = 50
ASK_AT = 200
# Beyond this number an hour, failures no longer count for the institution: they would change nothing.
ENOUGH = 2 * ASK_AT


class Entrance(Enum):
    """How a guess arrives, and the chance that guesses may add up to in a week before the last name is asked for."""

    SIGN_UP = "signing up", 3.5e-5
    ACCOUNT = "signed in", 2.5e-5

    @property
    def key(self) -> str:
        """The key under which guesses without a last name are counted."""
        return f"guesses {self.value[0]}"

    @property
    def share(self) -> float:
        return self.value[1]


# The key under which all guesses are counted, for an hour.
ALL = "guesses"


def asks_for_name(entrance: Entrance, all_guesses: Tally, without_name: Tally) -> bool:
    """Return whether a guess by this entrance needs a last name.

    `all_guesses` are the failures of the last hour, `without_name` those of the last week by this entrance, each
    weighted by the number of codes active at that time.
    """
    if entrance is Entrance.SIGN_UP and all_guesses.count >= ASK_AT:
        return True
    return spent(entrance, without_name) >= 1


def spent(entrance: Entrance, without_name: Tally) -> float:
    """Return how much of a week's guesses by this entrance is used up; from 1, a last name is asked for."""
    return without_name.weight / POSSIBLE_CODES / entrance.share


@dataclass(frozen=True)
class Ceiling:
    """A number of failures within the memory, after which every attempt is refused until one of them expires."""

    most: int
    memory: timedelta

    @property
    def window(self) -> Window:
        return Window(self.memory, self.most)

    def free_at(self, failures: Sequence[datetime]) -> datetime:
        return failures[self.most - 1] + self.memory if len(failures) >= self.most else LONG_AGO


NAME = Ceiling(most=100, memory=WEEK)


def name_key(word: str) -> str:
    """Return the key under which guesses at codes of a last name with this word are counted."""
    return f"guesses at {word}"


MOST_WORDS = 4


def words_of(name: str) -> list[str]:
    """Return the words of a name as a search compares them: `O’Brien-Müller` → `obrien`, `muller`."""
    return folded(name).split()


def name_fits(typed: str, student: User) -> bool:
    """Return whether this is the student's last name, or a word of it; for a student with only one name, that name."""
    given, family = words_of(typed), words_of(family_of(student.sortable_name) or student.sortable_name)
    return bool(given) and (given == family or (len(given) == 1 and given[0] in family))


logger = logging.getLogger(__name__)


def raise_alarm(failures: int) -> None:
    """Report the number of failures within the last hour once it is high, and at most once an hour."""
    if failures < ALARM_AT:
        return
    lately = timezone.now() - HOUR
    if AuditEvent.objects.of(GuessingNoticed).filter(at__gt=lately).exists():
        return
    record(GuessingNoticed(failures), by=None)
    logger.warning("%d pairing codes that do not exist were tried within an hour", failures)


@dataclass(frozen=True)
class Situation:
    """How much is being guessed at the moment, and what is asked for because of it."""

    failures: int
    sign_up_asks: bool
    accounts_ask: bool
    # How much of a week's guesses is used up, by entrance.
    spent: Mapping[Entrance, float]

    @property
    def is_alarming(self) -> bool:
        return self.failures >= ALARM_AT or self.sign_up_asks or self.accounts_ask


def situation() -> Situation:
    """Return what the admins see."""
    keys = {entrance: entrance.key for entrance in Entrance}
    counted = tallies({ALL: Window(HOUR), **dict.fromkeys(keys.values(), Window(WEEK))})
    asks = {entrance: asks_for_name(entrance, counted[ALL], counted[key]) for entrance, key in keys.items()}
    shares = {entrance: spent(entrance, counted[key]) for entrance, key in keys.items()}
    return Situation(counted[ALL].count, asks[Entrance.SIGN_UP], asks[Entrance.ACCOUNT], shares)


def alarms_of_the_week() -> list[AuditEvent]:
    """Return the alerts of the last seven days, newest first."""
    return list(AuditEvent.objects.of(GuessingNoticed).filter(at__gt=timezone.now() - WEEK))
