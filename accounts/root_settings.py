"""Setting what holds for the whole institution: fields of the root account."""

from typing import Any

from django.db import transaction

from accounts.auditing import record
from accounts.models import Account, Action, User


def set_on_root(root: Account, field: str, value: Any, action: Action, *, by: User, **along: Any) -> None:
    """Set a field of the root account, and with it those `along`, and record it as `action` with what it was before.

    When the field has this value already, nothing is done and nothing recorded.
    """
    with transaction.atomic():
        root = Account.objects.select_for_update().get(pk=root.pk)
        before = getattr(root, field)
        if before == value:
            return
        for name, new in {field: value, **along}.items():
            setattr(root, name, new)
        root.save(update_fields=[field, *along])
        record(action, by=by, before=before, after=value)
