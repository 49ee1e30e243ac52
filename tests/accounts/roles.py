"""Roles and their settings, for the tests of roles and permissions."""

from accounts.domain.roles import Setting, settings_of
from accounts.models import Account, AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.permissions.registry import Permission
from tests.factories import UserFactory


def make_helper(account: Account, *keys: str, where: Account | None = None) -> tuple[User, Role]:
    """A person with a custom admin role of `account` that may do just this, held there or in the account `where`."""
    role = Role.objects.create(
        account=account, base_type=BaseType.ACCOUNT_MEMBERSHIP, label=f"Helper {Role.objects.count()}"
    )
    for key in keys:
        RoleOverride.objects.create(account=account, role=role, permission=key, enabled=True)
    user = UserFactory()
    AccountAdmin.objects.create(user=user, account=where or account, role=role)
    return user, role


def setting_of(role: Role, account: Account, key: Permission = Permission.GENERATE_OBSERVER_PAIRING_CODE) -> Setting:
    """How a permission is set for a role in an account."""
    return settings_of([role], account)[role.pk][key]


def is_on(role: Role, account: Account, key: Permission = Permission.GENERATE_OBSERVER_PAIRING_CODE) -> bool:
    """Whether a role has a permission in an account."""
    return setting_of(role, account, key).enabled
