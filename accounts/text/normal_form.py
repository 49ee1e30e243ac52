"""Short texts that people give, such as names, logins and ids: one form for all, whatever keyboard they come from."""

from __future__ import annotations

import re
import unicodedata

# Characters that nobody sees, and that stand in no category of the invisible: fillers, variation selectors, and a
# braille cell without dots. The first group joins what stands around it, the second parts it.
_IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_NOTHING = re.compile(f"[{_IGNORABLE}]")
_SPACE = re.compile(r"[\s\u2800\x00-\x1f\x7f-\x9f]+")
_ZERO_WIDTH_JOINERS = "\u200c\u200d"
# Format characters, private use, halves of surrogate pairs.
_UNSEEN = frozenset({"Cf", "Co", "Cs"})
_VIRAMA = 9
# For the database, which is to refuse what a writer forgot to tidy.
UNTIDY = (
    r"[\u0001-\u001f\u007f-\u00a0\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u2800\u3000\u3164\ufeff]"
    r"|^ | $|  "
)


def tidied(text: str) -> str:
    """The text as it is kept: composed (NFC), spaces made one and trimmed, without what nobody can see.

    Direction marks would turn around the sentence in which a name stands, zero-width spaces hide two names that look
    alike. Zero-width joiners stay where a script needs them to be spelled right: Persian, Sinhala and their kin.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = _NOTHING.sub("", _SPACE.sub(" ", text))
    seen = "".join(c for at, c in enumerate(seen) if unicodedata.category(c) not in _UNSEEN or _spells(seen, at))
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _spells(text: str, at: int) -> bool:
    """Whether this is a joiner that changes how its neighbors are written (the rule of RFC 5892, appendix A)."""
    if text[at] not in _ZERO_WIDTH_JOINERS or not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


def tidied_login(text: str) -> str:
    """The login as it is kept: in the plain form of letters that some keyboards widen or join (NFKC), nothing unseen.

    A line break or tab inside stays, to be refused: what was meant are two texts.
    """
    plain = _NOTHING.sub("", unicodedata.normalize("NFKC", text))
    return "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN).strip()


def is_readable(text: str) -> bool:
    """Whether a tidied text has something to read in it: a letter, a digit or a sign, not only punctuation."""
    return any(unicodedata.category(c)[0] in "LNS" for c in text)
