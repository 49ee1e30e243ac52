"""The addresses of many records of one kind, made at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.urls import get_script_prefix, reverse

# An id that is in no address otherwise.
ANY = 10**18


def addresses(page: str, *ids: int) -> Callable[[int], str]:
    """Return what gives the address of a record by its id: that of `page` with `ids`, and then the record's."""
    pattern = _pattern(page, len(ids) + 1, get_script_prefix())
    return lambda pk: pattern % (*ids, pk)


@cache
def _pattern(page: str, number: int, _prefix: str) -> str:
    """Return the address of a page, below this prefix, with a place for each of so many ids."""
    return reverse(page, args=[ANY] * number).replace("%", "%%").replace(str(ANY), "%d")
