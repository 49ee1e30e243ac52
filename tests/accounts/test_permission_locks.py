"""Locked permissions: a lock binds the accounts below, and on a built-in role the custom roles of its base type."""

import pytest

from accounts.domain.grants import held_as
from accounts.domain.roles import create_role, set_permission, set_permissions, settings_of
from accounts.errors import NotAllowed
from accounts.models import Account, BaseType, Role
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import permissions_by
from courses.access.permissions import may
from tests.accounts.roles import is_on, setting_of
from tests.factories import EnrollmentFactory, SectionFactory

KEY, GRADES = Permission.GENERATE_OBSERVER_PAIRING_CODE, Permission.VIEW_ALL_GRADES
ON, OFF = {"enabled": True}, {"enabled": False}


@pytest.fixture
def coach(district) -> Role:
    return create_role(district.school, "Coach", BaseType.TEACHER, by=district.admin)


def allowed(role: Role, account: Account) -> frozenset[Permission]:
    return permissions_by([held_as(role)], [account.pk])[account.pk][role.pk]


# A lock and the accounts below


def test_a_lock_above_binds_all_below(district):
    set_permission(district.teacher, district.department, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {"enabled": False, "locked": True}, by=district.admin)
    for account in (district.school, district.department):
        assert setting_of(district.teacher, account).locked_by == district.root.pk
        assert not is_on(district.teacher, account)
        with pytest.raises(NotAllowed):
            set_permission(district.teacher, account, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {"locked": False}, by=district.admin)
    assert is_on(district.teacher, district.department)


def test_a_lock_can_keep_the_default_permission(district):
    set_permission(district.teacher, district.root, KEY, {"locked": True}, by=district.admin)
    assert setting_of(district.teacher, district.root).locked
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)


def test_a_lock_that_spares_the_accounts_below_does_not_bind_them(district):
    wish = {"enabled": False, "locked": True, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, KEY, wish, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)
    assert is_on(district.teacher, district.school)


# A lock on a built-in role


def test_a_permission_locked_off_for_a_built_in_role_is_off_for_custom_roles_of_its_base_type(district, coach):
    section = SectionFactory(course__account=district.school)
    person = EnrollmentFactory(section=section, type=BaseType.TEACHER, role=coach).user
    set_permission(coach, district.school, KEY, ON, by=district.admin)
    assert may(person, KEY, section.course)
    for key in (KEY, GRADES):
        set_permission(district.teacher, district.root, key, {**OFF, "locked": True}, by=district.admin)
        assert not may(person, key, section.course)
        setting = settings_of([coach], district.school)[coach.pk][key]
        assert (setting.enabled, setting.locked_by) == (False, district.root.pk)
        with pytest.raises(NotAllowed, match="locked"):
            set_permission(coach, district.school, key, ON, by=district.admin)
    set_permissions(
        district.teacher, district.root, {KEY: {"locked": False}, GRADES: {**ON, "locked": False}}, by=district.admin
    )
    assert may(person, KEY, section.course)
    assert may(person, GRADES, section.course)


def test_a_lock_also_binds_roles_created_later(district):
    set_permission(district.teacher, district.root, GRADES, {**OFF, "locked": True}, by=district.admin)
    made = create_role(district.school, "Coach", BaseType.TEACHER, by=district.admin)
    assert not is_on(made, district.school, GRADES)


def test_the_account_that_locks_may_decide_otherwise_for_a_custom_role(district):
    coach = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    set_permission(coach, district.root, KEY, ON, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {**OFF, "locked": True}, by=district.admin)
    assert is_on(coach, district.root)
    assert is_on(coach, district.school)
    with pytest.raises(NotAllowed, match="locked"):
        set_permission(coach, district.school, KEY, OFF, by=district.admin)


def test_a_permission_locked_on_for_a_built_in_role_gives_custom_roles_nothing(district, coach):
    set_permission(district.teacher, district.root, KEY, {**ON, "locked": True}, by=district.admin)
    assert not is_on(coach, district.school)
    assert is_on(district.teacher, district.school)


def test_a_lock_for_one_base_type_binds_no_other(district):
    helper = create_role(district.school, "Helper", BaseType.TA, by=district.admin)
    set_permission(district.teacher, district.root, GRADES, {**OFF, "locked": True}, by=district.admin)
    assert is_on(helper, district.school, GRADES)


def test_a_lock_that_spares_the_accounts_below_spares_the_custom_roles_there(district, coach):
    wish = {**OFF, "locked": True, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, GRADES, wish, by=district.admin)
    assert is_on(coach, district.school, GRADES)


def test_a_custom_role_for_accounts_is_bound_by_account_membership(district):
    clerk = create_role(district.school, "Clerk", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    set_permission(clerk, district.school, "manage_user_logins", ON, by=district.admin)
    membership = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    set_permission(membership, district.root, "manage_user_logins", {"locked": True}, by=district.admin)
    assert "manage_user_logins" not in allowed(clerk, district.school)


def test_what_is_locked_on_above_for_a_custom_role_is_not_locked_off_below_through_the_built_in_one(district):
    coach = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    set_permission(coach, district.root, KEY, {**ON, "locked": True}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {**OFF, "locked": True}, by=district.school_admin)
    for account in (district.school, district.department):
        setting = setting_of(coach, account)
        assert (setting.enabled, setting.locked_by) == (True, district.root.pk)
        assert not is_on(district.teacher, account)
