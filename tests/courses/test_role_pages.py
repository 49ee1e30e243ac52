"""The pages of roles: looking at one, making, renaming, deactivating and activating."""

import pytest
from django.test import Client

from accounts.domain.roles import create_role, set_role_state
from accounts.models import AccountAdmin, BaseType, Role, RoleOverride, numbers
from accounts.models.numbers import Number
from courses.domain.rosters import holders_of
from tests.factories import EnrollmentFactory, UserFactory

GUIDE = {"label": "Guide"}


def at(account, *rest) -> str:
    return "/".join(["", "accounts", str(account.pk), "roles", *map(str, rest)])


@pytest.fixture
def office(school) -> Client:
    client = Client()
    client.force_login(school.account_admin)
    return client


@pytest.fixture
def mentor(school) -> Role:
    return create_role(school.account, "Mentor", BaseType.TEACHER, by=school.admin)


def paths(account, role) -> list[str]:
    return [at(account, "new"), at(account, role.pk), at(account, role.pk, "deactivate")]


@pytest.mark.parametrize("who", ["student", "teacher", "admin_elsewhere"])
def test_only_who_manages_permissions_of_the_account_gets_in(visit, school, mentor, who):
    for path in paths(school.account, mentor):
        assert visit(getattr(school, who), path).status_code == 403
        assert visit(None, path).status_code == 302


@pytest.mark.parametrize("base_type", [BaseType.OBSERVER, BaseType.ACCOUNT_MEMBERSHIP])
def test_a_role_is_created_on_its_page(office, school, base_type):
    answer = office.post(at(school.account, "new"), {"label": " Guide ", "base_role_type": base_type}, follow=True)
    assert Role.objects.get(label="Guide").base_type == base_type
    assert "Role Guide created." in answer.content.decode()
    kind = "account" if base_type == BaseType.ACCOUNT_MEMBERSHIP else "course"
    assert answer.redirect_chain == [(f"/accounts/{school.account.pk}/permissions?roles={kind}", 302)]


@pytest.mark.parametrize(
    "sent",
    [
        {"label": "", "base_role_type": "TaEnrollment"},
        {"label": "Teacher", "base_role_type": "TaEnrollment"},
        {"label": "x" * 256, "base_role_type": "TaEnrollment"},
        {"label": "a\0b", "base_role_type": "TaEnrollment"},
        {"label": "Guide", "base_role_type": "AccountAdmin"},
        {"label": "Guide"},
        {},
    ],
)
def test_what_cannot_be_a_role_is_told_with_nothing_lost(office, school, sent):
    answer = office.post(at(school.account, "new"), sent)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert f'value="{sent["label"]}"' in answer.content.decode() if sent.get("label", "").isalpha() else True
    assert not Role.objects.filter(account=school.account).exists()


