"""What views behind `login_required` are handed."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """The request of somebody who is signed in. For annotations only; Django makes the objects."""

    user: User
    htmx: HtmxDetails
