"""Fields for the short texts and ids that people and other systems give: what one may hold, and what is said of one
that cannot be taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import CharField, EmailField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.text.names import is_readable

BIGGEST = 2**63 - 1


def plain_id(text: str) -> int | None:
    """Return the id that `text` is; None if it cannot be the id of anything in the database."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return int(text) if int(text) <= BIGGEST else None


def plain_ids(texts: Iterable[str]) -> list[int]:
    """Return those of these texts that are ids."""
    return [number for text in texts if (number := plain_id(text)) is not None]


LONGEST = 255
LONGEST_LOGIN = 100
# A kind in Canvas's words, and a message.
Complaint = tuple[str, str | Promise]
# By code of Django's validation: blank, unreadable, invalid, max_length, unique.
Complaints = Mapping[str, Complaint]

BLANK_NAME = ("blank", _("Enter a name."))
TOO_LONG = ("invalid", _("This is too long. Use at most 255 characters."))


def check_readable(text: str) -> None:
    """Raise ValidationError for a text of nothing but spaces and punctuation."""
    if not is_readable(text):
        raise ValidationError("unreadable", code="unreadable")


def check_printable(text: str) -> None:
    """Raise ValidationError for a text with characters that nobody sees."""
    if not text.isprintable():
        raise ValidationError("invalid", code="invalid")


def check_login(text: str) -> None:
    """Raise ValidationError for what cannot be a login."""
    if not is_login(text):
        raise ValidationError("invalid", code="invalid")


def is_login(text: str) -> bool:
    """Return whether a (tidied) text can be a login; whether it is taken is not looked up."""
    return 0 < len(text) <= LONGEST_LOGIN and text.isprintable() and is_readable(text)


class WithComplaints(CharField):
    """A field that knows the kinds and the words of what can be wrong with it.

    Migrations know the field without them: they make no difference to the database.
    """

    known_as = "django.db.models.CharField"

    def __init__(self, *args: Any, complaints: Complaints | None = None, **kwargs: Any) -> None:
        self.complaints = complaints or {}
        messages = {code: message for code, (_kind, message) in self.complaints.items()}
        super().__init__(*args, **{"error_messages": messages, **kwargs})

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, self.known_as, args, {k: v for k, v in kwargs.items() if k not in ("validators", "error_messages")}


class Text(WithComplaints):
    """A text in one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": LONGEST, **kwargs})


class Name(Text):
    """A name, in which there is something to read."""

    def __init__(self, *args: Any, complaints: Complaints | None = None, **kwargs: Any) -> None:
        said = {"blank": BLANK_NAME, "unreadable": BLANK_NAME, "max_length": TOO_LONG, **(complaints or {})}
        super().__init__(*args, **{"complaints": said, "validators": [check_readable], **kwargs})


class SisId(Text):
    """An id of the school's, which nothing else of the same kind has; None for none."""

    known_as = "accounts.text.fields.SisId"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"null": True, "blank": True, "unique": True, **kwargs})

    def db_type(self, connection: Any) -> str:
        """Return the type of the column, spelled out: beside a unique `varchar`, Django makes a second index for LIKE,
        which nothing would read.
        """
        return str(super().db_type(connection)).replace("varchar", "character varying")


class EmailText(EmailField, WithComplaints):
    """An address to which mail can be sent."""

    known_as = "django.db.models.EmailField"
