"""Nobody grants what they lack, anywhere; and no permission is ever lost for good."""

import pytest
from django.core.management import call_command

from accounts.domain.roles import (
    check_may_give,
    create_role,
    set_permission,
    set_permissions,
    set_role_state,
    settings_of,
)
from accounts.errors import NotAllowed
from accounts.memory import remembering
from accounts.models import AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.permissions.registry import PERMISSIONS, Permission
from accounts.permissions.resolver import account_permissions
from courses.access.accounts import why_not_change
from courses.access.act_as import check
from tests.accounts.roles import is_on, make_helper, setting_of
from tests.factories import EnrollmentFactory, UserFactory, make_clerk

pytestmark = pytest.mark.usefixtures("root")
KEY, GRADES = Permission.GENERATE_OBSERVER_PAIRING_CODE, Permission.VIEW_ALL_GRADES
MANAGE = Permission.MANAGE_ROLE_OVERRIDES
ON, OFF, INHERIT = {"enabled": True}, {"enabled": False}, {"enabled": None}


# Nobody grants what they do not have


def test_nobody_turns_on_what_they_do_not_have(district):
    user, _role = make_helper(district.school, MANAGE)
    with pytest.raises(NotAllowed) as refusal:
        set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=user)
    assert str(PERMISSIONS[KEY].label) in refusal.value.message
    assert not is_on(district.teacher, district.school)


def test_nobody_gives_themselves_more_through_the_role_they_hold(district):
    user, role = make_helper(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        set_permission(role, district.school, KEY, {"enabled": True}, by=user)
    assert account_permissions(user, district.school) == {MANAGE}


def test_people_may_grant_a_permission_they_have(district):
    user, _role = make_helper(district.school, MANAGE, KEY)
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=user)
    assert is_on(district.teacher, district.school)


def test_anyone_who_manages_permissions_may_turn_one_off(district):
    user, _role = make_helper(district.school, MANAGE)
    set_permission(district.teacher, district.school, "read_roster", {"enabled": False}, by=user)
    assert not is_on(district.teacher, district.school, "read_roster")


@pytest.mark.parametrize(
    ("stands", "wish"),
    [
        ({"enabled": False}, {"enabled": None}),
        ({"enabled": False}, {"applies_to_self": False}),
        ({"enabled": False}, {"applies_to_descendants": False}),
        ({"enabled": False, "locked": True}, {"locked": False}),
        ({"enabled": False, "locked": True}, {"applies_to_descendants": False}),
        ({"enabled": None, "locked": True}, {"locked": False}),
        (None, {"locked": True}),
        (None, {"enabled": True, "applies_to_self": False}),
    ],
)
def test_uncovering_what_was_turned_off_counts_as_granting(district, stands, wish):
    # Teachers have it by default.
    key = "read_roster"
    if stands:
        RoleOverride.objects.create(account=district.school, role=district.teacher, permission=key, **stands)
    user, _role = make_helper(district.school, MANAGE)
    before = setting_of(district.teacher, district.school, key)
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.school, key, wish, by=user)
    assert setting_of(district.teacher, district.school, key) == before
    set_permission(district.teacher, district.school, key, wish, by=district.school_admin)


@pytest.mark.parametrize(
    ("stands", "wish"),
    [
        ({"enabled": True}, {"enabled": None}),
        ({"enabled": True}, {"enabled": False, "applies_to_self": False}),
        ({"enabled": False}, {"enabled": None}),
        ({"enabled": False}, {"locked": True}),
        (None, {"locked": True}),
    ],
)
def test_turning_a_permission_off_needs_only_the_right_to_manage(district, stands, wish):
    # Teachers do not have it by default.
    if stands:
        RoleOverride.objects.create(account=district.school, role=district.teacher, permission=KEY, **stands)
    user, _role = make_helper(district.school, MANAGE)
    set_permission(district.teacher, district.school, KEY, wish, by=user)
    assert not is_on(district.teacher, district.school)


def test_a_role_is_given_only_by_people_who_may_do_all_it_may(district):
    user, own_role = make_helper(district.school, MANAGE)
    check_may_give(own_role, district.school, by=user)
    with pytest.raises(NotAllowed):
        check_may_give(district.account_admin, district.school, by=user)
    check_may_give(district.account_admin, district.school, by=district.school_admin)


