"""Every address of the service against everybody: one table says who gets in (tests/access/table.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.domain.tokens import make_token
from config import errors
from courses.access.act_as import SESSION_KEY
from tests.access.table import EVERYBODY, ROWS, Row
from tests.access.world import ELSEWHERE, World

ALLOWED, REFUSED, MISSING, SIGN_IN = "allowed", "refused", "not found", "sign in"
# Let in, but what was sent is no good: a wrong code, or an id that does not belong there.
OBJECTED = "objected to"
API = "/api/v1"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _every_error_page_once(monkeypatch) -> None:
    """A page that refuses is made once for each test, and so for each person: the next hundred only tell the status.

    What such pages say and lead to is not asked here; they took a third of the time.
    """
    made: set[str] = set()
    render = errors.render_to_string

    def render_once(name: str, *arguments: Any, **more: Any) -> str:
        if name not in ("403.html", "404.html"):
            return render(name, *arguments, **more)
        if name in made:
            return ""
        made.add(name)
        return render(name, *arguments, **more)

    monkeypatch.setattr(errors, "render_to_string", render_once)


class Visitor:
    """One of the people of the table, on pages by session and in the API by token."""

    def __init__(self, world: World, name: str) -> None:
        self.session, self.headers, self.query = "", {}, ""
        acting = name == "acting"
        user = world.people.get("admin" if acting else name)
        if user is None:
            return
        browser = Client()
        browser.force_login(user)
        self.headers = {"Authorization": f"Bearer {make_token(user, 'test', by=None)}"}
        if acting:
            student = world.people["student"].pk
            session = browser.session
            session[SESSION_KEY] = student
            session.save()
            self.query = f"?as_user_id={student}"
        self.session = browser.cookies[settings.SESSION_COOKIE_NAME].value

    def asks(self, row: Row, ids: Mapping[str, int | str]) -> str:
        """What comes of a request; whatever it changed is undone."""
        path, body = row.path.format_map(ids), {key: text.format_map(ids) for key, text in row.body.items()}
        with transaction.atomic():
            if path.startswith(API):
                client = Client(headers=self.headers)
                answer = client.generic(row.method, path + self.query, urlencode(body), content_type=FORM)
            else:
                client = Client()
                client.cookies[settings.SESSION_COOKIE_NAME] = self.session
                answer = client.get(path) if row.method == "GET" else client.post(path, body)
            found = outcome(answer.status_code, answer.headers.get("Location", ""))
            transaction.set_rollback(True)
        return found


def outcome(status: int, location: str) -> str:
    if status == 401 or (status == 302 and location.startswith("/login/canvas?")):
        return SIGN_IN
    if status >= 500:
        return f"broken: {status}"
    if status in (400, 409, 422, 429):
        return OBJECTED
    return {403: REFUSED, 404: MISSING, 405: MISSING}.get(status, ALLOWED)


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
