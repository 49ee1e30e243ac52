"""Signing up with a pairing code: account and link together, or neither."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, User
from accounts.registering import OBSERVER, Application, Errors, is_open_to, problems, register
from pairing import tries
from pairing.errors import CodeRefused, PairingIsOff
from pairing.redeeming import find, spend

CODE = "pairing_code.code"


def sign_up(wanted: Application, code_text: str, *, network: str, by: User | None = None) -> User:
    """Make an account and, with a code, its link, in one transaction: a failed sign-up spends and makes nothing.

    `by` is staff making the account for somebody. An observer needs a code, whoever asks (Canvas). Raises
    NotAllowed when self registration does not reach so far, TooManyTries, Invalid.
    """
    if by is None and not is_open_to(Account.objects.root(), wanted.initial_enrollment_type):
        raise NotAllowed(_("Accounts of this kind are made by the school. Please ask there."))
    if not code_text:
        if wanted.initial_enrollment_type == OBSERVER:
            missing: Errors = {CODE: [("invalid", _("Please give the pairing code."))]}
            raise Invalid(problems(wanted, by_staff=by is not None) | missing)
        return register(wanted, by=by)
    return _sign_up_with_code(wanted, code_text, network, by)


def _sign_up_with_code(wanted: Application, code_text: str, network: str, by: User | None) -> User:
    errors = problems(wanted, by_staff=by is not None)
    if not Account.objects.root().pairing_is_on:
        raise Invalid(errors | {CODE: [("invalid", PairingIsOff().message)]})
    with transaction.atomic():
        tries.take_turn(by, network)
        code = find(code_text)
        if code is None:
            refusal = tries.record_failure(by, network, CodeRefused())
        elif not errors:
            # Whether the login is taken is told only to one who holds a good code.
            user = register(wanted, by=by)
            spend(code, observer=user, by=by or user)
            return user
        else:
            raise Invalid(errors)
    # Outside the transaction, which must be kept: it holds the failure.
    if not isinstance(refusal, CodeRefused):
        raise refusal
    raise Invalid(errors | {CODE: [("invalid", refusal.message)]})
