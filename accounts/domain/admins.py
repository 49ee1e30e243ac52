"""Admin roles on accounts: who holds them, giving them and taking them away.

Nobody gives or takes a role that may do more than they may, and nobody takes their own last one.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.events import AdminCreated, AdminRemoved
from accounts.domain.grants import check_may_give, lacking
from accounts.domain.locks import lock_users
from accounts.domain.roles import roles_of
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AccountAdmin, BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, forget, permissions_on

PERMISSION = Permission.MANAGE_ACCOUNT_MEMBERSHIPS
ADMIN_TYPES = (BaseType.ACCOUNT_ADMIN, BaseType.ACCOUNT_MEMBERSHIP)
ACTIVE = AccountAdmin.State.ACTIVE
# A role on an account: their ids.
Held = tuple[int, int]


def admins_of(account: Account) -> QuerySet[AccountAdmin]:
    """The admin roles held on this very account, by the names of who holds them."""
    held = AccountAdmin.objects.filter(account=account, workflow_state=ACTIVE)
    held = held.exclude(user__state=User.State.DELETED).select_related("user", "role", "account")
    return held.order_by("user__sort_key", "user", "role")


def roles_held_by(user: User, accounts: Iterable[int] | None = None) -> QuerySet[AccountAdmin]:
    """The admin roles of a person, of these accounts only or (None) of all."""
    held = AccountAdmin.objects.filter(user=user, workflow_state=ACTIVE, account__workflow_state=Account.State.ACTIVE)
    if accounts is not None:
        held = held.filter(account__in=accounts)
    return held.select_related("account", "role").order_by("account__sort_key", "role__label", "id")


def admin_roles_of(account: Account) -> QuerySet[Role]:
    """The roles that can be given on `account`."""
    return roles_of(account).filter(base_type__in=ADMIN_TYPES)


def givable_roles(account: Account, *, by: User) -> list[Role]:
    """Those of them that `by` may give: none may do more, there or below, than `by` may (few statements)."""
    roles = list(admin_roles_of(account))
    lacks = lacking(roles, account, by=by)
    return [role for role in roles if not lacks[role.pk]]


def all_roles_of(people: Iterable[int]) -> list[tuple[int, int, int]]:
    """(user id, role id, account id) of every admin role that these people hold.

    Those that are switched off for now count too: whoever takes over such an account has them once they are on again.
    """
    held = AccountAdmin.objects.filter(user__in=people, workflow_state=ACTIVE)
    return list(held.values_list("user_id", "role_id", "account_id"))


def out_of_reach(held: Iterable[Held], *, by: User) -> set[Held]:
    """Those of these by which one may do something, on the account or below it, that `by` may not do there.

    A fixed number of statements where `by` may do all of it everywhere; else as many again for each account.
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
    """Those of these that `by` may not give or take by hand: see `make_admin` and `remove_admin`."""
    wanted = set(wanted)
    mine = permissions_on(by, Account.objects.filter(pk__in={account for _role, account in wanted}))
    return out_of_reach(wanted, by=by) | {(role, pk) for role, pk in wanted if PERMISSION not in mine[pk]}


def removable(admins: Iterable[AccountAdmin], *, by: User) -> set[int]:
    """The ids of those of these admin roles that `by` may take away by hand, as far as their roles go.

    A role that was switched off may do nothing; anybody in charge may clear it away.
    """
    admins = list(admins)
    in_force = {(one.role_id, one.account_id) for one in admins if one.role.workflow_state == Role.State.ACTIVE}
    beyond = out_of_reach(in_force, by=by)
    return {one.pk for one in admins if (one.role_id, one.account_id) not in beyond}


def make_admin(user: User, role: Role, account: Account, *, by: User) -> AccountAdmin:
    """Give `user` an admin role on `account`; somebody who has it keeps it. Raises NotAllowed, Invalid."""
    _check(account, by)
    if user.state == User.State.DELETED:
        raise Invalid({"user": [("invalid", _("This person's account has been deleted."))]}, of="admin")
    if not admin_roles_of(account).filter(pk=role.pk).exists():
        raise Invalid({"role": [("inclusion", _("This account has no such admin role."))]}, of="admin")
    with transaction.atomic():
        lock_users([user.pk])
        check_may_give(role, account, by=by)
        admin, made = AccountAdmin.objects.get_or_create(user=user, account=account, role=role)
        if not made and admin.workflow_state == ACTIVE:
            return admin
        # From now on it is by hand: what an import did with it before counts no more.
        admin.workflow_state, admin.sis_import_id = ACTIVE, None
        admin.save(update_fields=["workflow_state", "sis_import_id"])
        record(AdminCreated(account.pk, role.pk), by=by, subject=user)
    return admin


def remove_admin(admin: AccountAdmin, *, by: User) -> AccountAdmin:
    """Take an admin role away; what the person may do by it ends at once. Raises NotAllowed."""
    with transaction.atomic():
        # One after the other: two who take each other's role at once would leave nobody.
        Account.objects.select_for_update(no_key=True).get(pk=admin.account_id)
        forget()
        _check(admin.account, by)
        # A role that was switched off may do nothing; anybody in charge here may clear it away.
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
