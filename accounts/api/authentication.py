"""Identify the caller: `Authorization: Bearer <access token>` and nothing else, so never a browser's session."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.domain.tokens import token_owner
from accounts.models import User

REALM = 'Bearer realm="canvas-lms"'


class BearerAuthentication(BaseAuthentication):
    """Authenticate by access token: one statement a request, and at most one write a day."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the token's owner; None if no token was sent. Raises AuthenticationFailed for an invalid one."""
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        # A header arrives as Latin-1; a token is plain ASCII.
        owner = token_owner(text.strip()) if text.isascii() else None
        if owner is None:
            raise AuthenticationFailed
        return owner, None

    def authenticate_header(self, request: Request) -> str:
        return REALM
