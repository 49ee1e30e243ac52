"""The invented people of the demo: the same every time, and with nothing of anybody real."""

import pytest
from django.contrib.auth import authenticate

from accounts.demo import (
    COUNSELOR,
    COUNSELOR_MAY,
    PASSWORD,
    PEOPLE_TO_TRY,
    STAFF,
    decide_permissions,
    make_accounts,
    make_admins,
    make_people,
)
from accounts.models import Account, AccountAdmin, BaseType, Role, SelfRegistration, User
from accounts.permissions.registry import PERMISSIONS, Permission
from accounts.permissions.resolver import account_permissions
from tests.accounts.roles import is_on

pytestmark = pytest.mark.django_db


def test_the_district_has_two_schools_and_parents_can_sign_up():
    district, *schools = make_accounts()
    assert Account.objects.root() == district
    assert {school.parent for school in schools} == {district}
    assert (district.self_registration, district.pairing_is_on) == (SelfRegistration.OBSERVER, True)
    assert len({account.default_time_zone for account in (district, *schools)}) == 1


def test_the_same_people_are_there_every_time():
    def people() -> list[tuple[str, str, str, str | None]]:
        make_people(20)
        found = list(User.objects.order_by("pk").values_list("login_id", "name", "sortable_name", "sis_user_id"))
        User.objects.all().delete()
        return found

    first = people()
    assert people() == first
    assert len(first) == len(STAFF) + 20


def test_everyone_who_can_be_tried_out_signs_in_with_the_password_of_the_demo():
    staff, students = make_people(2)
    logins = [login for login, _who in PEOPLE_TO_TRY]
    assert {*logins} == {*staff, *(student.login_id for student in students)}
    for login in ("admin", "student2"):
        assert authenticate(username=login, password=PASSWORD)


def test_no_address_of_the_demo_can_belong_to_anyone():
    make_people(5)
    assert {email.rpartition("@")[2] for email in User.objects.values_list("email", flat=True)} == {"lakeside.example"}


def test_names_of_the_demo_are_stored_as_names_are():
    _staff, students = make_people(30)
    for student in students:
        student.full_clean(exclude=["password", "stuck_sis_fields"])
        assert student.sortable_name.startswith(student.name.split()[-1])
        assert student.short_name == student.name


def test_the_district_has_an_admin_and_one_school_a_counselor_who_can_pair_students():
    district, middle, high = make_accounts()
    staff, _students = make_people(0)
    make_admins(district, [staff["admin"]])
    assert account_permissions(staff["admin"], district) == PERMISSIONS.keys()
    decide_permissions(middle, staff["counselor"], by=staff["admin"])
    assert account_permissions(staff["counselor"], middle) == {*COUNSELOR_MAY}
    assert account_permissions(staff["counselor"], high) == frozenset()
    held = AccountAdmin.objects.get(user=staff["counselor"])
    assert (held.role.label, held.role.account, held.account) == (COUNSELOR, middle, middle)


def test_teachers_of_one_school_may_create_codes_and_those_of_the_other_may_not():
    district, middle, high = make_accounts()
    staff, _students = make_people(0)
    make_admins(district, [staff["admin"]])
    decide_permissions(middle, staff["counselor"], by=staff["admin"])
    teacher = Role.objects.built_in(BaseType.TEACHER)
    assert [is_on(teacher, school, Permission.GENERATE_OBSERVER_PAIRING_CODE) for school in (middle, high)] == [
        True,
        False,
    ]
