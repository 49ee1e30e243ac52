"""Every address of the service against everybody: one table says who gets in (tests/access/table.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.table import EVERYBODY, ROWS, Row
from tests.access.visitors import ALLOWED, API, MISSING, OBJECTED, REFUSED, SIGN_IN, Visitor, make_error_pages_once
from tests.access.world import ELSEWHERE


@pytest.fixture(autouse=True)
def _every_error_page_once(monkeypatch) -> None:
    make_error_pages_once(monkeypatch)


def expected(row: Row, name: str) -> str:
    if name in row.who:
        return ALLOWED
    if name in row.hidden:
        return MISSING
    return SIGN_IN if name == "nobody" else REFUSED


@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_gets_what_the_table_says_and_nothing_else(world, name):
    visitor, ids = Visitor(world, name), world.ids(world.here)
    answers = [(row, visitor.asks(row, ids)) for row in ROWS]
    wrong = [
        f"{row}: {answer}, not {expected(row, name)}"
        for row, answer in answers
        if (ALLOWED if answer == OBJECTED else answer) != expected(row, name)
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("name", EVERYBODY)
def test_what_is_open_in_ones_own_school_is_not_open_in_another(world, name):
    """The same table with all ids those of the other school: there, others stand where these stand here."""
    visitor, ids = Visitor(world, name), world.ids(world.there)
    stands_as = next((here for here, there in ELSEWHERE.items() if there == name), None)
    wrong = []
    for row in ROWS:
        # What holds no id of a school has been asked already, in the same words.
        if row.of_oneself or row.ids <= world.shared.keys():
            continue
        allowed = stands_as in row.who or (name in row.who and row.anybody)
        if (visitor.asks(row, ids) in (ALLOWED, OBJECTED)) is not allowed:
            wrong.append(f"{row}: {'refused' if allowed else 'allowed'}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("name", ["teacher", "ta", "observer", "sub_admin", "admin"])
def test_an_id_from_elsewhere_opens_nothing_within_ones_own(world, name):
    """Each id of a path or a body that has several is exchanged for its like in the other school."""
    visitor = Visitor(world, name)
    opened = []
    for row in ROWS:
        for key in sorted(row.ids & world.there.ids.keys()):
            if len(row.ids) < 2 or row.anybody or key in row.loose:
                continue
            if visitor.asks(row, world.ids(world.here, **{key: world.there.ids[key]})) == ALLOWED:
                opened.append(f"{row} with another {key}")
    assert opened == [], "\n".join(opened)


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        else:
            yield path, entry


def doors() -> set[tuple[str, str]]:
    """(method, path with every id as `{}`) of everything that can be asked for; pages count as `PAGE`."""
    found = set()
    for path, entry in routes(get_resolver()):
        shape = "/" + re.sub(r"<[^>]+>", "{}", path)
        view = getattr(entry.callback, "cls", None)
        methods = [name for name in ("get", "post", "put", "delete") if hasattr(view, name)] if view else ["page"]
        found |= {(method.upper(), shape) for method in methods}
    return found


def test_no_address_is_missing_from_the_table():
    shapes = {
        (row.method if f"{row.path}/".startswith(API) else "PAGE", re.sub(r"\{[^}]+\}", "{}", row.path)) for row in ROWS
    }
    # "self" and the like stand where an id may stand.
    standing = {(method, re.sub(r"/(self|canvas)(?=/|$)", "/{}", path)) for method, path in shapes} | shapes
    # Sign-in and passwords are django-allauth's; the rest answers everybody or nobody, with nothing.
    others = {
        door
        for door in doors()
        if door[1].startswith(("/login", "/^", "/api/v1/^"))
        or door[1] in ("/api/v1/", "/healthz", "/readyz", "/metrics")
    }
    assert doors() - others - standing == set()
