"""The requests that views receive, and their size."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.text.ids import plain_id


class AuthenticatedHttpRequest(HttpRequest):
    """The request of a person who is signed in. For annotations only; Django creates the objects."""

    user: User
    htmx: HtmxDetails


def is_larger(request: HttpRequest, most: int) -> bool:
    """Return whether a request's body, which need not be read for this, has more than `most` bytes, or an unknown
    number.
    """
    length = plain_id(request.META.get("CONTENT_LENGTH") or "0")
    return length is None or length > most