def test_nobody_takes_the_right_to_manage_permissions_from_themselves(district):
    user, role = make_helper(district.school, MANAGE)
    for wish in ({"enabled": False}, {"enabled": None}, {"enabled": False, "locked": True}):
        with remembering(), pytest.raises(NotAllowed, match="lose your own permission"):
            set_permission(role, district.school, MANAGE, wish, by=user)
        assert MANAGE in account_permissions(user, district.school)
    # One who has it from another role, above, may take it from them.
    set_permission(role, district.school, MANAGE, {"enabled": False}, by=district.admin)
    assert MANAGE not in account_permissions(user, district.school)


def test_an_account_admin_can_always_correct_permissions(district):
    user, _role = make_helper(district.root, MANAGE)
    for account in (district.root, district.school):
        assert setting_of(district.account_admin, account, MANAGE).fixed
        with pytest.raises(NotAllowed, match="always has this permission"):
            set_permission(district.account_admin, account, MANAGE, {"enabled": False}, by=user)
        # Not even a row that came into the database some other way takes it.
        RoleOverride.objects.create(
            account=account, role=district.account_admin, permission=MANAGE, enabled=False, locked=True
        )
    assert MANAGE in account_permissions(district.school_admin, district.school)


def test_after_a_refusal_what_was_looked_up_meanwhile_is_forgotten(district):
    with remembering():
        with pytest.raises(NotAllowed):
            set_permission(
                district.account_admin, district.school, MANAGE, {"enabled": False}, by=district.school_admin
            )
        assert MANAGE in account_permissions(district.school_admin, district.school)


# Nor in the accounts below, where they may do less


@pytest.fixture
def without_below(district):
    """In the school, Account Admins may not make codes; the institution's admin makes it so, and so may not there."""
    set_permission(district.account_admin, district.school, KEY, {**OFF, "locked": True}, by=district.admin)
    return district


def test_nobody_turns_on_for_all_what_they_may_not_do_in_one_school(without_below):
    district = without_below
    with pytest.raises(NotAllowed, match="pairing codes"):
        set_permission(district.teacher, district.root, KEY, ON, by=district.admin)
    assert not is_on(district.teacher, district.school)
    here_only = {**ON, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, KEY, here_only, by=district.admin)
    assert not is_on(district.teacher, district.school)


def test_nobody_overrules_by_a_lock_what_a_school_has_turned_off(without_below):
    district = without_below
    RoleOverride.objects.create(account=district.school, role=district.teacher, permission=KEY, enabled=False)
    set_permission(district.teacher, district.root, KEY, ON, by=district.admin)
    assert not is_on(district.teacher, district.school), "there it stays off, so nothing was given"
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.root, KEY, {"locked": True}, by=district.admin)
    assert not is_on(district.teacher, district.school), "a lock on what is on would have overruled the school"


def test_nobody_creates_or_activates_a_role_that_may_do_there_what_they_may_not_do_themselves(district):
    set_permission(district.account_admin, district.school, GRADES, OFF, by=district.admin)
    with pytest.raises(NotAllowed, match="grades"):
        create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    assert not Role.objects.filter(label="Coach").exists()
    role = Role.objects.create(
        account=district.root, base_type=BaseType.TEACHER, label="Coach", workflow_state="inactive"
    )
    with pytest.raises(NotAllowed, match="grades"):
        set_role_state(role, Role.State.ACTIVE, by=district.admin)


def test_releasing_a_lock_gives_no_custom_role_below_more_than_the_person_has(without_below):
    district = without_below
    coach = Role.objects.create(account=district.school, base_type=BaseType.TEACHER, label="Coach")
    RoleOverride.objects.create(account=district.school, role=coach, permission=KEY, enabled=True)
    RoleOverride.objects.create(account=district.root, role=district.teacher, permission=KEY, locked=True)
    assert not is_on(coach, district.school)
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.root, KEY, {"locked": False}, by=district.admin)


# Nothing is lost for good


def test_account_admins_of_the_institution_can_turn_on_again_what_one_of_them_turned_off(district):
    before = set_permission(district.account_admin, district.root, KEY, OFF, by=district.admin)
    assert KEY not in account_permissions(district.admin, district.root)
    undo = {
        "enabled": before.explicit,
        "locked": before.locked,
        "applies_to_self": True,
        "applies_to_descendants": True,
    }
    set_permission(district.account_admin, district.root, KEY, undo, by=district.admin)
    assert KEY in account_permissions(district.admin, district.root)


