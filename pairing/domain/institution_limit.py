"""What guessing may cost the whole institution, over all entrances, and what is asked for once it has cost too much.

A guess hits one of N codes that live with the chance N / 56⁶. Whatever many accounts and networks do together, within a
week some code may be hit with a chance of 1 in 10,000 at most, with 5,000 codes living (reference: security, 5.3):

- Guesses without more are let through until their chances add up to a share of that, one share for signing up and one
  for those signed in. Then the student's family name is asked for too, for as long as the failures of a week say so.
  With 5,000 codes living those are 216 and 155 failures; with 500 ten times as many.
- With a family name a guess reaches the codes of that name only. A hundred such failures a week are let through for
  each word of a family name, from all of the world together, so all names together cost no more than a hundred guesses
  at all codes. An account that has not failed within the week is let through still, if it has a link, a course or an
  admin role: its first guess costs little, and where everybody may sign up, accounts without any cost nothing.

Signing up is asked for the family name from 200 failures an hour, too, and from 50 the admins are told. A text that was
a code once, or is one slip away from one that lives (one character, capitals, two swapped), is no guess: who reads an
old letter or mistypes a good code costs the institution nothing. For each code those are some 400 of the 56⁶
texts, too few to help a guesser, who is not told of them either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from accounts.domain.rate_limit import LONG_AGO, Tally, Window
from pairing import code_text

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
    return without_name.weight / POSSIBLE_CODES >= entrance.share


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
