"""What a cell says: moments, yes and no, addresses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

DELETE = "<delete>"
MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?",
    re.IGNORECASE,
)
# What makers of exports write where there is no date.
NO_DATE = frozenset({"n/a", "na", "none", "null", "nil", "-", "--"})
YEARS = range(1900, 2201)
YES = frozenset({"yes", "y", "true", "t", "on", "1"})
NUMBER = re.compile(r"[+-]?\d+")
NO = frozenset({"no", "n", "false", "f", "off", "0"})
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\.[A-Za-z]{2,}")


class BadDate(ValueError):
    """It is no date, no day that exists, or not written as dates are."""


class BadFlag(ValueError):
    """It says neither yes nor no."""


@lru_cache(maxsize=4096)
def moment(text: str) -> str | None:
    """Return the moment as the database reads it; UTC without an offset. None for a word that says there is none.

    Only what begins with the year is read: of 8/1/2026 nobody knows whether it is in January. Raises BadDate.
    """
    found = MOMENT.fullmatch(text)
    if found is None:
        if text.lower() in NO_DATE:
            return None
        raise BadDate
    *numbers, offset = found.groups()
    try:
        parts = [int(number or 0) for number in numbers]
        when = datetime(*parts, tzinfo=_zone(offset))  # type: ignore[arg-type,misc]
        if when.year not in YEARS:
            raise BadDate
        # In UTC, for the database knows offsets only below sixteen hours.
        return when.astimezone(UTC).isoformat()
    except ValueError:
        raise BadDate from None


def _zone(offset: str | None) -> timezone:
    if not offset or offset[0] not in "+-":
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-shift if offset[0] == "-" else shift)


def day(text: str) -> date | None:
    """Return the day that a date or moment names; None for a word that says there is none. Raises BadDate."""
    if moment(text) is None or (found := MOMENT.fullmatch(text)) is None:
        return None
    return date(*map(int, found.groups()[:3]))


def flag(text: str) -> str:
    """Return `true` or `false`; numbers other than 0 are true. Raises BadFlag for what is neither."""
    word = text.lower()
    if word in YES:
        return "true"
    if word in NO:
        return "false"
    if NUMBER.fullmatch(word):
        return "true" if int(word) else "false"
    raise BadFlag


def is_address(text: str) -> bool:
    """Return whether this looks like an address that email can be sent to."""
    if len(text) > 254:
        return False
    if PLAIN_ADDRESS.fullmatch(text):
        return True
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
