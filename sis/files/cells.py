"""What a cell says: moments, yes and no, addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

DELETE = "<delete>"
MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?",
    re.IGNORECASE,
)
LIKE_A_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}|\d{4}")
YEARS = range(1900, 2201)
YES = frozenset({"yes", "y", "true", "t", "on", "1"})
NUMBER = re.compile(r"[+-]?\d+")
NO = frozenset({"no", "n", "false", "f", "off", "0"})
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\.[A-Za-z]{2,}")


class BadDate(ValueError):
    """It looks like a date, and there is no such day."""


@lru_cache(maxsize=4096)
def moment(text: str) -> str | None:
    """Return the moment as the database reads it; UTC without an offset, None for text without a date. Raises
    BadDate.
    """
    found = MOMENT.fullmatch(text)
    if found is None:
        if LIKE_A_DATE.search(text):
            raise BadDate
        return None
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


def flag(text: str) -> str:
    """`true` or `false`; text that is neither is false, numbers other than 0 are true."""
    word = text.lower()
    if word in YES:
        return "true"
    if word in NO:
        return "false"
    return "true" if NUMBER.fullmatch(word) and int(word) else "false"


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
