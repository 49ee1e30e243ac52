"""Setting what holds for the whole institution: fields of the root account."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.events import CodeScopeChanged, SelfRegistrationChanged, SettingChanged
from accounts.models import Account, CodeScope, SelfRegistration, User


def set_on_root(root: Account, field: str, value: Any, kind: type[SettingChanged], *, by: User, **along: Any) -> None:
    """Set a field of the root account, and with it those `along`, and record it as an event of this kind.

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
        record(kind(before, value), by=by)


def set_self_registration(root: Account, value: str, *, by: User) -> None:
    """Set who may make an account for themselves: none, observer or all; in force from the next request.

    Raises ValueError for another value. Nothing is recorded when nothing changes.
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
    """Set what codes made from a course open from now on: all of the student's courses, or that one (design, rule 5).

    Codes made already stay as they are. Raises ValueError for another value.
    """
    set_on_root(root, "code_scope", CodeScope(value), CodeScopeChanged, by=by)
