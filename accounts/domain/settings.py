"""Settings of the whole institution: fields of the root account."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.events import CodeScopeChanged, SelfRegistrationChanged, SettingChanged
from accounts.models import Account, CodeScope, SelfRegistration, User


def set_on_root(root: Account, field: str, value: Any, kind: type[SettingChanged], *, by: User, **along: Any) -> None:
    """Set a field of the root account, and the fields in `along`; record it as `action` with the previous values.

    If the field already has this value, nothing is done and nothing recorded.
    """
    with transaction.atomic():
        root = Account.objects.select_for_update().get(pk=root.pk)
        before = getattr(root, field)
        if before == value:
            return
        for name, new in {field: value, **along}.items():
            setattr(root, name, new)
        root.save(update_fields=[field, *along])
        record(kind(before, value), by=by)


def set_self_registration(root: Account, value: str, *, by: User) -> None:
    """Set who may create an account for themselves: none, observer or all; effective with the next request.

    Raises ValueError for another value. Nothing is recorded if nothing changes.
    """
    set_on_root(
        root,
        "self_registration",
        SelfRegistration(value),
        SelfRegistrationChanged,
        by=by,
        self_registration_changed_at=timezone.now(),
        self_registration_changed_by=by.person_acting,
    )


def set_code_scope(root: Account, value: str, *, by: User) -> None:
    """Set what codes created in a course open from now on: all of the student's courses, or that one (design, rule 5).

    Existing codes stay as they are. Raises ValueError for another value.
    """
    set_on_root(root, "code_scope", CodeScope(value), CodeScopeChanged, by=by)
