"""Making pairing codes through the API."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, BaseType, User
from courses.models import Enrollment
from pairing import code_text
from pairing.models import PairingCode
from tests.api import Api
from tests.factories import AccountFactory, EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin

pytestmark = pytest.mark.django_db


@pytest.fixture
def student(root):
    return EnrollmentFactory().user


def ask(user, whom="self"):
    return Api(user).post(f"users/{whom}/observer_pairing_codes")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"expires_at": "2099-01-01"}'])
def test_a_student_gets_a_code_with_exactly_the_keys_of_canvas(student, body):
    answer = Api(student).raw("POST", "users/self/observer_pairing_codes?no_verifiers=1", body)
    assert answer.status_code == 200
    code = answer.json()
    assert code.keys() == {"user_id", "code", "expires_at", "workflow_state"}
    assert (code["user_id"], code["workflow_state"]) == (student.pk, "active")
    assert len(code["code"]) == 6
    assert code_text.complaint(code["code"]) is None
    expires = datetime.fromisoformat(code["expires_at"])
    assert code["expires_at"].endswith("Z")
    assert abs(expires - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    assert bytes(PairingCode.objects.get().digest) == code_text.digest(code["code"])


def test_every_call_makes_another_and_five_live(student):
    codes = {ask(student).json()["code"] for _number in range(6)}
    assert len(codes) == 6
    assert PairingCode.objects.live().count() == 5


@pytest.mark.parametrize("form", ["{0.pk}", "sis_user_id:{0.sis_user_id}"])
def test_staff_with_the_permission_make_one_for_a_student(student, form):
    assert ask(make_admin(), form.format(student)).json()["user_id"] == student.pk


def test_a_teacher_needs_the_permission(student):
    section = Enrollment.objects.get(user=student).section
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    assert ask(teacher, student.pk).status_code == 403
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    assert ask(teacher, student.pk).status_code == 200
    assert ask(teacher, EnrollmentFactory().user_id).status_code == 403


def test_an_admin_of_another_school_makes_none(student):
    answer = ask(make_admin(AccountFactory()), student.pk)
    assert answer.status_code == 403
    assert answer.json() == {
        "status": "unauthorized",
        "errors": [{"message": "user not authorized to perform that action"}],
    }


def test_nobody_gets_a_code_for_a_person_who_is_not_a_student(root):
    assert ask(UserFactory()).status_code == 403
    assert ask(make_admin()).status_code == 403
    assert ask(EnrollmentFactory(state="inactive").user).status_code == 403
    assert ask(EnrollmentFactory(state="completed").user).status_code == 200


def test_with_self_registration_off_the_refusal_says_why(student):
    Account.objects.update(self_registration="none")
    for user, whom in ((student, "self"), (make_admin(), student.pk)):
        answer = ask(user, whom)
        assert answer.status_code == 403
        assert "turned off pairing" in answer.json()["errors"][0]["message"]
    assert not PairingCode.objects.exists()


def test_for_nobody_there_is_a_404_and_without_a_token_a_401(student):
    assert ask(make_admin(), 999999).status_code == 404
    assert Api().post("users/self/observer_pairing_codes").status_code == 401
    User.objects.filter(pk=student.pk).update(state="deleted")
    assert ask(make_admin(), student.pk).status_code == 404


def test_it_costs_the_same_however_many_courses_a_student_has(student, django_assert_num_queries):
    admin, own = Api(make_admin()), Api(student)
    for _size in range(2):
        with django_assert_num_queries(10):
            admin.post(f"users/{student.pk}/observer_pairing_codes")
        with django_assert_num_queries(8):
            own.post("users/self/observer_pairing_codes")
        for _number in range(30):
            EnrollmentFactory(user=student, section=SectionFactory())
