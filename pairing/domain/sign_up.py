"""Signing up with a pairing code: account and link together, or neither."""

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
# For so long the same sign-up, sent again, is taken for a double click or an answer that was lost on the way.
SENT_AGAIN_WITHIN = timedelta(hours=1)


def sign_up(wanted: NewUser, typed_code: str, *, network: str, by: User | None = None) -> User:
    """Make an account and, with a code, its link, in one transaction: a failed sign-up spends and makes nothing.

    `by` is staff making the account for somebody. An observer needs a code, whoever asks (Canvas). The same sign-up
    sent twice (code, login and password) gives the account it made. Raises NotAllowed when self registration does not
    reach so far, TooManyTries, FamilyNameWanted (see `preview`), Invalid.
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
    """The code of a sign-up that could be carried out, with its student, for the person to confirm; makes nothing.

    `family_name` is what was given as the student's, where it is asked for. Raises what `sign_up` raises: looking is a
    try like any other.
    """
    _check_is_open_to(wanted, None)

    def look(code: PairingCode) -> PairingCode:
        check_login_is_free(wanted.login_id)
        return code

    return _try(wanted, typed_code, network, None, look, family_name=family_name)


def complete(wanted: NewUser, code_id: int) -> User:
    """Sign somebody up who was shown whom the code is about (`preview`), which the caller makes sure of: no guess.

    Raises NotAllowed, Invalid; for a code that works no more at its field.
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
    """What `then` makes of the code; of one which works no more, what `before` finds that it has made already.

    A wrong code counts whatever else is missing. Of an application that lacks something nobody hears whether its code
    is right: else an empty form would tell it for nothing.
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
            # Whether the login is taken is told only to one who holds a good code.
            return then(code)
        refusal = None if made else this.failed(typed_code)
    # Out here, where no row is held: to test a password is a try of its own, whose turn comes before all rows.
    if isinstance(made, User) and (by is not None or _is_known_to(made, wanted)):
        return made
    if refusal is None:
        with transaction.atomic():
            refusal = rate_limit.begin_code(by, network, family_name).failed(typed_code)
    # Outside the transaction, which must be kept: it holds the failure.
    if not isinstance(refusal, CodeRefused):
        raise refusal
    raise Invalid(errors or {CODE: [("invalid", refusal.message)]}, of="user")


def _make(wanted: NewUser, code: PairingCode, by: User | None) -> User:
    user = register(wanted, by=by)
    spend(code, observer=user, by=by or user)
    return user


def _made_before(wanted: NewUser, **which: object) -> User | None:
    """Whom a sign-up with this login and code made a moment ago. Any other used code is a guess like any other."""
    since = timezone.now() - SENT_AGAIN_WITHIN
    used = PairingCode.objects.filter(used_by__created_at__gte=since, **which)
    code = used.filter(used_by__login_id__iexact=wanted.login_id).select_related("used_by").first()
    return code.used_by if code and code.used_by and code.used_by.is_active else None


def _is_known_to(user: User, wanted: NewUser) -> bool:
    """Whether the password given is this person's. Raises TooManyPasswords: it is a try like any other."""
    if wanted.password_hash:
        return wanted.has_password_of(user)

    def test(person: User | None) -> User | None:
        return person if person and wanted.has_password_of(person) else None

    return try_password_of_another(user.login_id, test) is not None
