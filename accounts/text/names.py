"""Names, logins, ids and other short texts that people give: one form for all, whatever keyboard they come from.

Names are split and joined as Canvas does for people with only one of a name and a sortable name. The last word of a
name is the last name, unless a comma or the previous sortable name tells better. Prefixes such as “van” stay with the
given names, as in the sorting pattern of the Unicode CLDR; a family that wants them first uses the sortable name, and a
roster with first and last names does so too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Invisible characters that are in no category of invisible ones: fillers, variation selectors, and a
# braille cell without dots. The first group joins the text around it, the second separates it.
_IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_NOTHING = re.compile(f"[{_IGNORABLE}]")
_SPACE = re.compile(r"[\s\u2800\x00-\x1f\x7f-\x9f]+")
_ZERO_WIDTH_JOINERS = "\u200c\u200d"
# Format characters, private use, halves of surrogate pairs.
_UNSEEN = frozenset({"Cf", "Co", "Cs"})
_VIRAMA = 9
# For the database, which refuses what a writer forgot to tidy.
UNTIDY = (
    r"[\u0001-\u001f\u007f-\u00a0\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u2800\u3000\u3164\ufeff]"
    r"|^ | $|  "
)


def tidied(text: str) -> str:
    """Return the text as it is stored: composed (NFC), spaces collapsed and trimmed, without invisible characters.

    Direction marks would reverse the sentence around a name, and zero-width spaces hide two names that look alike.
    Zero-width joiners stay where a script needs them for correct spelling: Persian, Sinhala and related scripts.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = _NOTHING.sub("", _SPACE.sub(" ", text))
    seen = "".join(c for at, c in enumerate(seen) if unicodedata.category(c) not in _UNSEEN or _spells(seen, at))
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _spells(text: str, at: int) -> bool:
    """Return whether this is a joiner that changes how its neighbors are written (the rule of RFC 5892, appendix A)."""
    if text[at] not in _ZERO_WIDTH_JOINERS or not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


def tidied_login(text: str) -> str:
    """Return the login as it is stored: with plain letters instead of widened or joined ones (NFKC), no invisible
    characters.

    A line break or tab inside stays, so that it is refused: two texts were meant.
    """
    plain = _NOTHING.sub("", unicodedata.normalize("NFKC", text))
    return "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN).strip()


def is_readable(text: str) -> bool:
    """Return whether a tidied text has something to read: a letter, a digit or a symbol, not only punctuation."""
    return any(unicodedata.category(c)[0] in "LNS" for c in text)


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
