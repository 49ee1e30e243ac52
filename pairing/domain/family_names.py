"""The family name that is asked for beside a code while many guess: it selects whose code is meant, and is no secret.

A guess then reaches the codes of one family name only. It is compared as names are searched, without case, accents
and punctuation, and one word of a family name of several is enough.
"""

from __future__ import annotations

from accounts.models import User
from accounts.text.collation import folded
from accounts.text.names import family_of

MOST_WORDS = 4


def words_of(name: str) -> list[str]:
    """The words of a name as a search compares them: `O’Brien-Müller` → `obrien`, `muller`."""
    return folded(name).split()


def fits(typed: str, student: User) -> bool:
    """Whether this is the student's family name, or a word of it; of who has but one name, that."""
    given, family = words_of(typed), words_of(family_of(student.sortable_name) or student.sortable_name)
    return bool(given) and (given == family or (len(given) == 1 and given[0] in family))
