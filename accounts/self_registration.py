"""Switching self registration, and with it pairing; and what a code made in a course opens."""

from django.db import transaction
from django.utils import timezone

from accounts.auditing import record
from accounts.models import Account, Action, CodeScope, SelfRegistration, User


def set_self_registration(root: Account, value: str, *, by: User) -> None:
    """Set who may make an account for themselves: none, observer or all; in force from the next request.

    Raises ValueError for another value. Nothing is recorded when nothing changes.
    """
    wanted = SelfRegistration(value)
    with transaction.atomic():
        root = Account.objects.select_for_update().get(pk=root.pk)
        if root.self_registration == wanted:
            return
        before, root.self_registration = root.self_registration, wanted
        root.self_registration_changed_at = timezone.now()
        root.self_registration_changed_by = by.person_acting
        root.save(
            update_fields=[
                "self_registration",
                "self_registration_changed_at",
                "self_registration_changed_by",
            ]
        )
        record(Action.SELF_REGISTRATION_CHANGED, by=by, before=before, after=wanted)


def set_code_scope(root: Account, value: str, *, by: User) -> None:
    """Set what codes made from a course open from now on: all of the student's courses, or that one (design, rule 5).

    Codes made already stay as they are. Raises ValueError for another value.
    """
    wanted = CodeScope(value)
    with transaction.atomic():
        root = Account.objects.select_for_update().get(pk=root.pk)
        if root.code_scope == wanted:
            return
        before, root.code_scope = root.code_scope, wanted
        root.save(update_fields=["code_scope"])
        record(Action.CODE_SCOPE_CHANGED, by=by, before=before, after=wanted)
