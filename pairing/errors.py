"""What the rules of pairing refuse with."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import DoneAlready, NotAllowed, NotPossible, TooManyTries


class PairingIsOff(NotAllowed):
    """Self registration is off, and pairing with it."""

    def __init__(self) -> None:
        super().__init__(_("This institution has switched pairing off. Please ask the school to link you."))


class NotWhileActing(NotAllowed):
    """Staff do not spend codes for others, and so not as others either."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "While you act as somebody else you cannot pair them. They can use the code themselves, or the school"
                " can link them from their user page."
            )
        )


class CodeRefused(NotPossible):
    """Unknown, used, expired or revoked: one answer for all, so that it tells a guesser nothing.

    `by_name`: or the student has another family name than the one given.
    """

    def __init__(self, *, by_name: bool = False) -> None:
        super().__init__(
            _(
                "This code does not work for a student of this family name. Check capitals and small letters, and the"
                " name as the school writes it; a code works once and for seven days. If it still does not work, ask"
                " the student or the school for a new one."
            )
            if by_name
            else _(
                "This code does not work. Check capitals and small letters; a code works once and for seven days."
                " If it still does not work, ask the student or the school for a new one."
            )
        )


class OwnCode(NotPossible):
    """A code never links its own student."""

    def __init__(self) -> None:
        super().__init__(
            _("This is your own code. Give it to the person who is to observe you; it has not been used up.")
        )


class UnknownObservee(NotPossible):
    """No such login, another password, or oneself: one answer for all, so that it tells a guesser nothing."""

    def __init__(self) -> None:
        super().__init__(_("Unknown observee."))


class FamilyNameWanted(NotPossible):
    """Many codes are guessed at the moment, so the student's family name must come with one."""

    def __init__(self) -> None:
        super().__init__(
            _("Many wrong codes are being tried at the moment. Please give the student's family name with the code.")
        )


class OnTheWebOnly(NotPossible):
    """The same, told to one who uses an app, which has no field for a family name; `address` is the page to use."""

    def __init__(self, address: str) -> None:
        super().__init__(
            _("Many wrong codes are being tried at the moment. Please use your code on the web: %(address)s")
            % {"address": address}
        )


class TooManyOfFamily(TooManyTries):
    """Codes of students of this family name have been guessed too often."""

    sentence = _(
        "Too many wrong codes were tried for students of this family name. Please ask the school to link you, or try"
        " again in %(span)s."
    )


class TooManyCodes(TooManyTries):
    """Guessing, or much bad luck."""

    sentence = _("There were too many codes that do not work. Please try again in %(span)s.")


class ExportedJustNow(DoneAlready):
    """The codes of a course were exported a moment ago, and nobody has said that they are wanted once more."""

    def __init__(self) -> None:
        super().__init__(_("Codes for this course have just been made. No others were made now."))
