"""Names of roles: readable, told apart from all around, and never a word by which rosters name a built-in role."""

import pytest

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


def test_the_names_of_roles_above_and_of_inactive_ones_are_taken(district):
    create_role(district.root, "Auditor", BaseType.TEACHER, by=district.admin)
    mentor = create_role(district.school, "Mentor", BaseType.TEACHER, by=district.admin)
    set_role_state(mentor, Role.State.INACTIVE, by=district.admin)
    for label in ("auditor", "MENTOR"):
        with pytest.raises(Invalid):
            create_role(district.school, label, BaseType.TEACHER, by=district.admin)


@pytest.mark.parametrize("label", ["Account Admin", "accountadmin", "ACCOUNTMEMBERSHIP", "account membership"])
def test_the_names_of_built_in_admin_roles_are_taken_in_any_case(district, label):
    with pytest.raises(Invalid) as refusal:
        create_role(district.root, label, BaseType.ACCOUNT_MEMBERSHIP, by=district.admin)
    assert refusal.value.errors == {"label": [("taken", "A role with this name already exists.")]}


def test_the_names_of_roles_above_and_below_are_taken(district):
    create_role(district.department, "Aide", "TaEnrollment", by=district.admin)
    for account in (district.root, district.school, district.department):
        with pytest.raises(Invalid):
            create_role(account, "aide", "TaEnrollment", by=district.admin)
    create_role(district.sibling, "Aide", "TaEnrollment", by=district.admin)


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
