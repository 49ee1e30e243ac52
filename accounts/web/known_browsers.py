"""Browsers in which a person has signed in before, recognized by a long-lived signed cookie.

There the owner of an account has their own tries at the password, whatever strangers do (OWASP: device cookies). The
cookie gives no access by itself. “Sign out everywhere” ends it.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User

COOKIE = "known_browser"
SALT = "accounts.web.known_browsers"
# The longest time that browsers keep a cookie.
MAX_AGE = 400 * 24 * 3600
# Every password is checked below this path.
PATH = "/login"
MOST_PEOPLE = 20


def known_browser(request: HttpRequest, person: User | None) -> str | None:
    """Return the browser's name if this person has signed in there before; otherwise None."""
    found = _read(request)
    if person is None or found["people"].get(str(person.pk)) != person.session_epoch:
        return None
    return str(found["name"])


def remember_browser(request: HttpRequest, response: HttpResponseBase, person: User) -> None:
    """Mark the browser, in the answer to a sign-in, as one of this person's."""
    found = _read(request)
    others = {pk: epoch for pk, epoch in found["people"].items() if pk != str(person.pk)}
    people = dict(list({**others, str(person.pk): person.session_epoch}.items())[-MOST_PEOPLE:])
    response.set_cookie(
        COOKIE,
        signing.dumps({"name": found["name"], "people": people}, salt=SALT),
        max_age=MAX_AGE,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, Any]:
    """Return the browser's name and the people it knows; a new name for a browser without our cookie."""
    try:
        found: dict[str, Any] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return {"name": secrets.token_urlsafe(12), "people": {}}
    return found
