"""Paginate lists: `page`, `per_page`, and a Link header with absolute addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

from accounts.api.endpoints import ApiRequest
from accounts.api.parameter_types import Counter
from accounts.web.pagination import cut

DEFAULT = 10
MOST = 100
# Beyond it the database would skip rows for nothing.
FARTHEST = 10_000_000
PAGE = Counter("page", "Which page of the list.", default=1, most=FARTHEST)
PER_PAGE = Counter("per_page", "How many rows a page has.", default=DEFAULT, most=MOST)
PAGING = (PAGE, PER_PAGE)
# Never repeated in an answer, even if a client has put it into an address.
SECRET = ("access_token", "pairing_code", "observee[password]")

Row = TypeVar("Row", bound=Model)


def page_of(request: ApiRequest, rows: QuerySet[Row] | Sequence[Row]) -> list[Row]:
    """Return the rows of the requested page, fetched with one statement; set the Link header of the answer.

    One row more is fetched to see whether there is a next page. Nothing is counted, so only the last page links to the
    last page.
    """
    page = cut(rows, request.params[PAGE], request.params[PER_PAGE])
    numbers = {"current": page.number, "first": 1}
    numbers |= {"next": page.next} if page.has_next else {"last": page.number}
    numbers |= {"prev": page.previous} if page.has_previous else {}
    links = [f'<{_address(request, number)}>; rel="{rel}"' for rel, number in numbers.items()]
    request.headers["Link"] = ",".join(links)
    return page.items


def _address(request: ApiRequest, page: int) -> str:
    """Return this request's own address with all its filters (clients send nothing else with the next page)."""
    query = request.request.query_params
    left_out = ("page", "per_page", *SECRET)
    pairs = [(key, value) for key in query if key not in left_out for value in query.getlist(key)]
    pairs += [("page", str(page)), ("per_page", str(request.params[PER_PAGE]))]
    return f"{request.address(request.request.path)}?{urlencode(pairs)}"
