"""Identify the caller: `Authorization: Bearer <access token>`, and never a browser's session."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.domain.tokens import digest, token_owner
from accounts.models import User

REALM = 'Bearer realm="canvas-lms"'
IN_QUERY = "access_token"


class TokenInAddress(AuthenticationFailed):
    """The access token stands in the query, and ACCESS_TOKEN_IN_QUERY is off."""

    default_detail = _(
        "Send the access token in the header “Authorization: Bearer …”. It is not accepted in the address, because"
        " addresses are kept in logs. Replace this token if others can read them."
    )


def _token_in_address(request: Request) -> str | None:
    """Return the token in the query; None if there is none, or if it is a parameter of the call itself.

    Raises TokenInAddress unless the site accepts it there.
    """
    text = request.GET.get(IN_QUERY)
    if text is None or _is_of_the_call(request):
        return None
    if not settings.ACCESS_TOKEN_IN_QUERY:
        raise TokenInAddress
    return text


def _is_of_the_call(request: Request) -> bool:
    """Return whether the call has a parameter of this name: the token of somebody else, to observe them."""
    operations = getattr(request.parser_context["view"], "operations", {})
    operation = operations.get(request.method)
    return operation is not None and any(parameter.name == IN_QUERY for parameter in operation.takes)


class BearerAuthentication(BaseAuthentication):
    """Authenticate by access token: one statement a request, and at most one write a day."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the token's owner; None if no token was sent. Raises AuthenticationFailed for an invalid one, and
        TokenInAddress for one where it is not accepted.
        """
        scheme, _space, sent = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        text = sent if scheme.lower() == "bearer" else _token_in_address(request)
        if text is None:
            return None
        # A header arrives as Latin-1; a token is plain ASCII.
        owner = token_owner(text.strip()) if text.isascii() else None
        if owner is None:
            raise AuthenticationFailed
        # Whoever the call is carried out as, the token is what is charged.
        request.token_digest = digest(text.strip())  # type: ignore[attr-defined]
        return owner, None

    def authenticate_header(self, request: Request) -> str:
        return REALM
