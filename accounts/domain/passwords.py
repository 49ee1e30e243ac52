"""Choosing a password of one's own, and what that ends."""

from __future__ import annotations

from django.db import transaction

from accounts.domain.audit import record
from accounts.domain.events import PasswordChanged
from accounts.domain.locks import lock_users
from accounts.domain.password_limits import forget_failures_of
from accounts.domain.tokens import end_tokens
from accounts.models import User


def choose_password(user: User, password: str, *, ends_tokens: bool = True) -> None:
    """Give `user` the password they have chosen; other sessions end, and access tokens unless they are to be kept.

    Whoever has it changed because somebody knows it wants the tokens made meanwhile gone as well. Wrong passwords count
    no more: they were guesses at the old one.
    """
    with transaction.atomic():
        lock_users([user.pk])
        user.set_password(password)
        user.save(update_fields=["password"])
        ended = end_tokens([user.pk]) if ends_tokens else []
        forget_failures_of([user.pk])
        record(PasswordChanged(tokens_ended=len(ended)), by=user, subject=user)
