"""The addresses of many records of one kind, made at once."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

# An id that is in no address otherwise.
ANY = 10**18


def addresses(page: str, *ids: object) -> Callable[[int], str]:
    """Return what gives the address of a record by its id: that of `page` with `ids`, and then the record's."""
    before, after = reverse(page, args=[*ids, ANY]).split(str(ANY))
    return lambda pk: f"{before}{pk}{after}"
