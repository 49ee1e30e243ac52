"""Who is asking, and as whom: an access token, and `as_user_id` for those who may act as others."""

from django.http import Http404
from rest_framework.request import Request

from accounts.api.authentication import BearerAuthentication
from accounts.api.errors import InvalidActing
from accounts.api.ids import somebody
from accounts.api.parameters import parameters
from accounts.errors import NotAllowed
from accounts.models import User
from courses.acting import acting_as

KEY = "as_user_id"
# A roster sent as the body itself has no parameters in it.
WITH_PARAMETERS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


class ActingAuthentication(BearerAuthentication):
    """The token's owner, or whom the owner acts as."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """As for a bare token. Raises InvalidActing for a person who is not there or not open to the owner."""
        found = super().authenticate(request)
        wanted = _wanted(request)
        if found is None or wanted in ("", "self"):
            return found
        caller, _none = found
        try:
            other = somebody(wanted)
        except Http404:
            other = None
        if other is None:
            raise InvalidActing
        if other == caller:
            return found
        try:
            acting = acting_as(caller, other)
        except NotAllowed:
            raise InvalidActing from None
        acting.root_account_id = caller.root_account_id  # type: ignore[attr-defined]
        return acting, None


def _wanted(request: Request) -> str:
    if text := request.query_params.get(KEY):
        return text
    if (request.content_type or "").partition(";")[0].strip().lower() in WITH_PARAMETERS:
        return parameters(request).text(KEY)
    return ""
