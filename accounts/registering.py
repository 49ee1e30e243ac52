"""Making accounts: what a new person must give, and the account itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.auditing import record
from accounts.errors import Invalid
from accounts.models import Account, Action, SelfRegistration, User

OBSERVER = "observer"
LONGEST_LOGIN = 100
LONGEST = {
    "short_name": 255,
    "sortable_name": 255,
    "initial_enrollment_type": 16,
    "time_zone": 64,
    "locale": 16,
    "email": 254,
    "sis_user_id": 255,
    "integration_id": 255,
}
Errors = dict[str, list[tuple[str, str | Promise]]]


@dataclass(frozen=True)
class Application:
    """What somebody gives to get an account; the names of the fields are those of Canvas's API."""

    name: str
    unique_id: str
    password: str
    terms_of_use: bool = False
    initial_enrollment_type: str = ""
    short_name: str = ""
    sortable_name: str = ""
    time_zone: str = ""
    locale: str = ""
    email: str = ""
    sis_user_id: str | None = None
    integration_id: str | None = None


def is_open_to(root: Account, initial_enrollment_type: str) -> bool:
    """Whether somebody may make an account of this type for themselves (Canvas: self registration)."""
    if root.self_registration == SelfRegistration.ALL:
        return True
    return root.self_registration == SelfRegistration.OBSERVER and initial_enrollment_type == OBSERVER


def problems(wanted: Application, *, by_staff: bool = False) -> Errors:
    """What is wrong with an application, by Canvas's field names; whether the login is taken is not looked up here."""
    errors: Errors = {}
    if not wanted.name.strip():
        errors["user.name"] = [("blank", _("Please give your name."))]
    elif len(wanted.name) > 255 or not _storable(wanted.name):
        errors["user.name"] = [("invalid", _("This name cannot be used; it may have 255 characters."))]
    if not by_staff and not wanted.terms_of_use:
        errors["user.terms_of_use"] = [("accepted", _("Please accept the terms to make an account."))]
    if complaint := _login_complaint(wanted.unique_id, must_be_email=not by_staff):
        errors["pseudonym.unique_id"] = [("invalid", complaint)]
    for field, longest in LONGEST.items():
        text = getattr(wanted, field) or ""
        if len(text) > longest or not _storable(text):
            errors[f"user.{field}"] = [("invalid", _("This is too long, or holds a character that cannot be used."))]
    if complaints := _password_complaints(wanted, by_staff):
        errors["pseudonym.password"] = [("invalid", complaint) for complaint in complaints]
    return errors


def _storable(text: str) -> bool:
    """Whether the database takes it: no NUL, and no half of a surrogate pair, which JSON can hold."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _login_complaint(login: str, *, must_be_email: bool) -> str | None:
    if not login:
        return _("Please give a login.")
    if len(login) > LONGEST_LOGIN or not login.isprintable():
        return _("A login has at most 100 characters, none of them invisible.")
    if must_be_email:
        try:
            validate_email(login)
        except ValidationError:
            return _("Please give an e-mail address, such as name@example.org.")
    return None


def _password_complaints(wanted: Application, by_staff: bool) -> list[str]:
    if not wanted.password:
        return [] if by_staff else [_("Please choose a password.")]
    if not _storable(wanted.password):
        return [_("This password holds a character that cannot be used.")]
    try:
        validate_password(wanted.password, User(login_id=wanted.unique_id, name=wanted.name, email=wanted.unique_id))
    except ValidationError as error:
        return list(error.messages)
    return []


def register(wanted: Application, *, by: User | None = None) -> User:
    """Make the account: by the person themselves, or by staff (`by`), whose people need neither terms nor password.

    Raises Invalid; then nothing was made.
    """
    if errors := problems(wanted, by_staff=by is not None):
        raise Invalid(errors)
    with transaction.atomic():
        user = _create(wanted)
        action = Action.USER_CREATED if by else Action.USER_REGISTERED
        record(action, by=by or user, subject=user)
    return user


def _create(wanted: Application) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(
                wanted.unique_id,
                wanted.password or None,
                name=wanted.name.strip(),
                short_name=wanted.short_name.strip(),
                sortable_name=wanted.sortable_name.strip(),
                email=wanted.email or (wanted.unique_id if "@" in wanted.unique_id else ""),
                sis_user_id=wanted.sis_user_id or None,
                integration_id=wanted.integration_id or None,
                state=User.State.REGISTERED if wanted.password else User.State.PRE_REGISTERED,
                initial_enrollment_type=wanted.initial_enrollment_type,
                time_zone=wanted.time_zone or Account.objects.root().default_time_zone,
                locale=wanted.locale,
                terms_accepted_at=timezone.now() if wanted.terms_of_use else None,
            )
    except IntegrityError as error:
        if "login_is_unique" in str(error):
            message = _("There is an account with this login already. Sign in with it instead.")
            raise Invalid({"pseudonym.unique_id": [("taken", message)]}) from None
        message = _("Somebody else has this SIS or integration id.")
        raise Invalid({"pseudonym.sis_user_id": [("taken", message)]}) from None
