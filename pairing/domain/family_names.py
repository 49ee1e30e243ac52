"""The last name that is asked for with a code while many are guessed: it narrows down the code, and is no secret.

A guess then reaches only the codes of one last name. Names are compared as in searches, without case, accents and
punctuation, and one word of a last name with several is enough.
"""

from __future__ import annotations

from accounts.models import User
from accounts.text.collation import folded
from accounts.text.names import family_of

MOST_WORDS = 4


def words_of(name: str) -> list[str]:
    """Return the words of a name as a search compares them: `O’Brien-Müller` → `obrien`, `muller`."""
    return folded(name).split()


def fits(typed: str, student: User) -> bool:
    """Return whether this is the student's last name, or a word of it; for a student with only one name, that name."""
    given, family = words_of(typed), words_of(family_of(student.sortable_name) or student.sortable_name)
    return bool(given) and (given == family or (len(given) == 1 and given[0] in family))
