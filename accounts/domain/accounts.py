"""The account tree: create sub-accounts, edit accounts and the settings of the institution, which are the root's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.events import (
    AccountChanged,
    AccountCreated,
    CodeScopeChanged,
    SelfRegistrationChanged,
    SettingChanged,
)
from accounts.domain.locks import hold_account
from accounts.domain.sis_fields import check_may_set_sis_ids, free_id, stick
from accounts.domain.time_zones import zone_complaint, zone_meant
from accounts.domain.validation import check, refusing_what_is_taken
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, CodeScope, SelfRegistration, User
from accounts.models.account import hold_tree, with_all_below
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.text.names import tidied

PERMISSION = Permission.MANAGE_ACCOUNT_SETTINGS


def sub_accounts_of(account: Account) -> QuerySet[Account]:
    """Return the accounts directly below `account`, by name."""
    return account.sub_accounts.filter(workflow_state=Account.State.ACTIVE).order_by("sort_key", "id")


def count_sub_accounts(accounts: Collection[Account]) -> dict[int, int]:
    """Return, by account id, how many accounts are directly below it, where there are any (one statement)."""
    below = Account.objects.filter(parent__in=accounts, workflow_state=Account.State.ACTIVE).order_by()
    return dict(below.values_list("parent").annotate(Count("pk")))


def create_sub_account(
    parent: Account,
    *,
    by: User,
    name: str,
    sis_account_id: str = "",
    default_time_zone: str = "",
    links_office: str = "",
) -> Account:
    """Create an account below `parent`, with its time zone unless another is given. Raises NotAllowed, Invalid."""
    check_may_manage(parent, by)
    name, sis_account_id = tidied(name), tidied(sis_account_id)
    links_office = tidied(links_office)
    texts = {"name": name, "sis_account_id": sis_account_id or None, "links_office": links_office}
    check(Account, texts, of="account")
    check_may_set_sis_ids(sis_account_id, by=by)
    made = Account(
        parent=parent,
        name=name,
        sis_account_id=texts["sis_account_id"],
        links_office=links_office,
        default_time_zone=_zone(default_time_zone) or parent.default_time_zone,
    )
    with transaction.atomic():
        hold_tree()
        hold_account(parent)
        free_id(Account, "sis_account_id", made.sis_account_id)
        with refusing_what_is_taken(Account, of="account"):
            made.save()
        record(AccountCreated(made.pk, parent.pk, made.name), by=by)
    return made


def edit_account(
    account: Account,
    *,
    by: User,
    name: str | None = None,
    sis_account_id: str | None = None,
    default_time_zone: str | None = None,
    links_office: str | None = None,
) -> Account:
    """Change the given fields of an account (None: keep). Raises NotAllowed, Invalid.

    Accounts below with the same time zone follow.
    """
    check_may_manage(account, by)
    wanted: dict[str, str | None] = {}
    if name is not None:
        wanted["name"] = tidied(name)
    if sis_account_id is not None:
        wanted["sis_account_id"] = tidied(sis_account_id) or None
    if links_office is not None:
        wanted["links_office"] = tidied(links_office)
    check(Account, wanted, of="account")
    if default_time_zone:
        wanted["default_time_zone"] = _zone(default_time_zone)
    changed = {field: value for field, value in wanted.items() if getattr(account, field) != value}
    if "sis_account_id" in changed:
        check_may_set_sis_ids("changed", by=by)
    if changed:
        with transaction.atomic():
            follow = _hold_with_same_zone(account) if "default_time_zone" in changed else []
            hold_account(account)
            for field, value in changed.items():
                setattr(account, field, value)
            free_id(Account, "sis_account_id", changed.get("sis_account_id"))
            with refusing_what_is_taken(Account, of="account"):
                account.save(update_fields=stick(account, changed))
            Account.objects.filter(pk__in=follow).update(default_time_zone=account.default_time_zone)
            record(AccountChanged(account.pk, sorted(changed), account.name), by=by)
    return account


def _hold_with_same_zone(account: Account) -> list[int]:
    """Lock `account` and all accounts below it in id order; return the ids of those below that share its
    current zone.
    """
    held = Account.objects.filter(pk__in=with_all_below(account)).select_for_update(no_key=True).order_by("pk")
    zones = dict(held.values_list("pk", "default_time_zone"))
    now = zones.pop(account.pk, account.default_time_zone)
    return [pk for pk, zone in zones.items() if zone == now]


def check_may_manage(account: Account, by: User) -> None:
    """Raise NotAllowed unless `by` may manage the settings of `account`."""
    if PERMISSION not in account_permissions(by, account):
        raise NotAllowed(_("To change this account, you need the permission “Account-level settings - manage” in it."))


def _zone(name: str) -> str:
    """Return the zone with this name, or nothing for an empty one. Raises Invalid."""
    name = tidied(name)
    if name and (complaint := zone_complaint(name)):
        raise Invalid({"default_time_zone": [("invalid", complaint)]}, of="account")
    return zone_meant(name) or ""


def set_on_root(root: Account, field: str, value: Any, kind: type[SettingChanged], *, by: User, **along: Any) -> None:
    """Set a field of the root account, and the fields in `along`; record it as an event of this
    kind, with the previous value.

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
