"""What the caller may do, on an account and in a course."""

import pytest

from accounts.models import BaseType
from accounts.permissions.registry import PERMISSIONS
from tests.api import Api
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory, make_admin, make_student

pytestmark = pytest.mark.usefixtures("root")


def test_an_account_tells_the_caller_what_they_may_do_there(root):
    school = AccountFactory()
    mine = Api(make_admin(school)).get(f"accounts/{school.pk}/permissions").json()
    assert mine.keys() == PERMISSIONS.keys()
    assert mine["manage_role_overrides"] is True
    assert mine["become_user"] is False
    assert not any(Api(make_admin(school)).get("accounts/self/permissions").json().values())


def test_only_what_is_asked_for_is_told_and_what_is_unknown_nobody_has(root):
    asked = ["read_roster", "manage_catalog"]
    answer = Api(make_admin()).get("accounts/self/permissions", permissions=asked)
    assert answer.json() == {"read_roster": True, "manage_catalog": False}


def test_a_person_without_a_role_may_do_nothing_on_an_account(root):
    assert not any(Api(UserFactory()).get("accounts/self/permissions").json().values())
    assert Api().get("accounts/self/permissions").status_code == 401
    assert Api(make_admin()).get("accounts/999999/permissions").status_code == 404


def test_a_course_tells_those_in_it_what_they_may_do_there():
    teaching = EnrollmentFactory(type=BaseType.TEACHER)
    course = teaching.section.course_id
    mine = Api(teaching.user).get(f"courses/{course}/permissions").json()
    assert mine["read_roster"] is True
    assert mine["generate_observer_pairing_code"] is False
    student = make_student(teaching.section)
    assert not any(Api(student).get(f"courses/{course}/permissions").json().values())
    assert Api(make_student()).get(f"courses/{course}/permissions").status_code == 403
