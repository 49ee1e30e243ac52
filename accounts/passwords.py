"""Choosing a password of one's own, and what that ends."""

from __future__ import annotations

from django.db import transaction

from accounts.auditing import record
from accounts.locking import lock_users
from accounts.models import Action, User
from accounts.password_tries import forget_failures_of
from accounts.tokens import end_tokens


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
        record(Action.PASSWORD_CHANGED, by=user, subject=user, tokens_ended=len(ended))
