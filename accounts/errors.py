"""The refusals of the accounts rules. Each message can be shown to the person who asked."""

from typing import ClassVar, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

# What kind of record a refusal is about; empty where that is plain without.
Record = Literal["", "account", "admin", "course", "enrollment", "role", "section", "term", "user"]


class Refused(Exception):
    """The base of every refusal by a rule; `message` says what to do next. Raise one of the kinds below."""

    def __init__(self, message: str | Promise = "") -> None:
        self._message = message
        super().__init__(str(message))

    @property
    def message(self) -> str:
        """The refusal in the reader's language."""
        return str(self._message)


class NotAllowed(Refused):
    """The acting person lacks the permission."""


class NotThere(Refused):
    """What it was about is not there, or is there no longer."""


class NotPossible(Refused):
    """It was understood, and cannot be done as things are."""


class DoneAlready(Refused):
    """It has just been done, and is not done again unasked."""


class Invalid(Refused):
    """What was given cannot be taken, with the field it is about.

    `errors` maps a field to a list of (kind, message), `of` says of what the fields are. A field is called as the
    domain calls it: as the argument of the function that was called.
    """

    def __init__(self, errors: dict[str, list[tuple[str, str | Promise]]], of: Record = "") -> None:
        self.errors = errors
        self.of: Record = of
        first = next(iter(errors.values()))[0][1]
        super().__init__(first)


class TooManyTries(Refused):
    """Too many failed attempts: guessing, or very bad luck. `wait` is the number of seconds to wait."""

    sentence: ClassVar[str | Promise] = _("Too many failed attempts. Please try again in %(span)s.")

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(self.sentence % {"span": _span(wait)})


def _span(seconds: int) -> str:
    if seconds <= 90:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds <= 5400:
        minutes = -(-seconds // 60)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if seconds <= 2 * 86_400:
        hours = -(-seconds // 3600)
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = -(-seconds // 86_400)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
