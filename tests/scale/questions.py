"""What is asked of a large district: every address, and each with its parameters and filters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts.api.endpoints import every_call
from accounts.api.parameter_types import Either, Flag, Includes, Moment, NotServed, Parameter, Word, Words
from tests.access.table import EVERYBODY, ROWS, THERE, Row, names
from tests.access.test_api_parameters_read import rows_of, sample
from tests.access.visitors import Visitor
from tests.access.world import World

# Long ago, and in a time that no course reaches.
MOMENTS = ("1990-01-01T00:00:00Z", "2090-01-01T00:00:00Z")


def asked(world: World, above: list[int]) -> Iterator[tuple[Visitor, Row, Mapping[str, int | str]]]:
    """Every address, as each kind of person; what changes something, as those who get in.

    Those of the other school are of the same kinds. What is about an account is asked of those further up, too.
    """
    for name in [name for name in EVERYBODY if name not in names(THERE)]:
        visitor = Visitor(world, name)
        for row in ROWS:
            if row.method == "GET" or name in row.who:
                yield visitor, row, world.ids(world.here)
    admin = Visitor(world, "admin")
    for account in above:
        for row in ROWS:
            if "{account}" in row.path:
                yield admin, row, world.ids(world.here, account=account)


def asked_with_words(world: World, above: list[int]) -> Iterator[tuple[Row, str, str]]:
    """Every call of the API that reads, with each word that one of its parameters takes, or values of the others.

    Each with the pair that is sent, and the address; what is about an account is asked of each of those further up.
    """
    here = world.ids(world.here)
    for call in every_call():
        parameters = [one for one in call.takes if not isinstance(one, NotServed)] if call.method == "GET" else []
        for row, parameter in product(rows_of(call), parameters):
            for account in above if "{account}" in row.path else above[:1]:
                ids = {**here, "account": account}
                for pair in _values(parameter, ids):
                    yield row, "=".join(map(str, pair)), f"{row.path.format_map(ids)}?{urlencode([pair])}"


def _values(parameter: Parameter[Any], ids: dict[str, Any]) -> list[tuple[str, Any]]:
    match parameter:
        case Word() | Words() | Includes():
            values: Any = parameter.words or ()
        case Flag() | Either():
            values = ("true", "false")
        case Moment():
            values = MOMENTS
        case _:
            return sample(parameter, ids)
    return [(parameter.name, value) for value in values]


class Filters(HTMLParser):
    """The filters of a page: by name, the values that its forms for searching offer, and what its own links ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.offered: dict[str, list[str]] = defaultdict(list)
        self.links: list[str] = []
        self._is_form = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        """Note a form that asks, what it offers, and a link to the same page."""
        attributes = {key: value or "" for key, value in given}
        if tag == "form":
            self._is_form = attributes.get("method", "get").lower() == "get"
        elif tag == "select":
            self._select = attributes.get("name", "")
        elif tag == "option" and self._is_form and attributes.get("value"):
            self.offered[self._select].append(attributes["value"])
        elif tag == "input" and self._is_form and attributes.get("type") in ("checkbox", "radio"):
            self.offered[attributes["name"]].append(attributes.get("value", "on"))
        elif tag == "a" and len(attributes.get("href", "")) > 1 and attributes["href"].startswith("?"):
            self.links.append(attributes["href"])

    @property
    def queries(self) -> list[str]:
        """What is asked by one filter each, and by each link."""
        return [
            *(f"?{urlencode({name: value})}" for name, values in self.offered.items() for value in values),
            *self.links,
        ]


def asked_with_filters(world: World, above: list[int]) -> Iterator[tuple[Row, str, str]]:
    """Every page, as the admin of the institution, with each of its filters: the page, what is asked, and the address.

    What is about an account is asked of each of those further up, too.
    """
    visitor = Visitor(world, "admin")
    browser = Client()
    browser.force_login(world.people["admin"])
    for row in ROWS:
        if row.method != "GET" or row.path.startswith("/api/") or visitor.name not in row.who:
            continue
        for account in above if "{account}" in row.path else above[:1]:
            path = row.path.format_map({**world.ids(world.here), "account": account})
            answer = browser.get(path)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                for query in Filters(answer.getvalue().decode()).queries:
                    yield row, query, path.partition("?")[0] + query
