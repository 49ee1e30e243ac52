"""Ids as they come from outside."""

BIGGEST = 2**63 - 1


def plain_id(text: str) -> int | None:
    """The id that `text` is; None for what cannot be anything's id in the database."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return int(text) if int(text) <= BIGGEST else None
