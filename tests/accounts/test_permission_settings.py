"""Setting permissions of roles: where a setting holds, what can be set, what is recorded, and how it is undone."""

import pytest
from django.db import transaction

from accounts.domain.roles import (
    create_role,
    rename_role,
    roles_of,
    set_permission,
    set_permissions,
    set_role_state,
    settings_of,
)
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role, RoleOverride
from accounts.permissions.registry import AVAILABLE, PERMISSIONS, ROOT_ONLY, Permission
from accounts.permissions.resolver import account_permissions
from tests.accounts.roles import is_on, make_helper, setting_of
from tests.database import statements
from tests.factories import AccountFactory, RootFactory, make_admin
from tests.racing import at_once, meanwhile

pytestmark = pytest.mark.usefixtures("root")
KEY = Permission.GENERATE_OBSERVER_PAIRING_CODE
MANAGE = Permission.MANAGE_ROLE_OVERRIDES
INACTIVE = Role.State.INACTIVE


# Where a setting holds


@pytest.mark.parametrize("enabled", [True, False])
def test_a_setting_holds_here_and_below_and_nowhere_else(district, enabled):
    key = KEY if enabled else "read_roster"
    set_permission(district.teacher, district.school, key, {"enabled": enabled}, by=district.admin)
    assert is_on(district.teacher, district.school, key) is enabled
    assert is_on(district.teacher, district.department, key) is enabled
    assert is_on(district.teacher, district.root, key) is not enabled
    assert is_on(district.teacher, district.sibling, key) is not enabled


@pytest.mark.parametrize(("here", "below"), [(True, True), (True, False), (False, True)])
def test_a_setting_applies_to_the_account_to_those_below_or_to_both(district, here, below):
    wish = {"enabled": True, "applies_to_self": here, "applies_to_descendants": below}
    set_permission(district.teacher, district.school, KEY, wish, by=district.admin)
    assert (is_on(district.teacher, district.school), is_on(district.teacher, district.department)) == (here, below)


def test_a_setting_must_apply_to_the_account_or_below_it(district):
    wish = {"enabled": True, "applies_to_self": False, "applies_to_descendants": False}
    with pytest.raises(Invalid):
        set_permission(district.teacher, district.school, KEY, wish, by=district.admin)
    assert not RoleOverride.objects.exists()


def test_a_change_leaves_what_it_does_not_name(district):
    first = {"enabled": True, "locked": True, "applies_to_self": False}
    set_permission(district.teacher, district.school, KEY, first, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": False}, by=district.admin)
    override = RoleOverride.objects.get()
    assert (override.enabled, override.locked, override.applies_to_self) == (False, True, False)


def test_going_back_to_what_is_inherited_leaves_nothing_behind(district):
    set_permission(district.teacher, district.school, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": None}, by=district.admin)
    assert not RoleOverride.objects.exists()
    assert not is_on(district.teacher, district.school)


def test_going_back_to_what_is_inherited_leaves_other_roles_accounts_and_permissions_as_they_are(district):
    ta, grades = Role.objects.built_in(BaseType.TA), Permission.VIEW_ALL_GRADES
    others = [(ta, district.school, KEY), (district.teacher, district.department, KEY)]
    for role, account, key in [*others, (district.teacher, district.school, KEY)]:
        set_permission(role, account, key, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.school, grades, {"enabled": False}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": None}, by=district.admin)
    assert setting_of(district.teacher, district.school).explicit is None
    assert all(setting_of(role, account, key).explicit is True for role, account, key in others)
    assert setting_of(district.teacher, district.school, grades).explicit is False


def test_a_setting_says_what_it_inherits_and_from_where(district):
    assert setting_of(district.teacher, district.department).inherited_from is None
    set_permission(district.teacher, district.root, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.school, KEY, {"enabled": False}, by=district.admin)
    school = setting_of(district.teacher, district.school)
    assert (school.enabled, school.explicit, school.inherited, school.inherited_from) == (
        False,
        False,
        True,
        district.root.pk,
    )
    below = setting_of(district.teacher, district.department)
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
def test_an_unknown_permission_cannot_be_set(district, key):
    with pytest.raises(Invalid, match="There is no such permission"):
        set_permission(district.teacher, district.root, key, {"enabled": True}, by=district.admin)


# Undoing, recording, several at once


@pytest.mark.parametrize(
    "first",
    [
        None,
        {"enabled": True, "locked": True, "applies_to_self": False, "applies_to_descendants": True},
        {"enabled": False, "locked": False, "applies_to_self": True, "applies_to_descendants": False},
        {"enabled": None, "locked": True, "applies_to_self": True, "applies_to_descendants": True},
    ],
)
def test_the_settings_that_a_change_returns_undo_it(district, first):
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
    assert setting_of(district.teacher, district.school) == before


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


def test_a_setting_that_stays_as_it_is_is_not_recorded(district):
    for _again in range(2):
        set_permission(district.teacher, district.root, KEY, {"enabled": True}, by=district.admin)
    set_permission(district.teacher, district.root, "read_sis", {"enabled": None}, by=district.admin)
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED).count() == 1


def test_a_refused_change_leaves_neither_change_nor_record(district):
    user, _role = make_helper(district.school, MANAGE)
    for key in (KEY, "manage_grades"):
        with pytest.raises(NotAllowed):
            set_permission(district.teacher, district.school, key, {"enabled": True}, by=user)
    with pytest.raises(NotAllowed):
        set_permission(district.account_admin, district.school, MANAGE, {"enabled": False}, by=district.school_admin)
    assert not AuditEvent.objects.exists()


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
    assert is_on(district.teacher, district.root)


def test_reading_settings_costs_the_same_for_any_number_of_roles_and_overrides(district):
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
    user, first = make_helper(school, MANAGE)
    second = make_helper(school, MANAGE)[1]
    AccountAdmin.objects.create(user=user, account=school, role=second)
    with transaction.atomic():
        set_permission(first, school, MANAGE, {"enabled": False}, by=user)
        other = meanwhile(lambda: set_permission(second, school, MANAGE, {"enabled": False}, by=user))
    (outcome,) = other.result()
    assert isinstance(outcome, NotAllowed)
    assert account_permissions(user, school) == {MANAGE}


@pytest.mark.django_db(transaction=True)
def test_two_first_changes_of_one_permission_at_once_both_succeed(transactional_db):
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
