"""The inbox, as clients of Canvas ask for it: there are no messages here, and so it is empty and takes none."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.api.body_types import UnreadBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.parameter_types import Word
from accounts.errors import NotPossible

endpoint = in_group("What the apps ask for")

SCOPE = Word(
    "scope",
    "Which messages to list; by default those in the inbox.",
    words=("inbox", "unread", "starred", "archived", "sent"),
)
KIND = Word("type", "List only people, or only groups of them.", words=("user", "context"))


@endpoint(SCOPE)
def index(request: ApiRequest) -> list[str]:
    """List the caller's messages: none."""
    request.params[SCOPE]
    return []


@endpoint()
def create(request: ApiRequest) -> list[str]:
    """Send a message. None is sent from here."""
    raise NotPossible(_("No messages can be sent from here. Please write to the teacher by email."))


@endpoint()
def count_unread(request: ApiRequest) -> UnreadBody:
    """Tell how many messages the caller has not read: as a text, as Canvas has it."""
    return {"unread_count": "0"}


@endpoint()
def batches(request: ApiRequest) -> list[str]:
    """List the messages to many that are being sent: none."""
    return []


@endpoint(KIND)
def recipients(request: ApiRequest) -> list[str]:
    """List to whom the caller can write: to nobody, from here."""
    request.params[KIND]
    return []
