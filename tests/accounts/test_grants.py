"""Deciding on what others may do: nobody gives what they lack, anywhere; and no permission is ever lost for good."""

from types import SimpleNamespace

import pytest
from django.core.management import call_command

from accounts.domain.grants import held_as
from accounts.domain.roles import create_role, rename_role, set_permission, set_permissions, set_role_state, settings_of
from accounts.errors import Invalid, NotAllowed
from accounts.models import AccountAdmin, BaseType, Role, RoleOverride, User
from accounts.permissions.resolver import account_permissions, permissions_by
from courses.access.accounts import why_not_change
from courses.access.act_as import check
from courses.access.permissions import may
from tests.factories import AccountFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin, make_clerk

KEY, GRADES = "generate_observer_pairing_code", "view_all_grades"
MANAGE = "manage_role_overrides"
ON, OFF, INHERIT = {"enabled": True}, {"enabled": False}, {"enabled": None}


@pytest.fixture
def district(root) -> SimpleNamespace:
    school = AccountFactory(name="North School", parent=root)
    return SimpleNamespace(
        root=root,
        school=school,
        admin=make_admin(root),
        school_admin=make_admin(school),
        teacher=Role.objects.built_in(BaseType.TEACHER),
        account_admin=Role.objects.built_in(BaseType.ACCOUNT_ADMIN),
    )


def on(role, account, key=KEY) -> bool:
    return settings_of([role], account)[role.pk][key].enabled


def allowed(role, account) -> frozenset[str]:
    return permissions_by([held_as(role)], [account.pk])[account.pk][role.pk]


# Nobody gives what they do not have, below either


@pytest.fixture
def without_below(district):
    """In the school, Account Admins may not make codes; the institution's admin makes it so, and so may not there."""
    set_permission(district.account_admin, district.school, KEY, {**OFF, "locked": True}, by=district.admin)
    return district


def test_nobody_switches_on_for_all_what_they_may_not_do_in_one_school(without_below):
    district = without_below
    with pytest.raises(NotAllowed, match="pairing codes"):
        set_permission(district.teacher, district.root, KEY, ON, by=district.admin)
    assert not on(district.teacher, district.school)
    here_only = {**ON, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, KEY, here_only, by=district.admin)
    assert not on(district.teacher, district.school)


def test_nobody_switches_on_for_all_even_where_the_school_has_decided_already(without_below):
    district = without_below
    RoleOverride.objects.create(account=district.school, role=district.teacher, permission=KEY, enabled=False)
    set_permission(district.teacher, district.root, KEY, ON, by=district.admin)
    assert not on(district.teacher, district.school), "there it stays off, so nothing was given"
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.root, KEY, {"locked": True}, by=district.admin)
    assert not on(district.teacher, district.school), "a lock on what is on would have overruled the school"


def test_nobody_creates_or_activates_a_role_that_may_do_there_what_they_may_not(district):
    set_permission(district.account_admin, district.school, GRADES, OFF, by=district.admin)
    with pytest.raises(NotAllowed, match="grades"):
        create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    assert not Role.objects.filter(label="Coach").exists()
    role = Role.objects.create(
        account=district.root, base_type=BaseType.TEACHER, label="Coach", workflow_state="inactive"
    )
    with pytest.raises(NotAllowed, match="grades"):
        set_role_state(role, Role.State.ACTIVE, by=district.admin)


def test_releasing_a_lock_wakes_no_custom_role_below_beyond_what_one_has(without_below):
    district = without_below
    coach = Role.objects.create(account=district.school, base_type=BaseType.TEACHER, label="Coach")
    RoleOverride.objects.create(account=district.school, role=coach, permission=KEY, enabled=True)
    RoleOverride.objects.create(account=district.root, role=district.teacher, permission=KEY, locked=True)
    assert not on(coach, district.school)
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.root, KEY, {"locked": False}, by=district.admin)


# A lock on a built-in role


@pytest.fixture
def coach(district) -> Role:
    return create_role(district.school, "Coach", BaseType.TEACHER, by=district.admin)


def test_what_is_locked_off_for_a_built_in_role_binds_the_custom_roles_of_its_base_type(district, coach):
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


def test_a_role_made_later_is_bound_as_well(district):
    set_permission(district.teacher, district.root, GRADES, {**OFF, "locked": True}, by=district.admin)
    made = create_role(district.school, "Coach", BaseType.TEACHER, by=district.admin)
    assert not on(made, district.school, GRADES)


def test_the_account_that_locks_may_decide_otherwise_for_a_custom_role(district):
    coach = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    set_permission(coach, district.root, KEY, ON, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {**OFF, "locked": True}, by=district.admin)
    assert on(coach, district.root)
    assert on(coach, district.school)
    with pytest.raises(NotAllowed, match="locked"):
        set_permission(coach, district.school, KEY, OFF, by=district.admin)


