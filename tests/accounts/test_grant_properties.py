"""Whatever people do with roles and permissions, nobody has more afterwards than they could do there themselves."""

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.domain.admins import givable_roles, make_admin, removable, remove_admin
from accounts.domain.grants import held_as
from accounts.domain.roles import create_role, set_permission, set_role_state
from accounts.errors import Refused
from accounts.models import Account, AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import permissions_by, permissions_on
from tests.accounts.test_resolver_properties import with_overrides
from tests.factories import AccountFactory, UserFactory

Allowed = dict[int, dict[int, frozenset[Permission]]]
NEEDED = (Permission.MANAGE_ROLE_OVERRIDES, Permission.MANAGE_ACCOUNT_MEMBERSHIPS)
# What teachers have by default, and what they can be given.
KEYS = (Permission.READ_ROSTER, Permission.GENERATE_OBSERVER_PAIRING_CODE)
ACCOUNTS, ROLES = 4, 4
# An override of the first role, locked or not, is how a person comes to have less in one account than above it.
OVERRIDE = st.fixed_dictionaries(
    {
        "account": st.integers(0, ACCOUNTS - 1),
        "role": st.integers(0, ROLES - 1),
        "permission": st.sampled_from(KEYS),
        "enabled": st.sampled_from([True, False, None]),
        "locked": st.booleans(),
        "applies_to_self": st.just(True),
        "applies_to_descendants": st.booleans(),
    }
)
OVERRIDES = st.lists(
    OVERRIDE, min_size=1, max_size=6, unique_by=lambda one: (one["account"], one["role"], one["permission"])
)
WISH = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.sampled_from([True, False, None]),
        "locked": st.booleans(),
        "applies_to_self": st.booleans(),
        "applies_to_descendants": st.booleans(),
    },
)
# Who acts: what their own role may do besides, and in which account they hold it.
ACTING = st.tuples(st.sets(st.sampled_from(KEYS)), st.integers(0, ACCOUNTS - 1))
CHANGE = st.tuples(
    st.integers(0, ROLES - 1),
    st.integers(0, ACCOUNTS - 1),
    st.sampled_from(KEYS),
    st.one_of(st.sampled_from([{"enabled": True}, {"locked": False}]), WISH),
)
# What a person might do to the permission that they need.
AGAINST = st.sampled_from(
    [{"enabled": False}, {"enabled": False, "locked": True}, {"enabled": None}, {"applies_to_self": False}]
)
# Each example takes a dozen statements: fewer of them than usual.
some = settings(max_examples=settings().max_examples // 2)


@pytest.fixture
def accounts(root) -> list[Account]:
    """The root account, a school with a department, and another school."""
    school = AccountFactory()
    return [root, school, AccountFactory(parent=school), AccountFactory()]


@pytest.fixture
def roles(accounts) -> list[Role]:
    """Built-in roles, and custom ones of the same kind that a lock on these binds."""
    membership, teacher = BaseType.ACCOUNT_MEMBERSHIP, BaseType.TEACHER
    return [
        Role.objects.built_in(membership),
        Role.objects.built_in(teacher),
        Role.objects.create(account=accounts[0], base_type=teacher, label="Coach"),
        Role.objects.create(account=accounts[1], base_type=membership, label="Local helper"),
    ]


def acting(accounts: list[Account], keys: set[Permission], where: int) -> User:
    """A person who may manage roles and admins in an account, and these things besides."""
    role = Role.objects.create(account=accounts[0], base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Of the one who acts")
    RoleOverride.objects.bulk_create(
        [RoleOverride(account=accounts[0], role=role, permission=key, enabled=True) for key in {*keys, *NEEDED}]
    )
    person = UserFactory()
    AccountAdmin.objects.create(user=person, account=accounts[where], role=role)
    return person


def allowed(roles: list[Role], accounts: list[Account]) -> Allowed:
    return permissions_by([held_as(role) for role in roles], [account.pk for account in accounts])


def gains(before: Allowed, after: Allowed, mine: dict[int, frozenset[Permission]]) -> list[tuple[int, int, set]]:
    """What a role may do in an account after a change and could not before, nor could the person who changed it."""
    return [
        (account, role, set(keys))
        for account, of_roles in after.items()
        for role, given in of_roles.items()
        if (keys := given - before[account].get(role, frozenset()) - mine[account])
    ]


@some
@given(wanted=OVERRIDES, who=ACTING, change=CHANGE)
def test_no_change_of_a_permission_gives_any_role_more_than_the_person_has_there(accounts, roles, wanted, who, change):
    number, where, key, wish = change
    for _ in with_overrides(accounts, roles, wanted):
        by = acting(accounts, *who)
        mine, before = permissions_on(by, accounts), allowed(roles, accounts)
        try:
            with transaction.atomic():
                set_permission(roles[number], accounts[where], key, wish, by=by)
        except Refused:
            assert allowed(roles, accounts) == before
            assert permissions_on(by, accounts) == mine
        else:
            assert gains(before, allowed(roles, accounts), mine) == []


@some
@given(wanted=OVERRIDES, who=ACTING, base_type=st.sampled_from([BaseType.TEACHER, BaseType.ACCOUNT_MEMBERSHIP]))
def test_no_new_role_may_do_more_than_the_person_who_created_it(accounts, roles, wanted, who, base_type):
    for _ in with_overrides(accounts, roles, wanted):
        by = acting(accounts, *who)
        mine = permissions_on(by, accounts)
        try:
            with transaction.atomic():
                made = create_role(accounts[who[1]], "New", base_type, by=by)
        except Refused:
            assert not Role.objects.filter(label="New").exists()
        else:
            below = [account for account in accounts if made.account_id in (account.pk, *account.ancestors)]
            nothing: Allowed = {account.pk: {} for account in accounts}
            assert gains(nothing, allowed([made], below), mine) == []


@some
@given(wanted=OVERRIDES, who=ACTING, number=st.integers(2, ROLES - 1))
def test_no_role_is_activated_by_a_person_who_may_do_less(accounts, roles, wanted, who, number):
    for _ in with_overrides(accounts, roles, wanted):
        by, role = acting(accounts, *who), roles[number]
        Role.objects.filter(pk=role.pk).update(workflow_state=Role.State.INACTIVE)
        mine = permissions_on(by, accounts)
        try:
            with transaction.atomic():
                set_role_state(Role.objects.get(pk=role.pk), Role.State.ACTIVE, by=by)
        except Refused:
            continue
        below = [account for account in accounts if role.account_id in (account.pk, *account.ancestors)]
        nothing: Allowed = {account.pk: {} for account in accounts}
        assert gains(nothing, allowed([role], below), mine) == []


@some
@given(wanted=OVERRIDES, who=ACTING, number=st.integers(0, ROLES - 1), where=st.integers(0, ACCOUNTS - 1))
def test_nobody_becomes_an_admin_who_may_do_more_than_the_person_who_made_them_one(
    accounts, roles, wanted, who, number, where
):
    for _ in with_overrides(accounts, roles, wanted):
        by, person, account = acting(accounts, *who), UserFactory(), accounts[where]
        mine = permissions_on(by, accounts)
        is_offered = roles[number] in givable_roles(account, by=by)
        try:
            with transaction.atomic():
                admin = make_admin(person, roles[number], account, by=by)
        except Refused:
            assert not permissions_on(person, [account])[account.pk]
            continue
        assert is_offered, "what can be given is offered on the page"
        theirs = permissions_on(person, accounts)
        assert all(theirs[each.pk] <= mine[each.pk] for each in accounts)
        # And what one may give, one may take away again.
        assert removable([admin], by=by) == {admin.pk}
        remove_admin(admin, by=by)
        assert not any(permissions_on(person, accounts).values())


@some
@given(wanted=OVERRIDES, who=ACTING, where=st.integers(0, ACCOUNTS - 1), wish=AGAINST)
def test_nobody_loses_the_permission_by_which_they_could_undo_what_they_did(accounts, roles, wanted, who, where, wish):
    for _ in with_overrides(accounts, roles, wanted):
        by = acting(accounts, *who)
        own = by.account_admins.get().role
        before = permissions_on(by, accounts)
        try:
            with transaction.atomic():
                set_permission(own, accounts[where], NEEDED[0], wish, by=by)
        except Refused:
            assert permissions_on(by, accounts) == before
        else:
            assert NEEDED[0] in permissions_on(by, accounts)[accounts[where].pk]
