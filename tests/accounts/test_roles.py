"""The rules of roles and their permissions: who may change what, what it leads to, and what is refused."""

from types import SimpleNamespace

import pytest
from django.db import transaction

from accounts.domain.roles import (
    CUSTOM_BASE_TYPES,
    check_may_give,
    create_role,
    rename_role,
    roles_of,
    set_permission,
    set_permissions,
    set_role_state,
    settings_of,
)
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role, RoleOverride, User
from accounts.permissions.registry import AVAILABLE, DEFAULTS, PERMISSIONS, ROOT_ONLY, Permission
from accounts.permissions.resolver import account_permissions, remembering
from courses.access.permissions import may
from tests.database import statements
from tests.factories import AccountFactory, EnrollmentFactory, RootFactory, SectionFactory, UserFactory, make_admin
from tests.racing import at_once, meanwhile

pytestmark = pytest.mark.usefixtures("root")
KEY = Permission.GENERATE_OBSERVER_PAIRING_CODE
MANAGE = "manage_role_overrides"
ACTIVE, INACTIVE = Role.State.ACTIVE, Role.State.INACTIVE


@pytest.fixture
def district(root) -> SimpleNamespace:
    """A root account, a school below it and a department below that, with an admin each."""
    school = AccountFactory(name="North School", parent=root)
    department = AccountFactory(name="Science", parent=school)
    return SimpleNamespace(
        root=root,
        school=school,
        department=department,
        sibling=AccountFactory(name="South School", parent=root),
        admin=make_admin(root),
        school_admin=make_admin(school),
        teacher=Role.objects.built_in(BaseType.TEACHER),
        account_admin=Role.objects.built_in(BaseType.ACCOUNT_ADMIN),
    )


def with_a_role(account: Account, *keys: str, where: Account | None = None) -> tuple[User, Role]:
    """Somebody with a custom admin role of `account` that may do just this."""
    role = Role.objects.create(
        account=account, base_type=BaseType.ACCOUNT_MEMBERSHIP, label=f"Helper {Role.objects.count()}"
    )
    for key in keys:
        RoleOverride.objects.create(account=account, role=role, permission=key, enabled=True)
    user = UserFactory()
    AccountAdmin.objects.create(user=user, account=where or account, role=role)
    return user, role


def standing(role: Role, account: Account, key: Permission = KEY):
    return settings_of([role], account)[role.pk][key]


def on(role: Role, account: Account, key: Permission = KEY) -> bool:
    return standing(role, account, key).enabled


# Which roles there are


