"""One of the people of the table of addresses, who asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from accounts.domain.tokens import make_token
from config import errors
from courses.access.act_as import SESSION_KEY
from tests.access.table import Row
from tests.access.world import World

ALLOWED, REFUSED, MISSING, SIGN_IN = "allowed", "refused", "not found", "sign in"
# Let in, but what was sent is no good: a wrong code, or an id that does not belong there.
OBJECTED = "objected to"
API = "/api/"
FORM = "application/x-www-form-urlencoded"


def make_error_pages_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that refuses is made once from now on, and so for each person: the next hundred only tell the status.

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
        self.name, self.session, self.headers, self.query = name, "", {}, ""
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
        with transaction.atomic():
            answer = self.answer(row, ids)
            transaction.set_rollback(True)
        return outcome(answer.status_code, answer.headers.get("Location", ""))

    def answer(self, row: Row, ids: Mapping[str, int | str]) -> HttpResponseBase:
        """The answer to a request, to its last piece."""
        path, body = row.path.format_map(ids), {key: text.format_map(ids) for key, text in row.body.items()}
        if path.startswith(API):
            client = Client(headers=self.headers)
            answer = client.generic(row.method, path + self.query, urlencode(body), content_type=FORM)
        else:
            client = Client()
            client.cookies[settings.SESSION_COOKIE_NAME] = self.session
            answer = client.get(path) if row.method == "GET" else client.post(path, body)
        if answer.streaming:
            for _piece in answer:
                pass
        return answer


def outcome(status: int, location: str) -> str:
    if status == 401 or (status == 302 and location.startswith("/login/canvas?")):
        return SIGN_IN
    if status >= 500:
        return f"broken: {status}"
    if status in (400, 409, 422, 429):
        return OBJECTED
    return {403: REFUSED, 404: MISSING, 405: MISSING}.get(status, ALLOWED)
