"""Link without a code, by what only the student has: login and password, or an access token.

Attempts count against the same limits as codes: guessing passwords here must not be cheaper than guessing codes.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from accounts.domain.password_limits import try_password_of_another
from accounts.domain.tokens import token_owner
from accounts.models import Account, ObservationLink, User
from courses.domain.observation import link
from pairing.domain import rate_limit
from pairing.errors import PairingIsOff, UnknownObservee


def link_with_password(login: str, password: str, *, observer: User, by: User, network: str) -> ObservationLink:
    """Link `observer` to the student with this login.

    Wrong passwords count against the student too, whoever tries them. Raises PairingIsOff, TooManyTries,
    UnknownObservee. An unknown login is refused exactly like a wrong password, and a password is hashed in both cases,
    so that the time taken does not reveal which.
    """

    def test(found: User | None) -> User | None:
        if found is None or not found.is_active:
            User().set_password(password)
            return None
        return found if found.check_password(password) else None

    return _link(lambda: try_password_of_another(login, test), observer, by, network)


def link_with_token(text: str, *, observer: User, by: User, network: str) -> ObservationLink:
    """Link `observer` to the student whose access token this is; the token stays valid.

    Raises PairingIsOff, TooManyTries, UnknownObservee.
    """
    return _link(lambda: token_owner(text), observer, by, network)


def _link(prove: Callable[[], User | None], observer: User, by: User, network: str) -> ObservationLink:
    if not Account.objects.root().pairing_is_on:
        raise PairingIsOff
    with transaction.atomic():
        this = rate_limit.begin(by, network)
        found = prove()
        if found == observer:
            # A guess at nobody: nothing is counted.
            raise UnknownObservee
        if found:
            return link(observer, found, origin=ObservationLink.Origin.CREDENTIALS, by=by)
        refusal = this.failed(UnknownObservee())
    # Raised outside the transaction, which must be committed because it records the failure.
    raise refusal