def test_what_is_locked_on_gives_custom_roles_nothing(district, coach):
    set_permission(district.teacher, district.root, KEY, {**ON, "locked": True}, by=district.admin)
    assert not on(coach, district.school)
    assert on(district.teacher, district.school)


def test_a_lock_for_one_base_type_binds_no_other(district):
    helper = create_role(district.school, "Helper", BaseType.TA, by=district.admin)
    set_permission(district.teacher, district.root, GRADES, {**OFF, "locked": True}, by=district.admin)
    assert on(helper, district.school, GRADES)


def test_a_lock_that_spares_the_accounts_below_spares_the_custom_roles_there(district, coach):
    wish = {**OFF, "locked": True, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, GRADES, wish, by=district.admin)
    assert on(coach, district.school, GRADES)


def test_a_custom_role_for_accounts_is_bound_by_account_membership(district):
    clerk = create_role(district.school, "Clerk", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    set_permission(clerk, district.school, "manage_user_logins", ON, by=district.admin)
    membership = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    set_permission(membership, district.root, "manage_user_logins", {"locked": True}, by=district.admin)
    assert "manage_user_logins" not in allowed(clerk, district.school)


# The words of rosters


@pytest.mark.parametrize(
    ("label", "base_type"),
    [
        ("students", BaseType.TEACHER),
        ("Teachers", BaseType.TA),
        ("OBSERVERS", BaseType.TEACHER),
        ("tas", BaseType.TEACHER),
        ("teachers", BaseType.TEACHER),
        ("Student (part-time)", BaseType.TEACHER),
        ("Teacher of record", BaseType.OBSERVER),
    ],
)
def test_no_role_is_called_what_rosters_call_another(district, label, base_type):
    with pytest.raises(Invalid, match=r"Roster files use this word|already"):
        create_role(district.school, label, base_type, by=district.admin)
    role = create_role(district.school, "Something else", base_type, by=district.admin)
    with pytest.raises(Invalid):
        rename_role(role, label, by=district.admin)


def test_a_custom_role_may_have_any_other_name(district):
    for label, base in (("Teacher of record", BaseType.TEACHER), ("Tutor", BaseType.TA), ("Mentor", BaseType.OBSERVER)):
        assert create_role(district.school, label, base, by=district.admin).label == label


# Nothing is lost for good


def test_account_admins_of_the_institution_can_switch_on_again_what_one_of_them_switched_off(district):
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


def test_an_admin_made_later_by_create_admin_can_switch_on_what_was_switched_off(district):
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


def test_only_the_admins_of_the_institution_and_only_for_themselves(district):
    set_permission(district.account_admin, district.root, KEY, OFF, by=district.admin)
    clerk = make_clerk(MANAGE)
    for by, role, account in (
        (clerk, district.account_admin, district.root),
        (district.school_admin, district.account_admin, district.school),
        (district.admin, district.teacher, district.root),
    ):
        with pytest.raises(NotAllowed, match="You cannot grant"):
            set_permission(role, account, KEY, ON, by=by)


def test_whoever_decides_at_the_root_can_undo_it_even_of_what_they_had_by_that_very_role(root):
    clerk = make_clerk(MANAGE, KEY)
    role = AccountAdmin.objects.get(user=clerk).role
    set_permission(role, root, KEY, {"locked": True}, by=clerk)
    set_permission(role, root, KEY, OFF, by=clerk)
    assert KEY not in account_permissions(clerk, root)
    set_permission(role, root, KEY, ON, by=clerk)
    set_permission(role, root, KEY, {"locked": False}, by=clerk)
    assert KEY in account_permissions(clerk, root)


def test_nobody_undoes_what_somebody_else_has_decided_since(district):
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


def test_a_role_that_one_has_deactivated_oneself_can_be_activated_again(district):
    clerk = make_clerk(MANAGE)
    role = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    set_role_state(role, Role.State.INACTIVE, by=clerk)
    set_role_state(role, Role.State.ACTIVE, by=clerk)
    set_role_state(role, Role.State.INACTIVE, by=clerk)
    set_role_state(role, Role.State.ACTIVE, by=district.admin)
    set_role_state(role, Role.State.INACTIVE, by=district.admin)
    with pytest.raises(NotAllowed, match="You cannot grant"):
        set_role_state(role, Role.State.ACTIVE, by=clerk)


# What is switched off for now


def test_an_admin_whose_role_is_switched_off_is_no_more_open_to_lesser_staff(district):
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
