"""Ids that come from outside."""

from collections.abc import Iterable

BIGGEST = 2**63 - 1


def plain_id(text: str) -> int | None:
    """Return the id that `text` is; None if it cannot be the id of anything in the database."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return int(text) if int(text) <= BIGGEST else None


def plain_ids(texts: Iterable[str]) -> list[int]:
    """Return those of these texts that are ids."""
    return [number for text in texts if (number := plain_id(text)) is not None]
