"""What the rules of accounts refuse with. Each message is fit to be shown to the person who asked."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class Refused(Exception):
    """The base of every refusal by a rule; `message` says what to do next.

    `status` is the HTTP status it is answered with, `wait` for how many seconds to wait, where that helps.
    """

    status = 422
    wait: int | None = None

    def __init__(self, message: str | Promise = "") -> None:
        self._message = message
        super().__init__(str(message))

    @property
    def message(self) -> str:
        """The refusal in the reader's language."""
        return str(self._message)


class NotAllowed(Refused):
    """The acting person lacks the right."""

    status = 403


class Invalid(Refused):
    """What was given cannot be taken, with the field it is about.

    `errors` maps a field name to a list of (kind, message).
    """

    status = 400

    def __init__(self, errors: dict[str, list[tuple[str, str | Promise]]]) -> None:
        self.errors = errors
        first = next(iter(errors.values()))[0][1]
        super().__init__(first)


class TooManyTries(Refused):
    """Guessing, or much bad luck: `wait` says for how many seconds to wait."""

    status = 429
    sentence: ClassVar[str | Promise] = _("There were too many tries that failed. Please try again in %(span)s.")

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
