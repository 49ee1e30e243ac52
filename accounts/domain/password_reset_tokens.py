"""The links with which a person who forgot their password chooses another."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetTokens(PasswordResetTokenGenerator):
    """Django's tokens, which end with a new password, sign-in or address, and here with anything that ends all
    sessions.

    Otherwise a link sent before an account was deleted would open it again once a roster restores it.
    """

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int | datetime) -> str:
        return f"{super()._make_hash_value(user, timestamp)}.{user.session_epoch}"  # type: ignore[attr-defined, arg-type]
