"""Switching self registration, and with it pairing; and what a code made in a course opens."""

from django.utils import timezone

from accounts.models import Account, Action, CodeScope, SelfRegistration, User
from accounts.root_settings import set_on_root


def set_self_registration(root: Account, value: str, *, by: User) -> None:
    """Set who may make an account for themselves: none, observer or all; in force from the next request.

    Raises ValueError for another value. Nothing is recorded when nothing changes.
    """
    set_on_root(
        root,
        "self_registration",
        SelfRegistration(value),
        Action.SELF_REGISTRATION_CHANGED,
        by=by,
        self_registration_changed_at=timezone.now(),
        self_registration_changed_by=by.person_acting,
    )


def set_code_scope(root: Account, value: str, *, by: User) -> None:
    """Set what codes made from a course open from now on: all of the student's courses, or that one (design, rule 5).

    Codes made already stay as they are. Raises ValueError for another value.
    """
    set_on_root(root, "code_scope", CodeScope(value), Action.CODE_SCOPE_CHANGED, by=by)
