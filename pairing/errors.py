"""The refusals of pairing."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import DoneAlready, NotAllowed, NotPossible, TooManyTries


class PairingIsOff(NotAllowed):
    """Self registration is off, and so is pairing."""

    def __init__(self) -> None:
        super().__init__(_("This school has turned off pairing. Please ask the school to link you."))


class NotWhileActing(NotAllowed):
    """Staff do not spend codes for others, and so not while acting as others either."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "You cannot pair someone while you act as them. They can use the code themselves, or the "
                "school can link them from their user page."
            )
        )


class CodeRefused(NotPossible):
    """Unknown, used, expired or revoked: one answer for all, so that it tells a guesser nothing.

    `by_name`: or the student has another last name than the one given.
    """

    def __init__(self, *, by_name: bool = False) -> None:
        super().__init__(
            _(
                "This code does not work for a student with this last name. Check capital and lowercase "
                "letters, and spell the name as the school does. A code works once, within seven days. "
                "If it still does not work, ask the student or the school for a new one."
            )
            if by_name
            else _(
                "This code does not work. Check capital and lowercase letters. A code works once, within "
                "seven days. If it still does not work, ask the student or the school for a new one."
            )
        )


class OwnCode(NotPossible):
    """A code never links its own student."""

    def __init__(self) -> None:
        super().__init__(
            _("This is your own code. Give it to the person who will observe you. The code has not been used.")
        )


class UnknownObservee(NotPossible):
    """No such login, another password, or oneself: one answer for all, so that it tells a guesser nothing."""

    def __init__(self) -> None:
        super().__init__(_("Unknown observee."))


class FamilyNameWanted(NotPossible):
    """Many codes are being guessed, so a code needs the student's last name."""

    def __init__(self) -> None:
        super().__init__(
            _("Many wrong codes are being tried at the moment. Enter the student's last name with the code.")
        )


class OnTheWebOnly(NotPossible):
    """A last name is needed, but apps have no field for it; `address` is the page to use."""

    def __init__(self, address: str) -> None:
        super().__init__(
            _("Many wrong codes are being tried at the moment. Please use your code on the web: %(address)s")
            % {"address": address}
        )


class TooManyOfFamily(TooManyTries):
    """Codes of students with this last name have been guessed too often."""

    sentence = _(
        "Too many wrong codes were tried for students with this last name. Please ask the school "
        "to link you, or try again in %(span)s."
    )


class TooManyCodes(TooManyTries):
    """Too many wrong codes: guessing, or very bad luck."""

    sentence = _("Too many wrong codes. Please try again in %(span)s.")


class ExportedJustNow(DoneAlready):
    """The codes of a course have just been exported, and the person has not confirmed that they want new ones."""

    def __init__(self) -> None:
        super().__init__(_("Codes for this course were just created. No new ones were created."))
