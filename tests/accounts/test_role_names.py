"""Names of roles: readable, one for each role of an account, and never a word by which rosters name a built-in role."""

import pytest
from django.db import IntegrityError

from accounts.domain.roles import create_role, rename_role, set_role_state
from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, BaseType, Role

pytestmark = pytest.mark.usefixtures("root")


# What a name may be


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


def test_a_role_may_change_the_case_of_its_name(district):
    role = create_role(district.school, "mentor", BaseType.TEACHER, by=district.admin)
    assert rename_role(role, "Mentor", by=district.admin).label == "Mentor"


def test_renaming_to_the_same_name_changes_and_records_nothing(district):
    role = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    rename_role(role, " Mentor ", by=district.admin)
    assert not AuditEvent.objects.filter(action=Action.ROLE_CHANGED).exists()


# Names that are taken


def test_the_names_of_an_accounts_own_roles_are_taken_in_any_case_and_of_inactive_ones_too(district):
    create_role(district.school, "Auditor", BaseType.TEACHER, by=district.admin)
    mentor = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(mentor, Role.State.INACTIVE, by=district.admin)
    other = create_role(district.school, "Tutor", BaseType.TA, by=district.admin)
    for label in ("auditor", "MENTOR"):
        with pytest.raises(Invalid):
            create_role(district.school, label, BaseType.TEACHER, by=district.admin)
        with pytest.raises(Invalid):
            rename_role(other, label, by=district.admin)


def test_the_database_has_no_two_of_one_name_in_an_account(district):
    Role.objects.create(account=district.school, label="Mentor", base_type=BaseType.TA, workflow_state="inactive")
    with pytest.raises(IntegrityError, match="role_label_is_unique_in_account"):
        Role.objects.create(account=district.school, label="mentor", base_type=BaseType.TEACHER)


@pytest.mark.parametrize("label", ["Account Admin", "accountadmin", "ACCOUNTMEMBERSHIP", "account membership"])
def test_the_names_of_built_in_admin_roles_are_taken_in_any_case(district, label):
    for account in (district.root, district.department):
        with pytest.raises(Invalid) as refusal:
            create_role(account, label, BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
        assert refusal.value.errors == {"label": [("taken", "A role with this name already exists.")]}


def test_accounts_above_and_below_may_have_roles_of_one_name(district):
    for account in (district.school, district.root, district.department):
        role = create_role(account, "Aide", BaseType.TA, by=district.admin)
        assert rename_role(rename_role(role, "Helper", by=district.admin), "aide", by=district.admin).label == "aide"
    assert Role.objects.filter(label="aide").count() == 3


def test_two_schools_may_each_have_a_role_of_the_same_name(district):
    for account in (district.school, district.sibling):
        create_role(account, "Mentor", BaseType.TEACHER, by=district.admin)
    assert Role.objects.filter(label="Mentor").count() == 2


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


@pytest.mark.parametrize("label", ["students", "Observers", "tas", "Student Helper"])
def test_no_role_has_a_name_that_rosters_read_as_a_built_in_role(district, label):
    with pytest.raises(Invalid) as refusal:
        create_role(district.school, label, BaseType.TEACHER, by=district.admin)
    assert refusal.value.errors["label"][0][0] == "exclusion"


@pytest.mark.parametrize(
    ("label", "base_type"),
    [("Student Council", BaseType.STUDENT), ("Student Services", BaseType.ACCOUNT_MEMBERSHIP)],
)
def test_a_role_that_no_roster_confuses_with_another_may_begin_with_such_a_word(district, label, base_type):
    assert create_role(district.school, label, base_type, by=district.admin).label == label


def test_a_custom_role_may_have_any_other_name(district):
    for label, base in (("Teacher of record", BaseType.TEACHER), ("Tutor", BaseType.TA), ("Mentor", BaseType.OBSERVER)):
        assert create_role(district.school, label, base, by=district.admin).label == label
