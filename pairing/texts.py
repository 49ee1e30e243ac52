"""The text of a code: how it is drawn, how it is read, and the digest that is kept of it."""

from __future__ import annotations

import hmac
import re
import secrets
import string

from django.conf import settings
from django.utils.translation import gettext as _

LENGTH = 6
# Without 0 O o 1 l I, which people mistake for one another: 56 characters, 34.8 bits in six.
ALPHABET = "".join(c for c in string.digits + string.ascii_letters if c not in "0Oo1lI")

# What a spreadsheet would turn into a number or a date: 234567, 12e345, 3Jun24, March7.
READ_AS_NUMBER_OR_DATE = re.compile(
    r"\d+([ed]\d+)?|\d*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    # Months in the other languages that spreadsheets speak in schools.
    r"|mai|okt|dez|mrz|janv|avr|juin|juil|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|mrt|mei|maj)[a-z]*\d*",
    re.IGNORECASE,
)
SYSTEM_RANDOM = secrets.SystemRandom()
SEPARATORS = re.compile(r"[\s\xad\u200b\u2060\ufeff\-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")


def draw() -> str:
    """A new random code, from the operating system's generator."""
    while True:
        text = "".join(SYSTEM_RANDOM.choices(ALPHABET, k=LENGTH))
        if not READ_AS_NUMBER_OR_DATE.fullmatch(text):
            return text


def tidy(typed: str) -> str:
    """What was typed or pasted, without the spaces and dashes; capitals and small letters stay as they are."""
    return SEPARATORS.sub("", typed)


def complaint(text: str) -> str | None:
    """Why this (tidied) text cannot be a code of anybody's, in words; None when it can."""
    strange = next((c for c in text if c not in ALPHABET), None)
    if strange is not None:
        return _("“%(character)s” is never used in a code. Please look at it again.") % {"character": strange}
    if len(text) != LENGTH:
        return _("A code has %(length)d characters; this has %(given)d.") % {
            "length": LENGTH,
            "given": len(text),
        }
    return None


def digest(text: str) -> bytes:
    """HMAC-SHA-256 of the tidied text: all that is stored, worthless without the key from the settings."""
    return hmac.digest(settings.PAIRING_CODE_KEY, text.encode("utf-8", "replace"), "sha256")


def spelled(text: str) -> list[str]:
    """The code letter by letter, for a screen reader: `["capital A", "7", "small b"]`."""
    return [_spelled(character) for character in text]


def _spelled(character: str) -> str:
    if character.isupper():
        return _("capital %(letter)s") % {"letter": character}
    if character.islower():
        return _("small %(letter)s") % {"letter": character}
    return character