def test_a_role_with_more_than_one_has_is_not_made(school):
    deputy = UserFactory()
    role = Role.objects.create(account=school.account, base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Deputy")
    RoleOverride.objects.create(account=school.account, role=role, permission="manage_role_overrides", enabled=True)
    AccountAdmin.objects.create(account=school.account, user=deputy, role=role)
    client = Client()
    client.force_login(deputy)
    answer = client.post(at(school.account, "new"), {**GUIDE, "base_role_type": "TeacherEnrollment"})
    assert answer.status_code == 403
    assert "You cannot grant permissions you do not have" in answer.content.decode()
    # And nobody deactivates the role they manage permissions by.
    answer = client.post(at(school.account, role.pk, "deactivate"), follow=True)
    assert "lose your own permission to manage permissions" in answer.content.decode()
    role.refresh_from_db()
    assert role.workflow_state == Role.State.ACTIVE


def test_a_role_is_renamed_on_its_page(office, school, mentor):
    answer = office.post(at(school.account, mentor.pk), GUIDE, follow=True)
    mentor.refresh_from_db()
    assert mentor.label == "Guide"
    assert "Role renamed to Guide." in answer.content.decode()


def test_a_name_that_is_taken_is_told_with_nothing_lost(office, school, mentor):
    answer = office.post(at(school.account, mentor.pk), {"label": "teacher"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "A role with this name already exists." in page
    assert 'value="teacher"' in page
    assert "<h1>Mentor</h1>" in page


def test_a_role_of_an_account_above_says_whose_it_is_and_is_not_renamed_here(visit, school, root):
    role = create_role(root, "Auditor", BaseType.TEACHER, by=school.admin)
    answer = visit(school.account_admin, at(school.account, role.pk))
    assert "Rename or deactivate it in Lakeside District." in answer.content.decode()
    # Not even by who may, above.
    client = Client()
    client.force_login(school.admin)
    for rest in ((role.pk,), (role.pk, "deactivate"), (role.pk, "activate")):
        assert client.post(at(school.account, *rest), GUIDE).status_code == 404
    role.refresh_from_db()
    assert (role.label, role.workflow_state) == ("Auditor", Role.State.ACTIVE)


def test_a_built_in_role_is_shown_and_not_changed(office, school):
    teacher = Role.objects.built_in(BaseType.TEACHER)
    page = office.get(at(school.account, teacher.pk)).content.decode()
    assert "it is built in" in page
    assert "Rename" not in page
    for rest in ((teacher.pk,), (teacher.pk, "deactivate"), (teacher.pk, "activate")):
        assert office.post(at(school.account, *rest), GUIDE).status_code == 404


def test_a_role_that_can_be_given_nothing_says_so(office, school):
    student = Role.objects.built_in(BaseType.STUDENT)
    assert "No permission can be granted" in office.get(at(school.account, student.pk)).content.decode()


def test_everybody_who_holds_a_role_is_counted_once(school, mentor):
    holder = EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor).user
    EnrollmentFactory(section__course=school.course, user=holder, type=BaseType.TEACHER, role=mentor)
    EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor, state="deleted")
    assert holders_of(mentor) == Number(1)
    helper = create_role(school.account, "Helper", BaseType.ACCOUNT_MEMBERSHIP, by=school.admin)
    for state in AccountAdmin.State.values:
        AccountAdmin.objects.create(user=UserFactory(), account=school.account, role=helper, workflow_state=state)
    assert holders_of(helper) == Number(1)


def test_many_holders_of_a_role_are_not_all_counted(office, school, mentor, monkeypatch):
    monkeypatch.setattr(numbers, "MOST_COUNTED", 2)
    for _one in range(2):
        EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor)
    asked = at(school.account, f"{mentor.pk}/deactivate")
    assert "2 people have this role." in office.get(asked).content.decode()
    EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor)
    assert "3 or more people have this role." in office.get(asked).content.decode()


def test_deactivating_asks_first_and_tells_how_many_it_is_about(office, school, mentor):
    EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor)
    EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=mentor)
    page = office.get(at(school.account, mentor.pk, "deactivate")).content.decode()
    assert "2 people have this role." in page
    mentor.refresh_from_db()
    assert mentor.workflow_state == Role.State.ACTIVE
    answer = office.post(at(school.account, mentor.pk, "deactivate"), follow=True)
    mentor.refresh_from_db()
    assert mentor.workflow_state == Role.State.INACTIVE
    assert "Role Mentor deactivated" in answer.content.decode()
    assert "Deactivated roles" in answer.content.decode()
    assert office.get(at(school.account, mentor.pk)).status_code == 404


def test_a_deactivated_role_is_activated_from_the_list(office, school, mentor):
    set_role_state(mentor, Role.State.INACTIVE, by=school.admin)
    path = at(school.account, mentor.pk, "activate")
    page = office.get(f"/accounts/{school.account.pk}/permissions").content.decode()
    assert path in page
    assert office.get(path).status_code == 405
    answer = office.post(path, follow=True)
    mentor.refresh_from_db()
    assert mentor.workflow_state == Role.State.ACTIVE
    assert "Role Mentor activated" in answer.content.decode()


def test_roles_of_other_schools_and_impossible_ids_are_not_found(office, school):
    stranger = create_role(school.elsewhere, "Stranger", BaseType.TEACHER, by=school.admin)
    for number in (stranger.pk, "99999999999999999999", 0):
        for path in (at(school.account, number), at(school.account, number, "deactivate")):
            assert office.get(path).status_code == 404
            assert office.post(path, GUIDE).status_code == 404
        assert office.post(at(school.account, number, "activate")).status_code == 404
