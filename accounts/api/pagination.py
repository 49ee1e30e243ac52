"""Lists page by page: `page`, `per_page`, and a Link header with absolute addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

from accounts.api.endpoints import ApiRequest

DEFAULT = 10
MOST = 100
# Beyond it a database would count rows for nothing.
FARTHEST = 10_000_000
# What no answer repeats, though a client has put it into an address.
SECRET = ("access_token", "pairing_code", "observee[password]")

Row = TypeVar("Row", bound=Model)


def page_of(call: ApiRequest, rows: QuerySet[Row] | Sequence[Row]) -> list[Row]:
    """The rows of the page asked for, fetched with one statement; sets the Link header of the answer.

    Whether there is a next page is seen by asking for one row more: nothing is counted, and so the last page
    is named only on the last page itself.
    """
    page, per_page = _number(call, "page", 1, FARTHEST), _number(call, "per_page", DEFAULT, MOST)
    start = (page - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    wanted = {"current": page, "first": 1}
    if len(found) > per_page:
        wanted["next"] = page + 1
    else:
        wanted["last"] = page
    if page > 1:
        wanted["prev"] = page - 1
    links = [f'<{_address(call, number, per_page)}>; rel="{rel}"' for rel, number in wanted.items()]
    call.headers["Link"] = ",".join(links)
    return found[:per_page]


def _number(call: ApiRequest, key: str, default: int, most: int) -> int:
    """A number from 1 to `most`; a client that sends nonsense gets the default rather than an error."""
    given = call.request.query_params.get(key, "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    return min(number, most) if number else default


def _address(call: ApiRequest, page: int, per_page: int) -> str:
    """This request's own address with all its filters (clients send nothing else with the next page)."""
    query = call.request.query_params
    left_out = ("page", "per_page", *SECRET)
    pairs = [(key, value) for key in query if key not in left_out for value in query.getlist(key)]
    pairs += [("page", str(page)), ("per_page", str(per_page))]
    return f"{call.address(call.request.path)}?{urlencode(pairs)}"
