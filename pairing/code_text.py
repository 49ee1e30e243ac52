"""The text of a code: how it is drawn and read, and the digest that is stored."""

from __future__ import annotations

import hmac
import re
import secrets
import string
import unicodedata
from itertools import product

from django.conf import settings
from django.utils.translation import gettext as _

LENGTH = 6
# Without 0 O o 1 l I, which are easily confused: 56 characters, 34.8 bits in six.
ALPHABET = "".join(c for c in string.digits + string.ascii_letters if c not in "0Oo1lI")
# So many texts there are.
DIFFERENT = len(ALPHABET) ** LENGTH

# What a spreadsheet would turn into a number or a date: 234567, 12e345, 3Jun24, March7.
READ_AS_NUMBER_OR_DATE = re.compile(
    r"\d+([ed]\d+)?|\d*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    # Months in the other languages of spreadsheets in schools.
    r"|mai|okt|dez|mrz|janv|avr|juin|juil|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|mrt|mei|maj)[a-z]*\d*",
    re.IGNORECASE,
)
SYSTEM_RANDOM = secrets.SystemRandom()
# Spaces, controls, format characters, private use, surrogates, dashes; and other invisible characters.
SEPARATING = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs", "Pd"})
UNSEEN = re.compile(r"[\u2212\u2800\u034f\u115f\u1160\u3164\ufe00-\ufe0f]")


def written(number: int) -> str:
    """Return the text with this number among all that there are, from 0 on."""
    text = ""
    for _place in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text


def draw() -> str:
    """Return a new random code, from the operating system's generator."""
    while True:
        text = written(SYSTEM_RANDOM.randrange(DIFFERENT))
        if not READ_AS_NUMBER_OR_DATE.fullmatch(text):
            return text


def tidy(typed: str) -> str:
    """Return the code in what was typed or pasted: without spaces, dashes and invisible characters, wide letters made
    plain.

    Punctuation around it goes too: the quotation marks or the full stop of a message. Punctuation inside stays, so that
    the error can name it: a character was mistaken there. Capital and lowercase letters stay as they are.
    """
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", typed))
    kept = [c for c in plain if unicodedata.category(c) not in SEPARATING]
    inner = [at for at, c in enumerate(kept) if unicodedata.category(c)[0] not in "PS"]
    return "".join(kept[inner[0] : inner[-1] + 1]) if inner else "".join(kept)


def complaint(text: str) -> str | None:
    """Return why this (tidied) text cannot be a code at all, in words; None if it can."""
    strange = next((c for c in text if c not in ALPHABET), None)
    if strange is not None:
        return _("Codes never contain “%(character)s”. Please check the code.") % {"character": strange}
    if len(text) != LENGTH:
        return _("A code has %(length)d characters; you entered %(given)d.") % {
            "length": LENGTH,
            "given": len(text),
        }
    return None


def slips(text: str) -> set[str]:
    """Return what a mistyped text may have meant: other capitals, one other character, two swapped."""
    cases = product(*({c, c.swapcase()} & set(ALPHABET) or {c} for c in text))
    others = (text[:at] + c + text[at + 1 :] for at in range(len(text)) for c in ALPHABET)
    swapped = (text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1))
    return {*("".join(letters) for letters in cases), *others, *swapped} - {text}


def digest(text: str) -> bytes:
    """Return the HMAC-SHA-256 of the tidied text: all that is stored, worthless without the key from the settings."""
    return hmac.digest(settings.PAIRING_CODE_KEY, text.encode("utf-8", "replace"), "sha256")


def spelled(text: str) -> list[str]:
    """Return the code letter by letter, for a screen reader: `["capital A", "7", "lowercase b"]`."""
    return [_spelled(character) for character in text]


def _spelled(character: str) -> str:
    if character.isupper():
        return _("capital %(letter)s") % {"letter": character}
    if character.islower():
        return _("lowercase %(letter)s") % {"letter": character}
    return character
