"""Admin roles in accounts: who has them, giving and removing them.

Nobody gives or removes a role with more permissions than they have, and nobody removes their own last one.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.events import AdminCreated, AdminRemoved
from accounts.domain.grants import check_may_give, lacking
from accounts.domain.locks import hold_account, lock_users
from accounts.domain.roles import roles_of
from accounts.errors import Invalid, NotAllowed
from accounts.memory import forget, remember, remembered
from accounts.models import Account, AccountAdmin, BaseType, Role, User
from accounts.models.account import is_within
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, permissions_on

PERMISSION = Permission.MANAGE_ACCOUNT_MEMBERSHIPS
ADMIN_TYPES = (BaseType.ACCOUNT_ADMIN, BaseType.ACCOUNT_MEMBERSHIP)
ACTIVE = AccountAdmin.State.ACTIVE
# A role in an account: their ids.
Held = tuple[int, int]


def admins_of(account: Account) -> QuerySet[AccountAdmin]:
    """Return the admin roles in this account itself, by the names of their holders."""
    held = AccountAdmin.objects.filter(account=account, workflow_state=ACTIVE)
    held = held.exclude(user__state=User.State.DELETED).select_related("user", "role", "account")
    return held.order_by("user__sort_key", "user", "role")


def roles_held_by(user: User, *, within: Account | None = None) -> list[AccountAdmin]:
    """Return the admin roles of a person, in this account and below it only or (None) in all, by account."""
    held = [each for each in _held_by([user.pk])[user.pk] if each.account.workflow_state == Account.State.ACTIVE]
    shown = [each for each in held if within is None or is_within(each.account, within)]
    return sorted(shown, key=lambda each: (each.account.sort_key, each.role.label, each.pk))


def _held_by(people: Iterable[int]) -> dict[int, list[AccountAdmin]]:
    """Return, by user id, every admin role these people have, which a request looks up once."""
    people = list(people)
    known: dict[int, list[AccountAdmin]] = remembered("admin roles", None, people)
    if missing := [pk for pk in people if pk not in known]:
        found: dict[int, list[AccountAdmin]] = {pk: [] for pk in missing}
        held = AccountAdmin.objects.filter(user__in=missing, workflow_state=ACTIVE)
        for each in held.select_related("account", "role"):
            found[each.user_id].append(each)
        remember("admin roles", None, found)
        known |= found
    return known


def admin_roles_of(account: Account) -> QuerySet[Role]:
    """Return the roles that can be given in `account`."""
    return roles_of(account).filter(base_type__in=ADMIN_TYPES)


def givable_roles(account: Account, *, by: User) -> list[Role]:
    """Return those roles that `by` may give: none has more permissions, there or below, than `by` (few statements)."""
    roles = list(admin_roles_of(account))
    lacks = lacking(roles, account, by=by)
    return [role for role in roles if not lacks[role.pk]]


def all_roles_of(people: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return (user id, role id, account id) of every admin role these people have.

    Deactivated roles count too: anyone who takes over such an account has them once they are activated again.
    """
    return [(user, each.role_id, each.account_id) for user, held in _held_by(people).items() for each in held]


def out_of_reach(held: Iterable[Held], *, by: User) -> set[Held]:
    """Return the (role, account) pairs that allow something, in the account or below it, that `by` may not do there.

    A fixed number of statements if `by` may do all of it everywhere; otherwise as many again for each account.
    """
    held = set(held)
    roles = Role.objects.in_bulk({role for role, _account in held})
    found: set[Held] = set()
    if roles:
        root = Account.objects.root()
        everywhere = lacking(roles.values(), root, by=by)
        doubtful = {(role, account) for role, account in held if everywhere[role]}
        for account in Account.objects.filter(pk__in={account for _role, account in doubtful}):
            there = [roles[role] for role, pk in doubtful if pk == account.pk]
            lacks = everywhere if account == root else lacking(there, account, by=by)
            found |= {(role.pk, account.pk) for role in there if lacks[role.pk]}
    return found


def not_to_give(wanted: Iterable[Held], *, by: User) -> set[Held]:
    """Return the (role, account) pairs that `by` may not give or remove by hand: see `make_admin` and
    `remove_admin`.
    """
    wanted = set(wanted)
    mine = permissions_on(by, Account.objects.filter(pk__in={account for _role, account in wanted}))
    return out_of_reach(wanted, by=by) | {(role, pk) for role, pk in wanted if PERMISSION not in mine[pk]}


def removable(admins: Iterable[AccountAdmin], *, by: User) -> set[int]:
    """Return the ids of these admin roles that `by` may remove by hand, as far as their roles are concerned.

    A deactivated role gives no permissions, so any admin may remove it.
    """
    admins = list(admins)
    in_force = {(one.role_id, one.account_id) for one in admins if one.role.workflow_state == Role.State.ACTIVE}
    beyond = out_of_reach(in_force, by=by)
    return {one.pk for one in admins if (one.role_id, one.account_id) not in beyond}


def make_admin(user: User, role: Role, account: Account, *, by: User) -> AccountAdmin:
    """Give `user` an admin role in `account`; a person who has it keeps it. Raises NotAllowed, Invalid."""
    _check(account, by)
    if not admin_roles_of(account).filter(pk=role.pk).exists():
        raise Invalid({"role": [("inclusion", _("This account has no such admin role."))]}, of="admin")
    with transaction.atomic():
        hold_account(account)
        lock_users([user.pk])
        # It may have been deleted since it was read, with all of its roles.
        user.refresh_from_db(fields=["state"])
        if user.state == User.State.DELETED:
            raise Invalid({"user": [("invalid", _("This person's account has been deleted."))]}, of="admin")
        check_may_give(role, account, by=by)
        admin, made = AccountAdmin.objects.get_or_create(user=user, account=account, role=role)
        if not made and admin.workflow_state == ACTIVE:
            return admin
        # From now on it is set by hand: what an import did with it before no longer counts.
        admin.workflow_state, admin.sis_import_id = ACTIVE, None
        admin.save(update_fields=["workflow_state", "sis_import_id"])
        record(AdminCreated(account.pk, role.pk), by=by, subject=user)
    return admin


def remove_admin(admin: AccountAdmin, *, by: User) -> AccountAdmin:
    """Remove an admin role; the person loses its permissions right away. Raises NotAllowed."""
    with transaction.atomic():
        # One after the other: two admins who remove each other's role at the same time would leave nobody.
        Account.objects.select_for_update(no_key=True).get(pk=admin.account_id)
        forget()
        _check(admin.account, by)
        # A deactivated role gives no permissions, so any admin here may remove it.
        if admin.role.workflow_state == Role.State.ACTIVE:
            check_may_give(admin.role, admin.account, by=by)
        held = AccountAdmin.objects.filter(pk=admin.pk, workflow_state=ACTIVE)
        if held.update(workflow_state=AccountAdmin.State.DELETED, sis_import_id=None):
            record(AdminRemoved(admin.account_id, admin.role_id), by=by, subject=admin.user)
        if admin.user in (by, by.person_acting) and PERMISSION not in account_permissions(admin.user, admin.account):
            raise NotAllowed(_("You cannot remove your own last admin role. Ask another admin to do it."))
    admin.workflow_state = AccountAdmin.State.DELETED
    return admin


def _check(account: Account, by: User) -> None:
    if PERMISSION not in account_permissions(by, account):
        raise NotAllowed(_("To add or remove admins here, you need the permission “Admins - add / remove”."))
