"""Our adapter of django-allauth: it signs people in, and never creates accounts
(accounts/domain/registration.py does).
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.domain.password_limits import TooManyPasswords, try_password
from accounts.models import User
from accounts.web.client_network import network_of
from accounts.web.known_browsers import known_browser, remember_browser
from accounts.web.refusals import tell


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
