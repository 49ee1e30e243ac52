"""Giving and removing admin roles."""

import pytest

from accounts.domain.admins import admins_of, givable_roles, make_admin, remove_admin
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role
from accounts.permissions.resolver import may_on_account
from tests import factories
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, allow


@pytest.fixture
def full(root):
    return Role.objects.built_in(BaseType.ACCOUNT_ADMIN)


@pytest.fixture
def helper(root):
    """A role with next to no rights, which may give and take roles."""
    role = Role.objects.create(label="Helper", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission="manage_account_memberships", enabled=True)
    return role


def test_a_role_is_given_removed_and_given_again(admin, full, root):
    person, school = UserFactory(), AccountFactory()
    held = make_admin(person, full, school, by=admin)
    assert may_on_account(person, "manage_courses_admin", school)
    assert not may_on_account(person, "manage_courses_admin", root)
    assert make_admin(person, full, school, by=admin) == held
    remove_admin(held, by=admin)
    assert not may_on_account(person, "manage_courses_admin", school)
    assert make_admin(person, full, school, by=admin) == held
    assert list(admins_of(school)) == [held]
    actions = AuditEvent.objects.filter(subject=person).order_by("id").values_list("action", flat=True)
    assert list(actions) == [Action.ADMIN_CREATED, Action.ADMIN_REMOVED, Action.ADMIN_CREATED]


def test_giving_and_removing_roles_needs_the_permission_in_that_account(full, root):
    school, other = AccountFactory(), AccountFactory()
    staff, person = factories.make_admin(school), UserFactory()
    for where in (root, other):
        with pytest.raises(NotAllowed):
            make_admin(person, full, where, by=staff)
    below = AccountFactory(parent=school)
    assert make_admin(person, full, below, by=staff)
    with pytest.raises(NotAllowed):
        remove_admin(factories.make_admin(other).account_admins.get(), by=staff)


def test_nobody_gives_or_removes_a_role_that_may_do_more_than_they_may(admin, full, helper, root):
    weak, person = UserFactory(), UserFactory()
    make_admin(weak, helper, root, by=admin)
    with pytest.raises(NotAllowed, match="do not have"):
        make_admin(person, full, root, by=weak)
    with pytest.raises(NotAllowed, match="do not have"):
        remove_admin(admin.account_admins.get(), by=weak)
    assert make_admin(person, helper, root, by=weak)
    assert not AccountAdmin.objects.filter(user=person, role=full).exists()


def test_nobody_removes_their_own_last_role(admin, full, helper, root):
    (only,) = admin.account_admins.all()
    with pytest.raises(NotAllowed, match="own last"):
        remove_admin(only, by=admin)
    other = factories.make_admin()
    other = other.acted_by(admin)
    with pytest.raises(NotAllowed, match="own last"):
        remove_admin(only, by=other)
    assert may_on_account(admin, "manage_account_memberships", root)
    second = make_admin(admin, helper, root, by=admin)
    remove_admin(second, by=admin)
    assert [held.role for held in admins_of(root) if held.user == admin] == [full]


@pytest.mark.parametrize("role", ["teacher", "elsewhere", "inactive"])
def test_only_admin_roles_of_this_account_can_be_given(admin, root, role):
    school, other = AccountFactory(), AccountFactory()
    roles = {
        "teacher": Role.objects.built_in(BaseType.TEACHER),
        "elsewhere": Role.objects.create(label="E", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=other),
        "inactive": Role.objects.create(
            label="I", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=school, workflow_state="inactive"
        ),
    }
    with pytest.raises(Invalid):
        make_admin(UserFactory(), roles[role], school, by=admin)


def test_deleted_people_do_not_become_admins_and_are_not_listed(admin, full, root):
    gone = UserFactory(state="deleted")
    with pytest.raises(Invalid):
        make_admin(gone, full, root, by=admin)
    AccountAdmin.objects.create(user=gone, account=root, role=full)
    assert [held.user for held in admins_of(root)] == [admin]


def test_a_permission_turned_off_for_account_admins_is_missing_when_they_give_roles(admin, full, root):
    allow(BaseType.ACCOUNT_ADMIN, "manage_account_memberships", enabled=False)
    with pytest.raises(NotAllowed):
        make_admin(UserFactory(), full, Account.objects.root(), by=admin)


@pytest.mark.parametrize("scope", [{}, {"applies_to_self": False}])
def test_what_a_role_may_do_further_down_counts_too(admin, full, helper, root, scope):
    school = AccountFactory()
    below = AccountFactory(parent=school)
    AccountFactory(parent=below)
    staff, person = factories.make_admin(school), UserFactory()
    assert full in givable_roles(school, by=staff)
    other = Role.objects.create(label="Other", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    for key in ("manage_account_memberships", "read_roster"):
        other.overrides.create(account=root, permission=key, enabled=True)
    weak = UserFactory()
    make_admin(weak, other, school, by=admin)
    helper.overrides.create(account=below, permission="read_course_list", enabled=True, **scope)
    with pytest.raises(NotAllowed, match="do not have"):
        make_admin(person, helper, school, by=weak)
    assert helper not in givable_roles(school, by=weak)
    helper.overrides.filter(account=below).delete()
    assert make_admin(person, helper, school, by=weak)
    # What was taken from the giver there, they cannot give either.
    other.overrides.create(account=below, permission="manage_account_memberships", enabled=False, **scope)
    with pytest.raises(NotAllowed, match="do not have"):
        make_admin(UserFactory(), helper, school, by=weak)


def test_giving_takes_the_same_number_of_statements_for_any_number_of_accounts_below(admin, full, helper, root):
    def give():
        make_admin(UserFactory(), helper, root, by=admin)

    few = statements(give)
    for _number in range(4):
        helper.overrides.create(account=AccountFactory(), permission="read_roster", enabled=True)
    assert statements(give) == few
