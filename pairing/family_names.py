"""The family name that is asked for beside a code while many guess: it selects whose code is meant, and is no secret.

A guess then reaches the codes of one family name only. It is compared without case, accents and punctuation, and one
word of a family name of several is enough.
"""

from __future__ import annotations

import unicodedata

from accounts.models import User
from accounts.names import family_of

MOST_WORDS = 4
# Letters of the Latin script that are not another one with a mark.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
APOSTROPHES = dict.fromkeys([0x27, 0x60, 0xB4, 0x2018, 0x2019, 0x2BB, 0x2BC])


def words_of(name: str) -> list[str]:
    """The words of a name as they are compared: `O’Brien-Müller` → `obrien`, `muller`."""
    letters = unicodedata.normalize("NFKD", name.casefold().translate(APOSTROPHES)).translate(PLAIN)
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in plain).split()


def fits(typed: str, student: User) -> bool:
    """Whether this is the student's family name, or a word of it; of who has but one name, that."""
    given, family = words_of(typed), words_of(family_of(student.sortable_name) or student.sortable_name)
    return bool(given) and (given == family or (len(given) == 1 and given[0] in family))
