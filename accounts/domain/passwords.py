"""Passwords: choosing one's own and what that ends, and emails with a link to choose another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain.audit import record
from accounts.domain.events import PasswordChanged
from accounts.domain.locks import lock_users
from accounts.domain.password_limits import forget_failures_of
from accounts.domain.rate_limit import Limit, Slowing, check_and_lock, count, hidden, record_failure, seconds_to_wait
from accounts.domain.tokens import end_tokens
from accounts.errors import Invalid, NotAllowed
from accounts.models import User

NOT_THEIRS_TO_SET = gettext_lazy(
    "You cannot set a password for someone who has one. The person can choose another with “Forgot your password?”."
)


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


def set_first_password(user: User, password: str, *, by: User) -> None:
    """Set a password for somebody who has none: nobody but themselves replaces a password that is there.

    The caller has checked whether `by` may change the account. Raises Invalid; NotAllowed to who acts as them.
    """
    if by.actor is not None and user == by:
        raise NotAllowed(_("You cannot set a password while you act as this person."))
    if complaints := password_complaints(password, user):
        raise Invalid({"password": [("invalid", complaint) for complaint in complaints]}, of="user")
    with transaction.atomic():
        lock_users([user.pk])
        user.refresh_from_db()
        if user.has_password:
            raise Invalid({"password": [("invalid", NOT_THEIRS_TO_SET)]}, of="user")
        user.set_password(password)
        if user.state == User.State.PRE_REGISTERED:
            user.state = User.State.REGISTERED
        user.save(update_fields=["password", "state"])
        record(PasswordChanged(tokens_ended=0), by=by, subject=user)


def password_complaints(password: str, whose: User) -> list[str]:
    """Return why a password cannot be taken; nothing for a good one."""
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in password):
        # No database takes a NUL, or half of a surrogate pair, which JSON can hold.
        return [_("This password contains a character that is not allowed.")]
    try:
        validate_password(password, whose)
    except ValidationError as error:
        return list(error.messages)
    return []


# Every requested email counts. This protects a mailbox, so nothing is counted by network.
MAILS = Slowing(slow_at=3, pause=timedelta(minutes=10), stop_at=10, memory=timedelta(days=1))


def send_reset_mails(address: str, site: str) -> None:
    """Send a link to a new password for each account with this address, unless the address has had enough of them.

    `site` is the address of the site's root page, for the links.
    """
    limit = Limit(f"reset mail to {hidden(address)}", MAILS)
    with transaction.atomic():
        check_and_lock(limit.key)
        if seconds_to_wait([limit], count([limit])):
            return
        for person in User.objects.with_email(address):
            if person.is_active:
                _send(person, site)
        # Count at the end: a job that could not send is retried, and sent no email.
        record_failure([limit.key])


def _send(person: User, site: str) -> None:
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    link = site.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key)
    context = {"user": person, "password_reset_url": link}
    with translation.override(person.locale or settings.LANGUAGE_CODE):
        subject = render_to_string("account/email/password_reset_key_subject.txt", context)
        body = render_to_string("account/email/password_reset_key_message.txt", context)
    # To the address as we have it: one that merely compares equal may belong to someone else.
    send_mail(" ".join(subject.split()), body.strip(), None, [person.email])


def forget_addresses(people: Collection[int]) -> None:
    """Forget the addresses of these people (their ids) when they change or the accounts end.

    allauth keeps each address to which it once sent a link, and would go on sending links there: anyone who reads the
    old mailbox could take over the account. It finds the new address by itself.
    """
    if people:
        EmailAddress.objects.filter(user__in=people).delete()
