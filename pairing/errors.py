"""What the rules of pairing refuse with."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refused, TooManyTries


class PairingIsOff(Refused):
    """Self registration is off, and pairing with it."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("This institution has switched pairing off. Please ask the school to link you."))


class NotWhileActing(Refused):
    """Staff do not spend codes for others, and so not as others either."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _(
                "While you act as somebody else you cannot pair them. They can use the code themselves, or the school"
                " can link them from their user page."
            )
        )


class CodeRefused(Refused):
    """Unknown, used, expired or revoked: one answer for all, so that it tells a guesser nothing."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This code does not work. Check capitals and small letters; a code works once and for seven days."
                " If it still does not work, ask the student or the school for a new one."
            )
        )


class OwnCode(Refused):
    """A code never links its own student."""

    def __init__(self) -> None:
        super().__init__(
            _("This is your own code. Give it to the person who is to observe you; it has not been used up.")
        )


class UnknownObservee(Refused):
    """No such login, another password, or oneself: one answer for all, so that it tells a guesser nothing."""

    def __init__(self) -> None:
        super().__init__(_("Unknown observee."))


class TooManyCodes(TooManyTries):
    """Guessing, or much bad luck."""

    sentence = _("There were too many codes that do not work. Please try again in %(span)s.")


class ExportedJustNow(Refused):
    """The codes of a course were exported a moment ago, and nobody has said that they are wanted once more."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("Codes for this course have just been made. No others were made now."))
