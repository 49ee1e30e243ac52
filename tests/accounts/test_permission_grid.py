"""The grid of the Permissions page: what stands in each cell, in which order, and what a search finds."""

import pytest

from accounts.domain.permission_grid import (
    ACCOUNT_ROLES,
    COURSE_ROLES,
    Cell,
    in_order,
    kind_of,
    permissions_for,
    roles_for_grid,
    rows,
)
from accounts.domain.roles import Setting
from accounts.models import COURSE_BASE_TYPES, BaseType, Role, RoleOverride
from accounts.permissions.registry import AVAILABLE, PERMISSIONS, ROOT_ONLY, Permission
from tests.database import statements

KEY = Permission.GENERATE_OBSERVER_PAIRING_CODE


def cell(setting: Setting | None) -> Cell:
    return Cell(Role(pk=7, label="Mentor"), KEY, setting, "Mentor")


@pytest.mark.parametrize(
    ("setting", "state", "word", "mark", "is_locked"),
    [
        (None, "none", "cannot be granted", "", False),
        (Setting(True, True), "on", "On", "", False),
        (Setting(False, False), "off", "Off", "", False),
        (Setting(True, False, explicit=True), "on", "On", "changed here", False),
        (Setting(False, True, explicit=False), "off", "Off", "changed here", False),
        (
            Setting(False, False, explicit=True, applies_to_self=False),
            "off",
            "Off",
            "changed for accounts below",
            False,
        ),
        (Setting(True, True, locked=True), "on", "On, locked", "", True),
        (Setting(False, False, locked=True, explicit=False), "off", "Off, locked", "changed here", True),
        (Setting(True, True, locked_by=1), "on", "On, locked above", "", True),
        (Setting(False, False, locked_by=1), "off", "Off, locked above", "", True),
        (Setting(False, False, locked_by=1, explicit=True), "off", "Off, locked above", "", True),
        (Setting(True, True, fixed=True), "on", "On, always", "", True),
    ],
)
def test_a_cell_says_how_the_permission_stands_and_what_this_account_has_set(setting, state, word, mark, is_locked):
    shown = cell(setting)
    assert (shown.state, shown.word, shown.mark, shown.is_locked) == (state, word, mark, is_locked)
    assert shown.id == "7-generate_observer_pairing_code"


def test_built_in_roles_come_first_in_their_usual_order_and_custom_ones_by_name(district):
    for label in ("zealot", "Aide", "mentor"):
        Role.objects.create(account=district.root, base_type=BaseType.STUDENT, label=label)
    mixed = Role.objects.order_by("-label")
    assert [role.label for role in in_order(mixed)] == [
        *("Student", "Teacher", "TA", "Designer", "Observer", "Account Admin", "Account membership"),
        *("Aide", "mentor", "zealot"),
    ]


@pytest.mark.parametrize("base_type", BaseType)
def test_each_role_is_in_one_of_two_tabs(district, base_type):
    role = Role.objects.built_in(base_type)
    assert kind_of(role) == (COURSE_ROLES if base_type in COURSE_BASE_TYPES else ACCOUNT_ROLES)
    assert [role in roles_for_grid(district.school, kind) for kind in (COURSE_ROLES, ACCOUNT_ROLES, None)] == [
        base_type in COURSE_BASE_TYPES,
        base_type not in COURSE_BASE_TYPES,
        True,
    ]


def test_the_grid_has_the_active_roles_that_can_be_used_in_the_account(district):
    made = {
        label: Role.objects.create(account=account, base_type=BaseType.TA, label=label, workflow_state=state)
        for label, account, state in (
            ("Above", district.root, "active"),
            ("Here", district.school, "active"),
            ("Retired", district.school, "inactive"),
            ("Below", district.department, "active"),
            ("Beside", district.sibling, "active"),
        )
    }
    shown = roles_for_grid(district.school, COURSE_ROLES)
    assert [role for role in shown if role.account_id] == [made["Above"], made["Here"]]


def test_a_tab_has_the_permissions_that_its_roles_can_be_given_by_label(root):
    found = permissions_for(root, [BaseType.OBSERVER, BaseType.TA])
    assert set(found) == AVAILABLE[BaseType.OBSERVER] | AVAILABLE[BaseType.TA]
    labels = [str(permission.label).lower() for permission in found]
    assert labels == sorted(labels)
    assert permissions_for(root, []) == []


def test_permissions_of_the_root_account_have_no_row_below_it(district):
    shown = set(permissions_for(district.root, [BaseType.ACCOUNT_ADMIN]))
    assert shown == {*PERMISSIONS.values()}
    assert set(permissions_for(district.school, [BaseType.ACCOUNT_ADMIN])) == shown - ROOT_ONLY


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("pairing", ["Users - generate observer pairing codes for students"]),
        ("GRADES view", ["Grades - view all grades"]),
        ("  grades  ", ["Grades - edit", "Grades - view all grades"]),
        ("grades pairing", []),
        ("no such thing", []),
    ],
)
def test_a_search_finds_permissions_with_all_the_words_in_their_labels_in_any_order(root, words, labels):
    found = permissions_for(root, [BaseType.TEACHER], words)
    assert [str(permission.label) for permission in found] == labels


def test_a_row_has_a_cell_for_each_role_and_names_those_that_have_the_permission(district):
    RoleOverride.objects.create(account=district.root, role=district.teacher, permission=KEY, enabled=True)
    roles = [Role.objects.built_in(base) for base in (BaseType.TEACHER, BaseType.TA, BaseType.STUDENT)]
    (row,) = rows(district.school, roles, [KEY])
    assert [(shown.role, shown.state) for shown in row.cells] == list(zip(roles, ["on", "off", "none"], strict=True))
    assert row.who == ["Teacher"]
    assert row.permission is KEY


def test_any_number_of_roles_and_permissions_takes_the_same_statements(district):
    roles = roles_for_grid(district.school)
    few = statements(lambda: rows(district.school, roles[:1], [KEY]))
    assert statements(lambda: rows(district.school, roles, [*Permission])) == few
