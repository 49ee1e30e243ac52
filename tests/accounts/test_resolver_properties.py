"""What holds for permissions whatever roles, overrides and locks there are: invented trees, compared in two ways."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.domain.grants import held_as
from accounts.domain.roles import settings_of
from accounts.models import Account, AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.permissions.registry import ALWAYS, AVAILABLE, DEFAULTS, ROOT_ONLY, Permission
from accounts.permissions.resolver import (
    HeldRole,
    account_permissions,
    permissions_by,
    permissions_on,
    where_overrides_bear,
)
from tests.factories import AccountFactory, UserFactory

# A permission of each reach, and one that cannot be taken away.
KEYS = (
    Permission.READ_ROSTER,
    Permission.MANAGE_COURSES_ADMIN,
    Permission.BECOME_USER,
    Permission.MANAGE_ROLE_OVERRIDES,
)
ACCOUNTS, ROLES = 5, 4
OVERRIDE = st.fixed_dictionaries(
    {
        "account": st.integers(0, ACCOUNTS - 1),
        "role": st.integers(0, ROLES - 1),
        "permission": st.sampled_from(KEYS),
        "enabled": st.sampled_from([True, False, None]),
        "locked": st.booleans(),
        "applies_to_self": st.booleans(),
        "applies_to_descendants": st.booleans(),
    }
)
OVERRIDES = st.lists(
    OVERRIDE, max_size=10, unique_by=lambda one: (one["account"], one["role"], one["permission"])
).filter(lambda all_of: all(one["applies_to_self"] or one["applies_to_descendants"] for one in all_of))
# Each example takes a dozen statements: fewer of them than usual.
fewer = settings(max_examples=settings().max_examples // 4)


@pytest.fixture
def accounts(root) -> list[Account]:
    """The root account, a school with a department and a club in it, and another school."""
    school = AccountFactory()
    department = AccountFactory(parent=school)
    return [root, school, department, AccountFactory(parent=department), AccountFactory()]


@pytest.fixture
def roles(accounts) -> list[Role]:
    """Built-in and custom roles, for accounts and for courses."""
    return [
        Role.objects.built_in(BaseType.ACCOUNT_ADMIN),
        Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP),
        Role.objects.create(account=accounts[0], base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Helper"),
        Role.objects.create(account=accounts[1], base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Local helper"),
    ]


def with_overrides(accounts: list[Account], roles: list[Role], wanted: list[dict]) -> Iterator[None]:
    """Have these overrides for a moment."""
    with transaction.atomic():
        RoleOverride.objects.bulk_create(
            [RoleOverride(**{**one, "account": accounts[one["account"]], "role": roles[one["role"]]}) for one in wanted]
        )
        yield
        transaction.set_rollback(True)


@fewer
@given(wanted=OVERRIDES)
def test_a_person_may_do_what_the_role_they_hold_allows_and_nothing_else(accounts, roles, wanted):
    for _ in with_overrides(accounts, roles, wanted):
        allowed = permissions_by([held_as(role) for role in roles], [account.pk for account in accounts])
        for role in roles:
            person = UserFactory()
            AccountAdmin.objects.create(user=person, account=accounts[0], role=role)
            held = permissions_on(person, accounts)
            for account in accounts[1:]:
                # A permission of the root account reaches down from there with the role itself.
                assert held[account.pk] - ROOT_ONLY == allowed[account.pk][role.pk]
            assert held[accounts[0].pk] == allowed[accounts[0].pk][role.pk]


@fewer
@given(wanted=OVERRIDES)
def test_asking_about_many_accounts_at_once_says_the_same_as_asking_about_each(accounts, roles, wanted):
    for _ in with_overrides(accounts, roles, wanted):
        person = UserFactory()
        for number, role in enumerate(roles):
            AccountAdmin.objects.create(user=person, account=accounts[number % 3], role=role)
        assert permissions_on(person, accounts) == {
            account.pk: account_permissions(person, account) for account in accounts
        }


@fewer
@given(wanted=OVERRIDES)
def test_whatever_is_overridden_a_role_gets_only_what_its_base_type_can_have_and_keeps_what_it_always_has(
    accounts, roles, wanted
):
    for _ in with_overrides(accounts, roles, wanted):
        allowed = permissions_by([held_as(role) for role in roles], [account.pk for account in accounts])
        for account in accounts:
            for role in roles:
                base = BaseType(role.base_type)
                given = allowed[account.pk][role.pk]
                assert given <= AVAILABLE[base]
                assert given >= ALWAYS.get(base, frozenset())
                assert account == accounts[0] or not given & ROOT_ONLY


@fewer
@given(wanted=OVERRIDES)
def test_the_page_says_of_every_permission_what_the_rules_go_by(accounts, roles, wanted):
    for _ in with_overrides(accounts, roles, wanted):
        for account in accounts:
            shown = settings_of(roles, account)
            allowed = permissions_by([held_as(role) for role in roles], [account.pk])[account.pk]
            for role in roles:
                assert {key for key, setting in shown[role.pk].items() if setting.enabled} == allowed[role.pk]


@fewer
@given(wanted=OVERRIDES)
def test_where_no_override_bears_on_a_role_it_may_do_what_it_may_do_above(accounts, roles, wanted):
    for _ in with_overrides(accounts, roles, wanted):
        allowed = permissions_by([held_as(role) for role in roles], [account.pk for account in accounts])
        for role in roles:
            bearing = where_overrides_bear(Role.objects.filter(pk=role.pk))
            differing = set(Account.objects.filter(bearing).values_list("pk", flat=True))
            for account in accounts[1:]:
                if account.pk not in differing:
                    above = allowed[account.parent_id][role.pk] - ROOT_ONLY
                    assert allowed[account.pk][role.pk] == above, f"{role} in {account}"


@fewer
@given(wanted=OVERRIDES)
def test_a_lock_that_is_shown_binds_whatever_is_set_below_it(accounts, roles, wanted):
    for _ in with_overrides(accounts, roles, wanted):
        for account in accounts[1:]:
            for role in roles:
                for key, setting in settings_of([role], account)[role.pk].items():
                    if setting.locked_by is None:
                        continue
                    RoleOverride.objects.update_or_create(
                        account=account,
                        role=role,
                        permission=key,
                        defaults={
                            "enabled": not setting.enabled,
                            "applies_to_self": True,
                            "applies_to_descendants": True,
                        },
                    )
                    assert settings_of([role], account)[role.pk][key].enabled is setting.enabled
                    break


@pytest.mark.parametrize("base_type", BaseType)
def test_a_role_without_overrides_has_its_defaults_in_every_account(root, accounts, base_type):
    role = HeldRole(Role.objects.built_in(base_type).pk, base_type)
    allowed = permissions_by([role], [account.pk for account in accounts])
    assert allowed[root.pk][role.id] == DEFAULTS[base_type]
    for account in accounts[1:]:
        assert allowed[account.pk][role.id] == DEFAULTS[base_type] - ROOT_ONLY


def test_of_no_roles_and_in_no_accounts_there_is_nothing_to_say(root):
    assert permissions_by([], [root.pk]) == {root.pk: {}}
    assert permissions_by([HeldRole(1, BaseType.TEACHER)], []) == {}
    assert permissions_on(UserFactory(), []) == {}


def test_suspended_people_have_no_permission_in_any_account(accounts, roles):
    person = UserFactory(state=User.State.SUSPENDED)
    AccountAdmin.objects.create(user=person, account=accounts[0], role=roles[0])
    assert permissions_on(person, accounts) == {account.pk: frozenset() for account in accounts}
