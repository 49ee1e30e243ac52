"""How names are split and joined, as Canvas does for people with only one of a name and a sortable name.

The last word of a name is the last name, unless a comma or the previous sortable name tells better. Prefixes such as
“van” stay with the given names, as in the sorting pattern of the Unicode CLDR; a family that wants them first uses the
sortable name, and a roster with first and last names does so too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SUFFIX = re.compile(r"(s(n)?r|j(n)?r|esq)\.?|senior|junior|esquire|ii|iii|iv|v|vi", re.IGNORECASE)
_COMMA = re.compile(r"\s*,\s*")


class Parts(NamedTuple):
    """The parts of a name; each may be empty."""

    given: str
    family: str
    suffix: str


def parts_of(name: str, *, known_family: str = "", family_first: bool = False) -> Parts:
    """Split `Ana Maria Diaz`, `Diaz, Ana Maria`, `Diaz, Ana, Jr.` or `Ana Diaz, Jr.`.

    `known_family` is what the family name was before: it is found again at the end of a name however many words it
    has. `family_first` says that what stands before a comma is the family name for certain.
    """
    name = name.strip()
    before, *after = _COMMA.split(name, maxsplit=2)
    family, suffix = (before, "") if after else ("", "")
    given = after[0] if after else name
    if len(after) == 2:
        given, suffix = (given, after[1]) if SUFFIX.fullmatch(after[1]) else (" ".join(after).strip(), "")
    elif after and not family_first and " " in before and SUFFIX.fullmatch(given):
        family, given, suffix = "", before, given
    words = given.split()
    if not suffix and len(words) > 1 and SUFFIX.fullmatch(words[-1]):
        suffix = words.pop()
    if not family:
        known = known_family.split()
        # All of them, or the last; a single word is a given name.
        count = len(known) if known and words[-len(known) :] == known else int(len(words) > 1)
        family = " ".join(words[len(words) - count :])
        words = words[: len(words) - count]
    return Parts(" ".join(words), family, suffix)


def sortable(name: str, *, known_family: str = "") -> str:
    """Turn `Ana Maria Diaz Jr.` into `Diaz, Ana Maria Jr.`; a single word stays as it is."""
    given, family, suffix = parts_of(name, known_family=known_family)
    first = " ".join(filter(None, (given, suffix)))
    return f"{family}, {first}".strip() if family else first


def family_of(sortable_name: str) -> str:
    """Return the family name of a sortable name."""
    return parts_of(sortable_name, family_first=True).family


def first_and_last(sortable_name: str) -> tuple[str, str]:
    """Turn `Diaz, Ana Maria Jr.` into `("Ana Maria Jr.", "Diaz")`; a single word is a first name.

    The suffix goes with the first name: there is no third column, and it tells a father from his son.
    """
    given, family, suffix = parts_of(sortable_name, family_first=True)
    return " ".join(filter(None, (given, suffix))), family


def first_name(name: str) -> str:
    """Return the first word of a name, or the name if it is one word."""
    return name.split()[0] if name.split() else name
