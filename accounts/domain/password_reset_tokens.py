"""The links by which somebody who forgot their password chooses another."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetTokens(PasswordResetTokenGenerator):
    """As Django makes them, ended by a new password, sign-in or address; and here by whatever ends all sessions.

    Else a link that was sent before an account was deleted would open it again once a roster has brought it back.
    """

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int | datetime) -> str:
        return f"{super()._make_hash_value(user, timestamp)}.{user.session_epoch}"  # type: ignore[attr-defined, arg-type]