def test_the_roles_of_an_account_are_the_built_in_ones_its_own_and_those_above(district):
    own = create_role(district.school, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    above = create_role(district.root, "Auditor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    create_role(district.sibling, "Stranger", BaseType.TEACHER, by=district.admin)
    create_role(district.department, "Lab help", BaseType.TA, by=district.admin)
    assert set(roles_of(district.school)) == {*Role.objects.filter(account=None), own, above}


def test_inactive_roles_are_there_only_for_who_asks(district):
    role = create_role(district.school, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    set_role_state(role, INACTIVE, by=district.admin)
    assert role not in roles_of(district.school)
    assert list(roles_of(district.school, states=[INACTIVE])) == [role]


# Making, renaming, switching off


@pytest.mark.parametrize("base_type", CUSTOM_BASE_TYPES)
def test_a_custom_role_of_each_base_type_begins_with_its_defaults(district, base_type):
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
def test_no_role_is_made_of_another_base_type(district, base_type):
    with pytest.raises(Invalid) as refusal:
        create_role(district.root, "Helper", base_type, by=district.admin)
    assert list(refusal.value.errors) == ["base_type"]


@pytest.mark.parametrize(
    "label", ["", "   ", "x" * 256, "\0\n", "\u202e--", "Tea\u200bcher", "Teacher", "tEaChEr", "TeacherEnrollment"]
)
def test_a_role_needs_a_name_that_can_be_told_from_others(district, label):
    with pytest.raises(Invalid) as refusal:
        create_role(district.school, label, BaseType.TEACHER, by=district.admin)
    assert list(refusal.value.errors) == ["label"]
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    with pytest.raises(Invalid):
        rename_role(role, label, by=district.admin)
    role.refresh_from_db()
    assert role.label == "Mentor"


@pytest.mark.parametrize("label", ["students", "Observers", "tas", "Student Helper"])
def test_no_role_stands_in_the_place_of_one_that_rosters_name(district, label):
    with pytest.raises(Invalid) as refusal:
        create_role(district.school, label, BaseType.TEACHER, by=district.admin)
    assert refusal.value.errors["label"][0][0] == "exclusion"


@pytest.mark.parametrize(
    ("label", "base_type"),
    [("Student Council", BaseType.STUDENT), ("Student Services", BaseType.ACCOUNT_MEMBERSHIP)],
)
def test_a_role_that_no_roster_takes_for_another_may_begin_with_such_a_word(district, label, base_type):
    assert create_role(district.school, label, base_type, by=district.admin).label == label


def test_a_name_taken_above_or_by_an_inactive_role_is_taken(district):
    create_role(district.root, "Auditor", BaseType.TEACHER, by=district.admin)
    mentor = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(mentor, INACTIVE, by=district.admin)
    for label in ("auditor", "MENTOR"):
        with pytest.raises(Invalid):
            create_role(district.school, label, BaseType.TEACHER, by=district.admin)


def test_two_schools_may_each_have_a_role_of_the_same_name(district):
    for account in (district.school, district.sibling):
        create_role(account, "Mentor", BaseType.TEACHER, by=district.admin)
    assert Role.objects.filter(label="Mentor").count() == 2


def test_a_role_may_change_the_case_of_its_name(district):
    role = create_role(district.school, "mentor", BaseType.TEACHER, by=district.admin)
    assert rename_role(role, "Mentor", by=district.admin).label == "Mentor"


def test_renaming_to_the_same_name_changes_and_records_nothing(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    rename_role(role, " Mentor ", by=district.admin)
    assert not AuditEvent.objects.filter(action=Action.ROLE_CHANGED).exists()


def test_built_in_roles_are_neither_renamed_nor_switched_off(district):
    with pytest.raises(Invalid):
        rename_role(district.teacher, "Master", by=district.admin)
    with pytest.raises(Invalid):
        set_role_state(district.teacher, INACTIVE, by=district.admin)


def test_a_deactivated_role_gives_nothing_at_once_and_everything_again_when_activated(district):
    user, role = with_a_role(district.school, "read_roster")
    with remembering():
        assert account_permissions(user, district.school) == {"read_roster"}
        set_role_state(role, INACTIVE, by=district.school_admin)
        assert account_permissions(user, district.school) == frozenset()
        set_role_state(role, ACTIVE, by=district.school_admin)
        assert account_permissions(user, district.school) == {"read_roster"}


def test_a_deactivated_course_role_gives_nothing_in_courses(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    section = SectionFactory(course__account=district.school)
    place = EnrollmentFactory(section=section, type=BaseType.TEACHER, role=role)
    assert may(place.user, "read_roster", section.course)
    set_role_state(role, INACTIVE, by=district.admin)
    assert not may(place.user, "read_roster", section.course)


def test_nobody_deactivates_the_role_by_which_they_manage_permissions(district):
    user, role = with_a_role(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        set_role_state(role, INACTIVE, by=user)
    role.refresh_from_db()
    assert role.workflow_state == ACTIVE
    set_role_state(role, INACTIVE, by=district.admin)


def test_switching_a_role_to_what_it_is_changes_and_records_nothing(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, ACTIVE, by=district.admin)
    assert not AuditEvent.objects.filter(action=Action.ROLE_CHANGED).exists()


# Who may


@pytest.mark.parametrize("who", ["nobody", "sibling's admin", "admin below", "without the permission"])
def test_roles_are_changed_only_by_who_manages_permissions_there(district, who):
    by = {
        "nobody": UserFactory(),
        "sibling's admin": make_admin(district.sibling),
        "admin below": make_admin(district.department),
        "without the permission": with_a_role(district.school, KEY, "manage_account_settings")[0],
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
    assert on(role, district.school)
    assert not on(role, district.root)


# Nobody gives what they do not have


def test_nobody_switches_on_what_they_do_not_have(district):
    user, _role = with_a_role(district.school, MANAGE)
    with pytest.raises(NotAllowed) as refusal:
        set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=user)
    assert str(PERMISSIONS[KEY].label) in refusal.value.message
    assert not on(district.teacher, district.school)


def test_nobody_gives_themselves_more_by_the_role_they_hold(district):
    user, role = with_a_role(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        set_permission(role, district.school, KEY, {"enabled": True}, by=user)
    assert account_permissions(user, district.school) == {MANAGE}


def test_people_may_grant_a_permission_they_have(district):
    user, _role = with_a_role(district.school, MANAGE, KEY)
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=user)
    assert on(district.teacher, district.school)


def test_anybody_who_manages_permissions_may_take_away(district):
    user, _role = with_a_role(district.school, MANAGE)
    set_permission(district.teacher, district.school, "read_roster", {"enabled": False}, by=user)
    assert not on(district.teacher, district.school, "read_roster")


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
def test_uncovering_what_was_held_down_counts_as_giving(district, stands, wish):
    # Teachers have it by default.
    key = "read_roster"
    if stands:
        RoleOverride.objects.create(account=district.school, role=district.teacher, permission=key, **stands)
    user, _role = with_a_role(district.school, MANAGE)
    before = standing(district.teacher, district.school, key)
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.school, key, wish, by=user)
    assert standing(district.teacher, district.school, key) == before
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
    user, _role = with_a_role(district.school, MANAGE)
    set_permission(district.teacher, district.school, KEY, wish, by=user)
    assert not on(district.teacher, district.school)


def test_a_role_is_not_made_or_activated_by_who_has_less_than_its_defaults(district):
    user, _role = with_a_role(district.school, MANAGE)
    with pytest.raises(NotAllowed):
        create_role(district.school, "Mentor", BaseType.TEACHER, by=user)
    assert not Role.objects.filter(label="Mentor").exists()
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, INACTIVE, by=user)
    with pytest.raises(NotAllowed):
        set_role_state(role, ACTIVE, by=user)
    assert role in roles_of(district.school, states=[INACTIVE])
    create_role(district.school, "Empty", BaseType.ACCOUNT_MEMBERSHIP, by=user)


def test_a_role_is_given_only_by_who_may_do_all_it_may(district):
    user, own_role = with_a_role(district.school, MANAGE)
    check_may_give(own_role, district.school, by=user)
    with pytest.raises(NotAllowed):
        check_may_give(district.account_admin, district.school, by=user)
    check_may_give(district.account_admin, district.school, by=district.school_admin)


def test_nobody_takes_the_right_to_manage_permissions_from_themselves(district):
    user, role = with_a_role(district.school, MANAGE)
    for wish in ({"enabled": False}, {"enabled": None}, {"enabled": False, "locked": True}):
        with remembering(), pytest.raises(NotAllowed, match="lose your own permission"):
            set_permission(role, district.school, MANAGE, wish, by=user)
        assert MANAGE in account_permissions(user, district.school)
    # One who has it from another role, above, may take it from them.
    set_permission(role, district.school, MANAGE, {"enabled": False}, by=district.admin)
    assert MANAGE not in account_permissions(user, district.school)


def test_an_account_admin_can_always_put_permissions_right(district):
    user, _role = with_a_role(district.root, MANAGE)
    for account in (district.root, district.school):
        assert standing(district.account_admin, account, MANAGE).fixed
        with pytest.raises(NotAllowed, match="always has this permission"):
            set_permission(district.account_admin, account, MANAGE, {"enabled": False}, by=user)
        # Not even a row that came into the database some other way takes it.
        RoleOverride.objects.create(
            account=account, role=district.account_admin, permission=MANAGE, enabled=False, locked=True
        )
    assert MANAGE in account_permissions(district.school_admin, district.school)


def test_activating_a_role_gives_what_it_was_given_below_as_well(district):
    _user, role = with_a_role(district.root)
    RoleOverride.objects.create(account=district.school, role=role, permission="view_all_grades", enabled=True)
    Role.objects.filter(pk=role.pk).update(workflow_state=INACTIVE)
    role.refresh_from_db()
    limited, _own = with_a_role(district.root, MANAGE)
    with pytest.raises(NotAllowed, match="Grades - view all grades"):
        set_role_state(role, ACTIVE, by=limited)
    set_role_state(role, ACTIVE, by=district.admin)


def test_a_role_has_no_name_that_one_above_or_below_has(district):
    create_role(district.department, "Aide", "TaEnrollment", by=district.admin)
    for account in (district.root, district.school, district.department):
        with pytest.raises(Invalid):
            create_role(account, "aide", "TaEnrollment", by=district.admin)
    create_role(district.sibling, "Aide", "TaEnrollment", by=district.admin)


def test_many_permissions_are_set_together_or_not_at_all_and_cost_what_one_costs(district):
    keys = sorted(AVAILABLE[BaseType.TEACHER])
    one = statements(lambda: set_permission(district.teacher, district.root, KEY, {"enabled": True}, by=district.admin))
    everything = {key: {"enabled": True, "locked": True} for key in keys}
    many = statements(lambda: set_permissions(district.teacher, district.root, everything, by=district.admin))
    assert many == one
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED).count() == len(keys) + 1
    with pytest.raises(Invalid):
        set_permissions(
            district.teacher, district.root, {KEY: {"enabled": False}, "fly": {"enabled": True}}, by=district.admin
        )
    assert on(district.teacher, district.root)


def test_what_stays_as_it_is_is_not_recorded(district):
    for _again in range(2):
        set_permission(district.teacher, district.root, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, "read_sis", {"enabled": None}, by=district.admin)
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED).count() == 1


def test_after_a_refusal_what_was_looked_up_meanwhile_is_forgotten(district):
    with remembering():
        with pytest.raises(NotAllowed):
            set_permission(
                district.account_admin, district.school, MANAGE, {"enabled": False}, by=district.school_admin
            )
        assert MANAGE in account_permissions(district.school_admin, district.school)


# What an override leads to


@pytest.mark.parametrize("enabled", [True, False])
def test_switching_holds_here_and_below_and_nowhere_else(district, enabled):
    key = KEY if enabled else "read_roster"
    set_permission(district.teacher, district.school, key, {"enabled": enabled}, by=district.admin)
    assert on(district.teacher, district.school, key) is enabled
    assert on(district.teacher, district.department, key) is enabled
    assert on(district.teacher, district.root, key) is not enabled
    assert on(district.teacher, district.sibling, key) is not enabled


@pytest.mark.parametrize(("here", "below"), [(True, True), (True, False), (False, True)])
def test_it_applies_to_the_account_to_those_below_or_to_both(district, here, below):
    wish = {"enabled": True, "applies_to_self": here, "applies_to_descendants": below}
    set_permission(district.teacher, district.school, KEY, wish, by=district.admin)
    assert (on(district.teacher, district.school), on(district.teacher, district.department)) == (here, below)


def test_an_override_must_apply_to_the_account_or_below_it(district):
    wish = {"enabled": True, "applies_to_self": False, "applies_to_descendants": False}
    with pytest.raises(Invalid):
        set_permission(district.teacher, district.school, KEY, wish, by=district.admin)
    assert not RoleOverride.objects.exists()


def test_a_wish_leaves_what_it_does_not_name(district):
    first = {"enabled": True, "locked": True, "applies_to_self": False}
    set_permission(district.teacher, district.school, KEY, first, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": False}, by=district.admin)
    override = RoleOverride.objects.get()
    assert (override.enabled, override.locked, override.applies_to_self) == (False, True, False)


def test_going_back_to_what_is_inherited_leaves_nothing_behind(district):
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": None}, by=district.admin)
    assert not RoleOverride.objects.exists()
    assert not on(district.teacher, district.school)


def test_a_lock_above_binds_all_below(district):
    set_permission(district.teacher, district.department, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {"enabled": False, "locked": True}, by=district.admin)
    for account in (district.school, district.department):
        assert standing(district.teacher, account).locked_by == district.root.pk
        assert not on(district.teacher, account)
        with pytest.raises(NotAllowed):
            set_permission(district.teacher, account, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, KEY, {"locked": False}, by=district.admin)
    assert on(district.teacher, district.department)


def test_a_lock_may_keep_the_default_permission(district):
    set_permission(district.teacher, district.root, KEY, {"locked": True}, by=district.admin)
    assert standing(district.teacher, district.root).locked
    with pytest.raises(NotAllowed):
        set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)


def test_a_lock_that_spares_the_accounts_below_does_not_bind_them(district):
    wish = {"enabled": False, "locked": True, "applies_to_descendants": False}
    set_permission(district.teacher, district.root, KEY, wish, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)
    assert on(district.teacher, district.school)


def test_a_setting_says_what_it_inherits_and_from_where(district):
    assert standing(district.teacher, district.department).inherited_from is None
    set_permission(district.teacher, district.root, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": False}, by=district.admin)
    school = standing(district.teacher, district.school)
    assert (school.enabled, school.explicit, school.inherited, school.inherited_from) == (
        False,
        False,
        True,
        district.root.pk,
    )
    below = standing(district.teacher, district.department)
    assert (below.enabled, below.explicit, below.inherited_from) == (False, None, district.school.pk)


# What cannot be set


def test_permissions_of_the_root_account_are_not_offered_below_it(district):
    assert settings_of([district.account_admin], district.root)[district.account_admin.pk].keys() >= ROOT_ONLY
    assert not ROOT_ONLY & settings_of([district.account_admin], district.school)[district.account_admin.pk].keys()
    for key in ROOT_ONLY:
        with pytest.raises(Invalid):
            set_permission(district.account_admin, district.school, key, {"enabled": False}, by=district.admin)


@pytest.mark.parametrize("base_type", BaseType)
def test_a_role_is_offered_only_what_its_base_type_can_have(district, base_type):
    role = Role.objects.built_in(base_type)
    assert settings_of([role], district.root)[role.pk].keys() == AVAILABLE[base_type]
    for key in PERMISSIONS.keys() - AVAILABLE[base_type]:
        with pytest.raises(Invalid):
            set_permission(role, district.root, key, {"enabled": True}, by=district.admin)


@pytest.mark.parametrize("key", ["", "no_such_thing", "read_roster\0", "x" * 5000])
def test_what_is_no_permission_cannot_be_set(district, key):
    with pytest.raises(Invalid):
        set_permission(district.teacher, district.root, key, {"enabled": True}, by=district.admin)


def test_a_role_of_a_sibling_account_or_one_below_is_not_there(district):
    for owner in (district.sibling, district.department):
        role = create_role(owner, "Mentor", BaseType.TEACHER, by=district.admin)
        with pytest.raises(Invalid):
            set_permission(role, district.school, "read_roster", {"enabled": False}, by=district.admin)


def test_an_inactive_role_is_left_as_it_is(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(role, INACTIVE, by=district.admin)
    with pytest.raises(Invalid):
        set_permission(role, district.school, "read_roster", {"enabled": False}, by=district.admin)


# Undoing, recording, at once


@pytest.mark.parametrize(
    "first",
    [
        None,
        {"enabled": True, "locked": True, "applies_to_self": False, "applies_to_descendants": True},
        {"enabled": False, "locked": False, "applies_to_self": True, "applies_to_descendants": False},
        {"enabled": None, "locked": True, "applies_to_self": True, "applies_to_descendants": True},
    ],
)
def test_what_a_change_returns_undoes_it(district, first):
    if first:
        set_permission(district.teacher, district.school, KEY, first, by=district.admin)
    wish = {"enabled": not first or not first["enabled"], "locked": not first or not first["locked"]}
    before = set_permission(district.teacher, district.school, KEY, wish, by=district.admin)
    back = {
        "enabled": before.explicit,
        "locked": before.locked,
        "applies_to_self": before.applies_to_self,
        "applies_to_descendants": before.applies_to_descendants,
    }
    set_permission(district.teacher, district.school, KEY, back, by=district.admin)
    assert RoleOverride.objects.filter(**first).count() == 1 if first else not RoleOverride.objects.exists()
    assert standing(district.teacher, district.school) == before


def test_every_change_is_recorded_with_who_did_it(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    rename_role(role, "Guide", by=district.school_admin)
    set_permission(role, district.department, KEY, {"enabled": True, "locked": True}, by=district.school_admin)
    set_role_state(role, INACTIVE, by=district.admin)
    here = {"role": role.pk, "account": district.school.pk}
    assert list(AuditEvent.objects.order_by("id").values_list("action", "actor", "details")) == [
        (Action.ROLE_CREATED, district.admin.pk, {**here, "label": "Mentor", "base_type": "TeacherEnrollment"}),
        (Action.ROLE_CHANGED, district.school_admin.pk, {**here, "before": "Mentor", "label": "Guide"}),
        (
            Action.PERMISSION_CHANGED,
            district.school_admin.pk,
            {
                "role": role.pk,
                "account": district.department.pk,
                "permission": KEY,
                "enabled": True,
                "locked": True,
                "applies_to_self": True,
                "applies_to_descendants": True,
                "before": {"enabled": None, "locked": False, "applies_to_self": True, "applies_to_descendants": True},
            },
        ),
        (Action.ROLE_CHANGED, district.admin.pk, {**here, "label": "Guide", "state": "inactive"}),
    ]


def test_what_is_refused_leaves_neither_change_nor_record(district):
    user, _role = with_a_role(district.school, MANAGE)
    for key in (KEY, "manage_grades"):
        with pytest.raises(NotAllowed):
            set_permission(district.teacher, district.school, key, {"enabled": True}, by=user)
    with pytest.raises(NotAllowed):
        set_permission(district.account_admin, district.school, MANAGE, {"enabled": False}, by=district.school_admin)
    assert not AuditEvent.objects.exists()


def test_looking_costs_the_same_for_any_number_of_roles_and_overrides(district):
    def look(account: Account) -> None:
        settings_of(list(roles_of(account)), account)

    few = statements(lambda: look(district.department))
    for number in range(30):
        role = create_role(district.school, f"Mentor {number}", BaseType.TEACHER, by=district.admin)
        for key in sorted(AVAILABLE[BaseType.TEACHER])[:10]:
            RoleOverride.objects.create(account=district.school, role=role, permission=key, enabled=True)
    assert statements(lambda: look(district.department)) == few


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_cannot_together_do_what_neither_may(transactional_db):
    """Each takes one of two roles' right to manage permissions; whoever comes second would lose it altogether."""
    root = RootFactory()
    school = AccountFactory(parent=root)
    user, first = with_a_role(school, MANAGE)
    second = with_a_role(school, MANAGE)[1]
    AccountAdmin.objects.create(user=user, account=school, role=second)
    with transaction.atomic():
        set_permission(first, school, MANAGE, {"enabled": False}, by=user)
        other = meanwhile(lambda: set_permission(second, school, MANAGE, {"enabled": False}, by=user))
    (outcome,) = other.result()
    assert isinstance(outcome, NotAllowed)
    assert account_permissions(user, school) == {MANAGE}


@pytest.mark.django_db(transaction=True)
def test_two_first_changes_of_one_permission_at_once_both_get_through(transactional_db):
    root = RootFactory()
    admin, teacher = make_admin(root), Role.objects.built_in(BaseType.TEACHER)
    outcomes = at_once(
        [
            lambda enabled=enabled: set_permission(teacher, root, KEY, {"enabled": enabled}, by=admin)
            for enabled in (True, False)
        ]
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert RoleOverride.objects.count() == 1
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED).count() == 2
