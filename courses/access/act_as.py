"""Acting as somebody else: who may, as whom, and how it is carried through a request.

Pages keep in the session whom one acts as; the API names them in each request (`as_user_id`). Both come here, and
both are asked again every time. It lives above accounts because courses are part of how far somebody reaches.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.further_rights import reaches_further
from courses.domain.events import ActingStarted, ActingStopped

PERMISSION = Permission.BECOME_USER
SESSION_KEY = "acting_as"


def check(actor: User, other: User) -> None:
    """Raise NotAllowed, with the reason, unless `actor` may act as `other`."""
    if reason := why_not(actor, other):
        raise NotAllowed(reason)


def why_not(actor: User, other: User) -> str | None:
    """Why `actor` may not act as `other`; None when they may."""
    if actor.actor is not None:
        return _("You are already acting as someone. Stop acting first.")
    if not may_on_account(actor, PERMISSION, Account.objects.root()):
        return _("To act as someone, you need the permission “Users - act as”.")
    if actor == other:
        return _("This is you.")
    if not other.is_active:
        return _("This account is suspended or deleted, so you cannot act as this person.")
    if reaches_further(other, actor):
        return _("This person has more permissions than you, so you cannot act as them.")
    return None


def acting_as(actor: User, other: User) -> User:
    """`other` with `actor` behind them, for one request. Raises NotAllowed."""
    check(actor, other)
    return other.acted_by(actor)


def resume(actor: User, other_id: int) -> User:
    """The person `actor` began to act as in an earlier request. Raises NotAllowed where that no longer holds."""
    other = User.objects.filter(pk=other_id).first()
    if other is None:
        raise NotAllowed(_("You are no longer acting as anyone."))
    return acting_as(actor, other)


def begin(actor: User, other: User) -> None:
    """Record that `actor` begins to act as `other`. Raises NotAllowed."""
    check(actor, other)
    record(ActingStarted(), by=actor, subject=other)


def lapse(actor: User, other_id: int) -> None:
    """Record that `actor` stopped acting as somebody because the right to it is gone."""
    record(ActingStopped(), by=actor, subject=User.objects.filter(pk=other_id).first())


def end(other: User) -> None:
    """Record that the one acting as `other` stops."""
    if other.actor:
        record(ActingStopped(), by=other.actor, subject=other)
