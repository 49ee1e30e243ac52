"""Identify the caller, and the person they act as: an access token, and `as_user_id` for people who may
act as others.
"""

from django.http import Http404
from rest_framework.request import Request

from accounts.api.authentication import BearerAuthentication
from accounts.api.errors import InvalidActing
from accounts.api.ids import somebody
from accounts.api.parameters import ACTING, parameters_of_acting
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from courses.access.act_as import acting_as


class ActingAuthentication(BearerAuthentication):
    """The token's owner, or the person the owner acts as."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the person and token as for a bare token. Raises InvalidActing for a person the owner
        may not act as.
        """
        found = super().authenticate(request)
        if found is None or (wanted := _wanted(request)) in (None, "self"):
            return found
        caller, _none = found
        other = _somebody(wanted)
        if other == caller:
            return found
        try:
            acting = acting_as(caller, other)
        except NotAllowed:
            raise InvalidActing from None
        acting.root_account_id = caller.root_account_id  # type: ignore[attr-defined]
        return acting, None


def _wanted(request: Request) -> str | None:
    """Return the person the caller wants to act as; None if nobody is named.

    Raises InvalidActing if that cannot be read: what was meant for someone else must not be done as the caller.
    """
    given = parameters_of_acting(request)
    keys = [key for key in given if key.startswith(ACTING)]
    if not keys:
        return None
    try:
        text = given.text(ACTING)
    except Invalid:
        raise InvalidActing from None
    if keys != [ACTING] or not text:
        raise InvalidActing
    return text


def _somebody(text: str | None) -> User:
    try:
        found = somebody(text or "")
    except Http404:
        found = None
    if found is None:
        raise InvalidActing
    return found
