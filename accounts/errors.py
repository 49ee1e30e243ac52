"""What the rules of accounts refuse with. Each message is fit to be shown to the person who asked."""

from django.utils.functional import Promise


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
