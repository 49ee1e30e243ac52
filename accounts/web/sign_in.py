"""Our adapter of django-allauth: it signs people in, and never creates accounts (accounts/domain/registration.py does).

A browser in which a person has signed in before is recognized by a long-lived signed cookie. There the owner of an
account has their own tries at the password, whatever strangers do (OWASP: device cookies). The cookie gives no access
by itself. “Sign out everywhere” ends it.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.domain.password_limits import TooManyPasswords, try_password
from accounts.models import User
from accounts.web.refusals import tell
from accounts.web.requests import network_of

COOKIE = "known_browser"
SALT = "accounts.web.sign_in"
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


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # The field is called Login.
        "username_password_mismatch": _("The login or password is incorrect."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: sign-up goes through the rules of pairing."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person with this login and password, within our own limits on wrong ones.

        Everything in allauth that tests a password comes here. Raises ImmediateHttpResponse, with the page that says
        how long to wait.
        """
        ask = super().authenticate
        try:
            return try_password(
                credentials.get("username", ""),
                lambda person: ask(request, **credentials),
                network=network_of(request),
                browser_of=lambda person: known_browser(request, person),
            )
        except TooManyPasswords as refusal:
            raise ImmediateHttpResponse(_too_many(request, refusal)) from None

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Return the redirect after signing in, with the cookie by which this browser is recognized."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_browser(request, response, user)
        return response


def _too_many(request: HttpRequest, refusal: TooManyPasswords) -> HttpResponse:
    return tell(render(request, "account/too_many_passwords.html", {"refusal": refusal}), refusal)