def test_an_admin_created_later_by_create_admin_can_turn_on_what_was_turned_off(district):
    every = dict.fromkeys(settings_of([district.account_admin], district.root)[district.account_admin.pk], OFF)
    del every[MANAGE]
    set_permissions(
        district.account_admin, district.root, {key: {**OFF, "locked": True} for key in every}, by=district.admin
    )
    User.objects.filter(pk=district.admin.pk).update(state="deleted")
    call_command("create_admin", login="new@example.org", name="Nell New", password="a-long-enough-word")
    new = User.objects.get(login_id="new@example.org")
    assert account_permissions(new, district.root) == {MANAGE}
    set_permissions(district.account_admin, district.root, {key: {**ON, "locked": False} for key in every}, by=new)
    assert account_permissions(new, district.root) == {MANAGE, *every}


def test_only_account_admins_of_the_institution_do_so_and_only_for_account_admins(district):
    set_permission(district.account_admin, district.root, KEY, OFF, by=district.admin)
    clerk = make_clerk(MANAGE)
    for by, role, account in (
        (clerk, district.account_admin, district.root),
        (district.school_admin, district.account_admin, district.school),
        (district.admin, district.teacher, district.root),
    ):
        with pytest.raises(NotAllowed, match="You cannot grant"):
            set_permission(role, account, KEY, ON, by=by)


def test_nobody_does_so_by_an_account_admin_role_that_they_had_and_have_no_longer(district):
    set_permission(district.account_admin, district.root, KEY, OFF, by=district.admin)
    clerk = make_clerk(MANAGE)
    AccountAdmin.objects.create(
        user=clerk, account=district.root, role=district.account_admin, workflow_state=AccountAdmin.State.DELETED
    )
    with pytest.raises(NotAllowed, match="You cannot grant"):
        set_permission(district.account_admin, district.root, KEY, ON, by=clerk)


def test_people_can_undo_their_own_change_on_the_root_account_even_to_the_role_they_hold(root):
    clerk = make_clerk(MANAGE, KEY)
    role = AccountAdmin.objects.get(user=clerk).role
    set_permission(role, root, KEY, {"locked": True}, by=clerk)
    set_permission(role, root, KEY, OFF, by=clerk)
    assert KEY not in account_permissions(clerk, root)
    set_permission(role, root, KEY, ON, by=clerk)
    set_permission(role, root, KEY, {"locked": False}, by=clerk)
    assert KEY in account_permissions(clerk, root)


def test_nobody_undoes_a_change_that_someone_else_has_changed_since(district):
    clerk = make_clerk(MANAGE, KEY)
    role = AccountAdmin.objects.get(user=clerk).role
    set_permission(role, district.root, KEY, OFF, by=clerk)
    set_permission(role, district.root, KEY, {**OFF, "locked": True}, by=district.admin)
    for wish in (ON, {**ON, "locked": False}):
        with pytest.raises(NotAllowed, match="You cannot grant"):
            set_permission(role, district.root, KEY, wish, by=clerk)


def test_undoing_restores_no_more_than_was_set_before(district):
    clerk = make_clerk(MANAGE)
    role = AccountAdmin.objects.get(user=clerk).role
    set_permission(role, district.root, KEY, OFF, by=clerk)
    set_permission(role, district.root, KEY, INHERIT, by=clerk)
    with pytest.raises(NotAllowed, match="You cannot grant"):
        set_permission(role, district.root, KEY, ON, by=clerk)


# Roles that are deactivated for now


def test_staff_with_less_permissions_do_not_reach_an_admin_whose_role_is_deactivated(district):
    desk = make_clerk("manage_user_logins", "become_user")
    office = create_role(district.root, "Office", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    set_permission(office, district.root, "manage_account_settings", ON, by=district.admin)
    clerk = UserFactory()
    AccountAdmin.objects.create(user=clerk, account=district.root, role=office)
    coach = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    teacher = EnrollmentFactory(type=BaseType.TEACHER, role=coach).user
    away = EnrollmentFactory(type=BaseType.TEACHER, state="inactive").user
    for role in (office, coach):
        set_role_state(role, Role.State.INACTIVE, by=district.admin)
    for person in (clerk, teacher, away):
        assert "permissions that you do not have" in why_not_change(person, by=desk)
        with pytest.raises(NotAllowed, match="permissions that you do not have"):
            check(desk, person)
