"""Roles: which there are, creating, deactivating and activating them, and who may."""

import pytest

from accounts.domain.roles import (
    CUSTOM_BASE_TYPES,
    create_role,
    rename_role,
    roles_of,
    set_permission,
    set_role_state,
    settings_of,
)
from accounts.errors import Invalid, NotAllowed
from accounts.memory import remembering
from accounts.models import Action, AuditEvent, BaseType, Role, RoleOverride
from accounts.permissions.registry import DEFAULTS, ROOT_ONLY, Permission
from accounts.permissions.resolver import account_permissions
from courses.access.permissions import may
from tests.accounts.roles import is_on, make_helper
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, make_admin, make_clerk

pytestmark = pytest.mark.usefixtures("root")
KEY = Permission.GENERATE_OBSERVER_PAIRING_CODE
MANAGE = Permission.MANAGE_ROLE_OVERRIDES
ACTIVE, INACTIVE = Role.State.ACTIVE, Role.State.INACTIVE


# Which roles there are


def test_the_roles_of_an_account_are_the_built_in_ones_its_own_and_those_above(district):
    own = create_role(district.school, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    above = create_role(district.root, "Auditor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    create_role(district.sibling, "Stranger", BaseType.TEACHER, by=district.admin)
    create_role(district.department, "Lab help", BaseType.TA, by=district.admin)
    assert set(roles_of(district.school)) == {*Role.objects.filter(account=None), own, above}


def test_inactive_roles_are_listed_only_when_asked_for(district):
    role = create_role(district.school, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    set_role_state(role, INACTIVE, by=district.admin)
    assert role not in roles_of(district.school)
    assert list(roles_of(district.school, states=[INACTIVE])) == [role]


def test_a_role_of_a_sibling_account_or_of_one_below_cannot_be_changed_here(district):
    for owner in (district.sibling, district.department):
        role = create_role(owner, "Mentor", BaseType.TEACHER, by=district.admin)
        with pytest.raises(Invalid):
            set_permission(role, district.school, "read_roster", {"enabled": False}, by=district.admin)


# Creating, deactivating, activating


@pytest.mark.parametrize("base_type", CUSTOM_BASE_TYPES)
def test_a_custom_role_of_each_base_type_starts_with_its_defaults(district, base_type):
    role = create_role(district.school, "  Helper  ", base_type, by=district.school_admin)
    assert (role.label, role.account, role.base_type, role.workflow_state) == (
        "Helper",
        district.school,
        base_type,
        ACTIVE,
    )
    given = {key for key, setting in settings_of([role], district.school)[role.pk].items() if setting.enabled}
    assert given == DEFAULTS[base_type] - ROOT_ONLY


@pytest.mark.parametrize("base_type", [BaseType.ACCOUNT_ADMIN, "Teacher", "", "NoSuchThing"])
def test_no_role_of_any_other_base_type_can_be_created(district, base_type):
    with pytest.raises(Invalid) as refusal:
        create_role(district.root, "Helper", base_type, by=district.admin)
    assert list(refusal.value.errors) == ["base_type"]


def test_built_in_roles_can_be_neither_renamed_nor_deactivated(district):
    with pytest.raises(Invalid):
        rename_role(district.teacher, "Master", by=district.admin)
    with pytest.raises(Invalid):
        set_role_state(district.teacher, INACTIVE, by=district.admin)


def test_a_deactivated_role_gives_nothing_at_once_and_everything_again_when_activated(district):
    user, role = make_helper(district.school, "read_roster")
    with remembering():
        assert account_permissions(user, district.school) == {"read_roster"}
        set_role_state(role, INACTIVE, by=district.school_admin)
        assert account_permissions(user, district.school) == frozenset()
        set_role_state(role, ACTIVE, by=district.school_admin)
        assert account_permissions(user, district.school) == {"read_roster"}


def test_a_deactivated_course_role_gives_nothing_in_courses(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    section = SectionFactory(course__account=district.school)
    enrollment = EnrollmentFactory(section=section, type=BaseType.TEACHER, role=role)
    assert may(enrollment.user, "read_roster", section.course)
    set_role_state(role, INACTIVE, by=district.admin)
    assert not may(enrollment.user, "read_roster", section.course)


def test_nobody_deactivates_the_role_by_which_they_manage_permissions(district):
    user, role = make_helper(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        set_role_state(role, INACTIVE, by=user)
    role.refresh_from_db()
    assert role.workflow_state == ACTIVE
    set_role_state(role, INACTIVE, by=district.admin)


def test_setting_a_role_to_the_state_it_has_changes_and_records_nothing(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, ACTIVE, by=district.admin)
    assert not AuditEvent.objects.filter(action=Action.ROLE_CHANGED).exists()


def test_the_permissions_of_an_inactive_role_cannot_be_changed(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, INACTIVE, by=district.admin)
    with pytest.raises(Invalid):
        set_permission(role, district.school, "read_roster", {"enabled": False}, by=district.admin)


# Who may


@pytest.mark.parametrize("who", ["nobody", "sibling's admin", "admin below", "without the permission"])
def test_only_people_who_manage_permissions_there_change_roles(district, who):
    by = {
        "nobody": UserFactory(),
        "sibling's admin": make_admin(district.sibling),
        "admin below": make_admin(district.department),
        "without the permission": make_helper(district.school, KEY, "manage_account_settings")[0],
    }[who]
    role = Role.objects.create(account=district.school, base_type=BaseType.TEACHER, label="Mentor")
    attempts = [
        lambda: create_role(district.school, "New", BaseType.ACCOUNT_MEMBERSHIP, by=by),
        lambda: rename_role(role, "New", by=by),
        lambda: set_role_state(role, INACTIVE, by=by),
        lambda: set_permission(role, district.school, "read_roster", {"enabled": False}, by=by),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    role.refresh_from_db()
    assert (role.label, role.workflow_state) == ("Mentor", ACTIVE)
    assert not RoleOverride.objects.filter(role=role).exists()
    assert not AuditEvent.objects.exists()


def test_the_admin_of_a_school_changes_nothing_of_a_role_above(district):
    role = create_role(district.root, "Auditor", BaseType.TEACHER, by=district.admin)
    for attempt in (
        lambda: rename_role(role, "Mine", by=district.school_admin),
        lambda: set_role_state(role, INACTIVE, by=district.school_admin),
        lambda: set_permission(role, district.root, "read_roster", {"enabled": False}, by=district.school_admin),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_school_admins_change_an_inherited_roles_permissions_for_their_school(district):
    role = create_role(district.root, "Auditor", BaseType.TEACHER, by=district.admin)
    set_permission(role, district.school, KEY, {"enabled": True}, by=district.school_admin)
    assert is_on(role, district.school)
    assert not is_on(role, district.root)


def test_nobody_creates_or_activates_a_role_whose_defaults_they_lack(district):
    user, _role = make_helper(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        create_role(district.school, "Mentor", BaseType.TEACHER, by=user)
    assert not Role.objects.filter(label="Mentor").exists()
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, INACTIVE, by=user)
    with pytest.raises(NotAllowed):
        set_role_state(role, ACTIVE, by=user)
    assert role in roles_of(district.school, states=[INACTIVE])
    create_role(district.school, "Empty", BaseType.ACCOUNT_MEMBERSHIP, by=user)


def test_activating_a_role_counts_as_granting_what_accounts_below_have_turned_on_for_it(district):
    _user, role = make_helper(district.root)
    RoleOverride.objects.create(account=district.school, role=role, permission="view_all_grades", enabled=True)
    Role.objects.filter(pk=role.pk).update(workflow_state=INACTIVE)
    role.refresh_from_db()
    limited, _own = make_helper(district.root, MANAGE)
    with pytest.raises(NotAllowed, match="Grades - view all grades"):
        set_role_state(role, ACTIVE, by=limited)
    set_role_state(role, ACTIVE, by=district.admin)


def test_activating_a_role_counts_as_granting_what_is_turned_on_for_it_and_held_down_by_a_lock(district):
    """The lock may be released later, by people who do not look at this role."""
    _user, role = make_helper(district.root)
    membership = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    grades = Permission.VIEW_ALL_GRADES
    RoleOverride.objects.create(account=district.root, role=membership, permission=grades, locked=True)
    RoleOverride.objects.create(account=district.school, role=role, permission=grades, enabled=True)
    assert not is_on(role, district.school, grades)
    set_role_state(role, INACTIVE, by=district.admin)
    limited, _own = make_helper(district.root, MANAGE)
    with pytest.raises(NotAllowed, match="Grades - view all grades"):
        set_role_state(role, ACTIVE, by=limited)
    RoleOverride.objects.filter(role=role).update(enabled=False)
    set_role_state(role, ACTIVE, by=limited)


def test_people_can_activate_again_a_role_that_they_deactivated_themselves(district):
    clerk = make_clerk(MANAGE)
    role = create_role(district.root, "Coach", BaseType.TEACHER, by=district.admin)
    set_role_state(role, Role.State.INACTIVE, by=clerk)
    set_role_state(role, Role.State.ACTIVE, by=clerk)
    set_role_state(role, Role.State.INACTIVE, by=clerk)
    set_role_state(role, Role.State.ACTIVE, by=district.admin)
    set_role_state(role, Role.State.INACTIVE, by=district.admin)
    with pytest.raises(NotAllowed, match="You cannot grant"):
        set_role_state(role, Role.State.ACTIVE, by=clerk)
