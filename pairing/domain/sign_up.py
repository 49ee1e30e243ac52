"""Sign up with a pairing code: account and link together, or neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.password_limits import try_password_of_another
from accounts.domain.registration import (
    OBSERVER,
    Errors,
    NewUser,
    check_login_is_free,
    is_open_to,
    problems,
    register,
)
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, User
from pairing import code_text
from pairing.domain import rate_limit
from pairing.domain.redemption import find, find_shown, spend
from pairing.errors import CodeRefused, PairingIsOff
from pairing.models import PairingCode

Made = TypeVar("Made", User, PairingCode)

CODE = "code"
# Within this time the same sign-up, sent again, counts as a double click or a lost answer.
SENT_AGAIN_WITHIN = timedelta(hours=1)


def sign_up(wanted: NewUser, typed_code: str, *, network: str, by: User | None = None) -> User:
    """Create an account and, with a code, its link, in one transaction: a failed sign-up spends and creates nothing.

    `by` is staff who create the account for someone. An observer needs a code, whoever asks (Canvas). The same sign-up
    sent twice (code, login and password) returns the account it created. Raises NotAllowed if self registration does
    not allow it, TooManyTries, FamilyNameWanted (see `preview`), Invalid.
    """
    _check_is_open_to(wanted, by)
    if not typed_code:
        if wanted.initial_enrollment_type == OBSERVER:
            missing: Errors = {CODE: [("invalid", _("Enter the pairing code."))]}
            raise Invalid(problems(wanted, by_staff=by is not None) | missing, of="user")
        return register(wanted, by=by)

    def before() -> User | None:
        return _made_before(wanted, digest=code_text.digest(code_text.tidy(typed_code)))

    return _try(wanted, typed_code, network, by, lambda code: _make(wanted, code, by), before)


def preview(wanted: NewUser, typed_code: str, *, network: str, family_name: str = "") -> PairingCode:
    """Return the code of a valid sign-up, with its student, for the person to confirm; create nothing.

    `family_name` is the student's last name as given, if asked for. Raises what `sign_up` raises: looking counts as an
    attempt.
    """
    _check_is_open_to(wanted, None)

    def look(code: PairingCode) -> PairingCode:
        check_login_is_free(wanted.login_id)
        return code

    return _try(wanted, typed_code, network, None, look, family_name=family_name)


def complete(wanted: NewUser, code_id: int) -> User:
    """Sign up a person who was shown the student of the code in `preview` (the caller makes sure of this): it is no
    guess.

    Raises NotAllowed, Invalid; for a code that no longer works, at its field.
    """
    _check_is_open_to(wanted, None)
    with transaction.atomic():
        if code := find_shown(code_id, None):
            return _make(wanted, code, None)
        user = _made_before(wanted, pk=code_id)
        if user and _is_known_to(user, wanted):
            return user
    raise Invalid({CODE: [("invalid", CodeRefused().message)]}, of="user")


def _check_is_open_to(wanted: NewUser, by: User | None) -> None:
    if by is None and not is_open_to(Account.objects.root(), wanted.initial_enrollment_type):
        raise NotAllowed(_("Only the school can create this kind of account. Please ask the school for one."))


def _try(
    wanted: NewUser,
    typed_code: str,
    network: str,
    by: User | None,
    then: Callable[[PairingCode], Made],
    before: Callable[[], Made | None] = lambda: None,
    family_name: str = "",
) -> Made:
    """Return what `then` makes of the code; for one that no longer works, what `before` finds that it created.

    A wrong code counts whatever else is missing. An incomplete application never learns whether its code is right:
    otherwise an empty form would reveal it for free.
    """
    errors = problems(wanted, by_staff=by is not None)
    if not Account.objects.root().pairing_is_on:
        raise Invalid(errors | {CODE: [("invalid", PairingIsOff().message)]}, of="user")
    with transaction.atomic():
        this = rate_limit.begin_code(by, network, family_name)
        code = this.fits(find(typed_code, None))
        made = before() if code is None and not errors else None
        if code and errors:
            raise Invalid(errors, of="user")
        if code:
            # Only a person with a good code learns whether the login is taken.
            return then(code)
        refusal = None if made else this.failed(typed_code)
    # Out here, where no row is locked: checking a password is an attempt of its own, whose turn comes before all rows.
    if isinstance(made, User) and (by is not None or _is_known_to(made, wanted)):
        return made
    if refusal is None:
        with transaction.atomic():
            refusal = rate_limit.begin_code(by, network, family_name).failed(typed_code)
    # Raised outside the transaction, which must be committed because it records the failure.
    if not isinstance(refusal, CodeRefused):
        raise refusal
    raise Invalid(errors or {CODE: [("invalid", refusal.message)]}, of="user")


def _make(wanted: NewUser, code: PairingCode, by: User | None) -> User:
    # A refusal ends the transaction of the code too.
    user = register(wanted, by=by, savepoint=False)
    spend(code, observer=user, by=by or user)
    return user


def _made_before(wanted: NewUser, **which: object) -> User | None:
    """Return the person whom a sign-up with this login and code has just created. Any other used code is an ordinary
    guess.
    """
    since = timezone.now() - SENT_AGAIN_WITHIN
    used = PairingCode.objects.used().filter(used_by__created_at__gte=since, **which)
    code = used.filter(used_by__login_id__iexact=wanted.login_id).select_related("used_by").first()
    return code.used_by if code and code.used_by and code.used_by.is_active else None


def _is_known_to(user: User, wanted: NewUser) -> bool:
    """Return whether this is the person's password. Raises TooManyPasswords: it counts as an attempt."""
    if wanted.password_hash:
        return wanted.has_password_of(user)

    def test(person: User | None) -> User | None:
        return person if person and wanted.has_password_of(person) else None

    return try_password_of_another(user.login_id, test) is not None
