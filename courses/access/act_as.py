"""Acting as someone else: who may, as whom, and how a request carries it.

Pages keep the person one acts as in the session; the API names them in each request (`as_user_id`). Both come here, and
both are checked again every time. It is above accounts because courses are part of a person's permissions.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.accounts import reaches_further
from courses.domain.events import ActingStarted, ActingStopped

PERMISSION = Permission.BECOME_USER
SESSION_KEY = "acting_as"


def check(actor: User, other: User) -> None:
    """Raise NotAllowed, with the reason, unless `actor` may act as `other`."""
    if reason := why_not(actor, other):
        raise NotAllowed(reason)


def why_not(actor: User, other: User) -> str | None:
    """Return why `actor` may not act as `other`; None if they may."""
    if actor.actor is not None:
        return _("You are already acting as someone. Stop acting first.")
    if not may_on_account(actor, PERMISSION, Account.objects.root()):
        return _("To act as someone, you need the permission “Users - act as”.")
    if actor == other:
        return _("This is you.")
    if not other.is_active:
        return _("This account is suspended or deleted, so you cannot act as this person.")
    if reaches_further(other, actor):
        return _("This person has permissions that you do not have, so you cannot act as them.")
    return None


def acting_as(actor: User, other: User) -> User:
    """Return `other` with `actor` behind them, for one request. Raises NotAllowed."""
    check(actor, other)
    return other.acted_by(actor)


def resume(actor: User, other_id: int) -> User:
    """Return the person `actor` started to act as in an earlier request. Raises NotAllowed if that is no longer
    allowed.
    """
    other = User.objects.filter(pk=other_id).first()
    if other is None:
        raise NotAllowed(_("You are no longer acting as anyone."))
    return acting_as(actor, other)


def begin(actor: User, other: User) -> None:
    """Record that `actor` starts acting as `other`. Raises NotAllowed."""
    check(actor, other)
    record(ActingStarted(), by=actor, subject=other)


def lapse(actor: User, other_id: int) -> None:
    """Record that `actor` stopped acting as someone because they lost the permission."""
    record(ActingStopped(), by=actor, subject=User.objects.filter(pk=other_id).first())


def end(other: User) -> None:
    """Record that the person acting as `other` stops."""
    if other.actor:
        record(ActingStopped(), by=other.actor, subject=other)
