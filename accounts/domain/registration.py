"""Create accounts: what a new person must give, and the account itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain.audit import record
from accounts.domain.events import UserCreated, UserRegistered
from accounts.domain.passwords import password_complaints
from accounts.domain.sis_fields import check_may_set_sis_ids
from accounts.domain.time_zones import zone_meant
from accounts.domain.users import problems_of_texts
from accounts.domain.validation import Errors, problems_with, refusing_what_is_taken
from accounts.errors import Invalid
from accounts.models import Account, SelfRegistration, User
from accounts.models.user import NO_EMAIL
from accounts.text.names import tidied, tidied_login

OBSERVER = "observer"
TEXTS = (
    "name",
    "short_name",
    "sortable_name",
    "pronouns",
    "initial_enrollment_type",
    "time_zone",
    "locale",
    "email",
    "sis_user_id",
    "integration_id",
)
# To one who wants to sign up: it may be their own account.
LOGIN_TAKEN = (
    "taken",
    gettext_lazy(
        "An account with this login already exists. Sign in with it instead. If you forgot the "
        "password, or the school created the account and you never had one, choose a password "
        "with “Forgot your password?”."
    ),
)


@dataclass(frozen=True)
class NewUser:
    """What a person gives to get an account, tidied; the fields have the names of Canvas's API."""

    name: str
    login_id: str
    password: str
    terms_of_use: bool = False
    initial_enrollment_type: str = ""
    short_name: str = ""
    sortable_name: str = ""
    pronouns: str = ""
    time_zone: str = ""
    locale: str = ""
    email: str = ""
    sis_user_id: str | None = ""
    integration_id: str | None = ""
    # Replaces the password once it has been checked: see `sealed`.
    password_hash: str = ""

    def __post_init__(self) -> None:
        for field in TEXTS:
            object.__setattr__(self, field, tidied(getattr(self, field) or ""))
        object.__setattr__(self, "login_id", tidied_login(self.login_id))
        object.__setattr__(self, "time_zone", zone_meant(self.time_zone) or self.time_zone)

    def sealed(self) -> NewUser:
        """Return a copy without the password, to be kept for a while, such as between two pages of a form."""
        return replace(self, password="", password_hash=make_password(self.password))

    def has_password_of(self, user: User) -> bool:
        """Return whether the password given here is this person's."""
        return user.password == self.password_hash if self.password_hash else user.check_password(self.password)


def is_open_to(root: Account, initial_enrollment_type: str) -> bool:
    """Return whether a person may create an account of this type for themselves (Canvas: self registration)."""
    if root.self_registration == SelfRegistration.ALL:
        return True
    return root.self_registration == SelfRegistration.OBSERVER and initial_enrollment_type == OBSERVER


def problems(wanted: NewUser, *, by_staff: bool = False) -> Errors:
    """Return what is wrong with an application, by Canvas's field names; whether the login is taken is not checked
    here.
    """
    errors = problems_of_texts({"login_id": wanted.login_id, **{field: getattr(wanted, field) for field in TEXTS}})
    if not by_staff and not wanted.terms_of_use:
        errors["terms_of_use"] = [("accepted", _("Accept the terms of use to create an account."))]
    if not by_staff and "login_id" not in errors and problems_with(User, {"email": wanted.login_id}):
        errors["login_id"] = [("invalid", NO_EMAIL)]
    if complaints := _password_complaints(wanted, by_staff):
        errors["password"] = [("invalid", complaint) for complaint in complaints]
    return errors


def _password_complaints(wanted: NewUser, by_staff: bool) -> list[str]:
    if wanted.password_hash:
        return []
    if not wanted.password:
        return [] if by_staff else [_("Choose a password.")]
    return password_complaints(wanted.password, User(login_id=wanted.login_id, name=wanted.name, email=wanted.login_id))


def register(wanted: NewUser, *, by: User | None = None, savepoint: bool = True) -> User:
    """Create the account: for the person themselves, or by staff (`by`), who need neither terms nor a password.

    Raises Invalid, and NotAllowed for staff who give a SIS id they may not set; then nothing was created. Without a
    savepoint a refusal ends the caller's whole transaction.
    """
    if by is not None:
        check_may_set_sis_ids(wanted.sis_user_id, wanted.integration_id, by=by)
    if errors := problems(wanted, by_staff=by is not None):
        raise Invalid(errors, of="user")
    instead = {} if by else {"login_id": LOGIN_TAKEN}
    with refusing_what_is_taken(User, of="user", instead=instead, savepoint=savepoint):
        user = _create(wanted)
        record(UserCreated() if by else UserRegistered(), by=by or user, subject=user)
    return user


def check_login_is_free(login: str) -> None:
    """Raise Invalid if the login is taken, for a person who wants to sign up with it."""
    if User.objects.filter(login_id__iexact=login).exists():
        raise Invalid({"login_id": [LOGIN_TAKEN]}, of="user")


def _create(wanted: NewUser) -> User:
    has_password = bool(wanted.password or wanted.password_hash)
    return User.objects.create_user(
        wanted.login_id,
        wanted.password or None,
        password_hash=wanted.password_hash,
        name=wanted.name,
        short_name=wanted.short_name,
        sortable_name=wanted.sortable_name,
        pronouns=wanted.pronouns,
        email=wanted.email or (wanted.login_id if "@" in wanted.login_id else ""),
        sis_user_id=wanted.sis_user_id or None,
        integration_id=wanted.integration_id or None,
        state=User.State.REGISTERED if has_password else User.State.PRE_REGISTERED,
        initial_enrollment_type=wanted.initial_enrollment_type,
        time_zone=wanted.time_zone,
        locale=wanted.locale,
        terms_accepted_at=timezone.now() if wanted.terms_of_use else None,
    )
