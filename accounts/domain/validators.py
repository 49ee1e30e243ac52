"""What names, logins and other texts about a person may look like: the same when an account is made and changed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.domain.time_zones import zone_meant, zones_like
from accounts.text.normal_form import is_readable

LONGEST_NAME = 255
LONGEST_LOGIN = 100
LONGEST = {
    "short_name": 255,
    "sortable_name": 255,
    "pronouns": 255,
    "initial_enrollment_type": 16,
    "time_zone": 64,
    "locale": 16,
    "email": 254,
    "sis_user_id": 255,
    "integration_id": 255,
}
Errors = dict[str, list[tuple[str, str | Promise]]]


def is_storable(text: str) -> bool:
    """Whether the database takes it: no NUL, and no half of a surrogate pair, which JSON can hold."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def name_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with a (tidied) name of a person, as (kind, message)."""
    if not name:
        return "blank", _("Please give a name.")
    if not is_readable(name):
        return "blank", _("There is nothing to read in this name. Please give a name with letters.")
    if len(name) > LONGEST_NAME:
        return "invalid", _("This name is too long. It may have 255 characters.")
    return None


def login_complaint(login: str, *, must_be_email: bool = False) -> str | None:
    """What is wrong with a (tidied) login; whether it is taken is not looked up."""
    if not login:
        return _("Please give a login.")
    if len(login) > LONGEST_LOGIN or not login.isprintable() or not is_readable(login):
        return _("A login has at most 100 characters, none of them invisible.")
    return (
        _("Please give an e-mail address, such as name@example.org.") if must_be_email and not is_email(login) else None
    )


def is_email(text: str) -> bool:
    """Whether mail could be sent there."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def text_problems(texts: dict[str, str]) -> Errors:
    """What is wrong with a person's other (tidied) texts, by field name; `texts` has fields of LONGEST only."""
    errors: Errors = {}
    for field, text in texts.items():
        if len(text) > LONGEST[field]:
            errors[field] = [("invalid", _("This is too long."))]
        elif field in ("short_name", "sortable_name") and text and not is_readable(text):
            errors[field] = [("invalid", _("There is nothing to read in this name."))]
        elif field == "time_zone" and text and (complaint := zone_complaint(text)):
            errors["time_zone"] = [("invalid", complaint)]
        elif field == "email" and text and not is_email(text):
            errors["email"] = [("invalid", _("Please give an e-mail address, such as name@example.org."))]
    return errors


def zone_complaint(text: str) -> str | None:
    """What is wrong with the name of a time zone, with what may have been meant; None for one that there is."""
    if zone_meant(text):
        return None
    if alike := zones_like(text):
        return _("There is no time zone of this name. Did you mean %(zones)s?") % {"zones": ", ".join(alike)}
    return _("There is no time zone of this name. Give a city such as Berlin, or a name such as America/New_York.")


def login_taken(*, by_staff: bool = True) -> tuple[str, str]:
    """The complaint about a login that somebody else has."""
    if by_staff:
        return "taken", _("There is an account with this login already.")
    return "taken", _(
        "There is an account with this login already. Sign in with it instead. If you forgot its password, or the "
        "school made the account and you never had one, choose a password by “Forgot your password?”."
    )


def sis_id_taken() -> tuple[str, str]:
    """The complaint about an SIS or integration id that somebody else has."""
    return "taken", _("Somebody else has this SIS or integration id.")
