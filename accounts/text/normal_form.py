"""Short texts that people give, such as names, logins and ids: one form for all, whatever keyboard they come from."""

from __future__ import annotations

import re
import unicodedata

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
