"""Choose a password of one's own, and end what that ends."""

from __future__ import annotations

from django.db import transaction

from accounts.domain.audit import record
from accounts.domain.events import PasswordChanged
from accounts.domain.locks import lock_users
from accounts.domain.password_limits import forget_failures_of
from accounts.domain.tokens import end_tokens
from accounts.models import User


def choose_password(user: User, password: str, *, ends_tokens: bool = True) -> None:
    """Set the password that `user` has chosen; other sessions end, and access tokens unless they are to be kept.

    A person who changes it because someone knows it also wants to end the tokens created meanwhile. Wrong passwords no
    longer count: they were guesses at the old one.
    """
    with transaction.atomic():
        lock_users([user.pk])
        user.set_password(password)
        user.save(update_fields=["password"])
        ended = end_tokens([user.pk]) if ends_tokens else []
        forget_failures_of([user.pk])
        record(PasswordChanged(tokens_ended=len(ended)), by=user, subject=user)
