"""What views are handed, and how much of it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.text.ids import plain_id


class AuthenticatedHttpRequest(HttpRequest):
    """The request of somebody who is signed in. For annotations only; Django makes the objects."""

    user: User
    htmx: HtmxDetails


def is_larger(request: HttpRequest, most: int) -> bool:
    """Whether the body of a request, which need not be read for it, has more than `most` bytes, or nobody knows."""
    length = plain_id(request.META.get("CONTENT_LENGTH") or "0")
    return length is None or length > most
