"""Switching self registration, and with it pairing."""

from django.db import transaction
from django.utils import timezone

from accounts.auditing import record
from accounts.models import Account, Action, SelfRegistration, User


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
        root.self_registration_changed_by = by
        root.save(
            update_fields=[
                "self_registration",
                "self_registration_changed_at",
                "self_registration_changed_by",
            ]
        )
        record(Action.SELF_REGISTRATION_CHANGED, by=by, before=before, after=wanted)
