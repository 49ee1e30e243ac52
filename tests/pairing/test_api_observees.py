"""Observees and observers through the API."""

import logging

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import Account, AuditEvent, CodeScope, FailedTry, ObservationLink, User
from courses.models import Enrollment
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.api import Api, ids
from tests.factories import (
    PASSWORD,
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
)
from tests.failures import failed_by

pytestmark = pytest.mark.django_db

UNKNOWN = {"message": "Unknown observee.", "errors": [{"message": "Unknown observee."}]}


@pytest.fixture
def student(root):
    return EnrollmentFactory(user=UserFactory(name="Kim Abel", password=PASSWORD)).user


@pytest.fixture
def observer(root):
    return UserFactory()


@pytest.fixture
def code(student):
    return issue(student, by=student).text


def pair(user, whom="self", **form):
    return Api(user).post(f"users/{whom}/observees", **form)


def body_of(student, root):
    return {
        "id": student.pk,
        "name": student.name,
        "created_at": student.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "sortable_name": student.sortable_name,
        "short_name": student.short_name,
        "observation_link_root_account_ids": [root.pk],
    }


# By pairing code


def test_a_code_links_and_answers_with_the_student(observer, student, code, root):
    answer = pair(observer, pairing_code=code)
    assert answer.status_code == 200
    assert answer.json() == body_of(student, root)
    assert Enrollment.objects.filter(user=observer, associated_user=student, state="active").exists()


@pytest.mark.parametrize("way", ["query", "json", "form", "pasted"])
def test_a_code_may_come_in_the_query_a_form_or_json(observer, student, code, way):
    api, path = Api(observer), "users/self/observees"
    answer = {
        "query": lambda: api.raw("POST", f"{path}?pairing_code={code}&no_verifiers=1", b"", ""),
        "json": lambda: api.raw("POST", path, f'{{"pairing_code": "{code}"}}'),
        "form": lambda: api.post(path, pairing_code=code),
        "pasted": lambda: api.post(path, pairing_code=f" {code[:3]}-{code[3:]} "),
    }[way]()
    assert answer.json()["id"] == student.pk


def test_a_code_that_does_not_work_has_one_answer_for_every_reason(observer, student, code):
    used = issue(student, by=student).text
    pair(UserFactory(), pairing_code=used)
    answers = [pair(observer, pairing_code=text) for text in ("abcdef", used, code.swapcase(), "")]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (422, b'{"errors":[{"message":"Invalid pairing code."}]}')
    }
    assert failed_by(observer).count() == 4


def test_ones_own_code_is_refused_and_not_spent(student, code):
    answer = pair(student, pairing_code=code)
    assert answer.status_code == 422
    assert "your own code" in answer.json()["errors"][0]["message"]
    assert PairingCode.objects.live().count() == 1


def test_a_student_observed_already_is_answered_with_and_nothing_spent(observer, student, code, root):
    pair(observer, pairing_code=issue(student, by=student).text)
    answer = pair(observer, pairing_code=code)
    assert (answer.status_code, answer.json()) == (200, body_of(student, root))
    assert PairingCode.objects.live().count() == 1


def test_after_five_failures_there_is_a_wait(observer, code):
    for _number in range(5):
        pair(observer, pairing_code="abcdef")
    answer = pair(observer, pairing_code=code)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert answer.headers["X-Rate-Limit-Remaining"] == "0.0"
    assert "try again in" in answer.json()["errors"][0]["message"]
    assert PairingCode.objects.live().count() == 1


def test_with_self_registration_off_no_way_works(observer, student, code):
    Account.objects.update(self_registration="none")
    login = {"unique_id": student.login_id, "password": PASSWORD}
    for form in ({"pairing_code": code}, {"observee": login}, {"access_token": "x"}):
        assert pair(observer, **form).status_code == 403
    assert not ObservationLink.objects.exists()


def test_with_none_of_the_three_a_message_says_what_is_missing(observer):
    for form in ({}, {"observee": "kid"}, {"observee": {"password": "x"}}):
        answer = pair(observer, **form)
        assert answer.status_code == 400
        assert "pairing_code" in answer.json()["errors"]


@pytest.mark.parametrize("text", ["a\0b", "x" * 200_000])
def test_a_code_that_cannot_be_a_text_is_a_400(observer, text):
    assert pair(observer, pairing_code=text).status_code == 400


def test_only_staff_spend_a_code_for_somebody_else(observer, student, code):
    for user in (UserFactory(), student, make_admin(AccountFactory())):
        assert pair(user, observer.pk, pairing_code=code).status_code == 403
    admin = make_admin()
    assert pair(admin, observer.pk, pairing_code=code).status_code == 200
    event = AuditEvent.objects.get(action="code.redeemed")
    assert (event.actor, event.details["observer"]) == (admin, observer.pk)
    assert not ObservationLink.objects.filter(observer=admin).exists()
    assert pair(admin, 999999, pairing_code="abcdef").status_code == 404


def test_redeeming_costs_the_same_with_one_course_and_with_sixty(student, django_assert_num_queries):
    for courses in (1, 60):
        assert Enrollment.objects.filter(user=student).count() == courses
        api, code = Api(UserFactory()), issue(student, by=student).text
        with django_assert_num_queries(10):
            assert api.post("users/self/observees", pairing_code=code).status_code == 200
        for _number in range(60 - courses):
            EnrollmentFactory(user=student, section=SectionFactory())


def test_a_code_limited_to_a_course_or_an_account_costs_no_more(student, root, django_assert_num_queries):
    root.code_scope = CodeScope.COURSE
    root.save()
    course = Enrollment.objects.get(user=student).section.course
    for limit in ({"course": course}, {"account": course.account}):
        api, code = Api(UserFactory()), issue(student, by=student, **limit).text
        with django_assert_num_queries(10):
            assert api.post("users/self/observees", pairing_code=code).status_code == 200
    limited = ObservationLink.objects.filter(scope="courses", courses__course=course)
    assert limited.count() == 2


def test_no_code_and_no_password_is_in_a_log_line(observer, student, code, caplog):
    caplog.set_level(logging.DEBUG)
    pair(observer, pairing_code=code)
    Api(observer).raw("POST", "users/self/observees?pairing_code=QQwxyz", b"", "")
    pair(observer, observee={"unique_id": student.login_id, "password": "wrong-secret"})
    lines = [line for line in caplog.messages if not line.startswith("(")]
    assert lines
    assert not [line for line in lines if code in line or "QQwxyz" in line or "wrong-secret" in line]


# By what only the student has


def test_the_students_login_and_password_link(observer, student, root):
    login = {"unique_id": student.login_id.upper(), "password": PASSWORD}
    assert pair(observer, observee=login).json() == body_of(student, root)
    assert ObservationLink.objects.get().origin == "credentials"


@pytest.mark.parametrize("login", ["nobody@example.org", "kid@example.org"])
def test_an_unknown_login_and_a_wrong_password_get_one_answer_count_and_cost_a_hash(
    student, observer, login, mocker_hash
):
    User.objects.filter(pk=student.pk).update(login_id="kid@example.org")
    answer = pair(observer, observee={"unique_id": login, "password": "wrong"})
    assert (answer.status_code, answer.json()) == (422, UNKNOWN)
    assert "WWW-Authenticate" not in answer.headers
    assert failed_by(observer).count() == 1
    assert mocker_hash == ["wrong"]


@pytest.fixture
def mocker_hash(monkeypatch):
    """The passwords hashed during the test."""
    hashed, encode = [], MD5PasswordHasher.encode

    def noting(self, password, salt):
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noting)
    return hashed


def test_guessing_passwords_is_limited_like_guessing_codes(observer, student):
    for _number in range(5):
        pair(observer, observee={"unique_id": student.login_id, "password": "wrong"})
    answer = pair(observer, observee={"unique_id": student.login_id, "password": PASSWORD})
    assert answer.status_code == 429
    assert not ObservationLink.objects.exists()


def test_nobody_observes_oneself_by_credentials_or_token(student):
    login = {"unique_id": student.login_id, "password": PASSWORD}
    assert pair(student, observee=login).status_code == 422
    assert pair(student, access_token=make_token(student, "", by=None)).status_code == 422
    assert not FailedTry.objects.exists()


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_the_login_of_somebody_suspended_or_deleted_is_unknown(observer, student, state):
    User.objects.filter(pk=student.pk).update(state=state)
    login = {"unique_id": student.login_id, "password": PASSWORD}
    assert pair(observer, observee=login).status_code == 422


def test_an_access_token_comes_before_a_code(observer, student, code):
    token = make_token(student, "", by=None)
    assert pair(observer, access_token=token, pairing_code=code).json()["id"] == student.pk
    assert PairingCode.objects.live().count() == 1
    other = UserFactory()
    assert pair(other, access_token="nonsense", pairing_code=code).json() == UNKNOWN
    assert failed_by(other).count() == 1


# Lists and single ones


def link_all(observer, *students):
    for student in students:
        ObservationLink.objects.create(observer=observer, student=student, origin="api")


def test_observees_are_listed_by_name_and_page_by_page(observer, root):
    students = [UserFactory(name=name) for name in ("Zoe Zorn", "ann abel", "Bea Bell")]
    link_all(observer, *students)
    api = Api(observer)
    assert [user["name"] for user in api.get("users/self/observees").json()] == [
        "ann abel",
        "Bea Bell",
        "Zoe Zorn",
    ]
    assert len(api.get("users/self/observees", per_page=2).json()) == 2
    assert len(api.get("users/self/observees", per_page=2, page=2).json()) == 1
    assert api.get("users/self/observees").json()[0] == body_of(students[1], root)


def test_lists_leave_out_deleted_links_and_people(observer, student):
    link_all(observer, student, UserFactory(state="deleted"))
    assert ids(Api(observer).get("users/self/observees")) == [student.pk]
    assert ids(Api(student).get("users/self/observers")) == [observer.pk]
    User.objects.filter(pk=observer.pk).update(state="deleted")
    assert ids(Api(student).get("users/self/observers")) == []
    ObservationLink.objects.update(state="deleted")
    assert ids(Api(make_admin()).get(f"users/{student.pk}/observers")) == []


def test_what_staff_see_of_observees_depends_on_their_permissions(observer, student):
    link_all(observer, student)
    (body,) = Api(make_admin()).get(f"users/{observer.pk}/observees", include=["avatar_url"]).json()
    assert (body["sis_user_id"], body["login_id"]) == (student.sis_user_id, student.login_id)
    (plain,) = Api(observer).get("users/self/observees", include=["email"]).json()
    assert not {"sis_user_id", "integration_id", "login_id", "email"} & plain.keys()


def test_single_ones_are_there_only_while_linked(observer, student, root):
    path, back = f"users/self/observees/{student.pk}", f"users/self/observers/{observer.pk}"
    assert Api(observer).get(path).status_code == 404
    assert Api(student).get(back).status_code == 404
    link_all(observer, student)
    assert Api(observer).get(path).json() == body_of(student, root)
    assert Api(student).get(back).json()["id"] == observer.pk


def test_other_peoples_links_are_for_staff_of_the_institution(observer, student):
    link_all(observer, student)
    for path in (
        f"users/{observer.pk}/observees",
        f"users/{observer.pk}/observees/{student.pk}",
        f"users/{student.pk}/observers",
        f"users/{student.pk}/observers/{observer.pk}",
    ):
        assert Api(make_admin()).get(path).status_code == 200
        for stranger in (UserFactory(), make_admin(AccountFactory())):
            assert Api(stranger).get(path).status_code == 403
        assert Api().get(path).status_code == 401
    # Nor do observer and student look through one another.
    assert Api(observer).get(f"users/{student.pk}/observers").status_code == 403
    assert Api(student).get(f"users/{observer.pk}/observees").status_code == 403


def test_lists_of_observees_cost_the_same_for_many(observer, django_assert_num_queries):
    api = Api(observer)
    link_all(observer, UserFactory())
    for _size in range(2):
        with django_assert_num_queries(2):
            assert api.get("users/self/observees", per_page=100).status_code == 200
        link_all(observer, *UserFactory.create_batch(30))


# Linking and unlinking by id


def test_staff_link_by_id_and_twice_is_once(observer, student, root):
    path = f"users/{observer.pk}/observees/{student.pk}"
    for _time in range(2):
        answer = Api(make_admin()).put(path, root_account_id=root.pk)
        assert (answer.status_code, answer.json()) == (200, body_of(student, root))
    assert ObservationLink.objects.get().origin == "api"
    assert Enrollment.objects.filter(user=observer, associated_user=student).count() == 1


def test_nobody_else_links_by_id_not_even_for_oneself(observer, student):
    for user in (observer, student, make_admin(AccountFactory())):
        assert Api(user).put(f"users/{observer.pk}/observees/{student.pk}").status_code == 403
    assert Api(observer).put(f"users/self/observees/{student.pk}").status_code == 403


def test_linking_nobody_or_oneself_is_a_404(observer):
    api = Api(make_admin())
    assert api.put(f"users/{observer.pk}/observees/{observer.pk}").status_code == 404
    assert api.put(f"users/{observer.pk}/observees/999999").status_code == 404
    assert api.put(f"users/999999/observees/{observer.pk}").status_code == 404


def test_an_observer_stops_observing_and_gets_the_student_back_in_the_answer(observer, student, code):
    pair(observer, pairing_code=code)
    answer = Api(observer).delete(f"users/self/observees/{student.pk}")
    assert answer.status_code == 200
    assert answer.json()["id"] == student.pk
    assert answer.json()["observation_link_root_account_ids"] == []
    assert Enrollment.objects.get(user=observer).state == "deleted"
    assert Api(observer).delete(f"users/self/observees/{student.pk}").status_code == 404


def test_links_are_ended_by_the_observer_and_by_staff_alone(observer, student):
    link_all(observer, student)
    path = f"users/{observer.pk}/observees/{student.pk}"
    for user in (student, UserFactory(), make_admin(AccountFactory())):
        assert Api(user).delete(path).status_code == 403
    assert Api(make_admin()).delete(path).status_code == 200


def test_guesses_at_one_student_count_for_the_student_whoever_makes_them(student):
    for _number in range(5):
        guess = {"unique_id": student.login_id.upper(), "password": "wrong"}
        assert pair(UserFactory(), observee=guess).status_code == 422
    answer = pair(UserFactory(), observee={"unique_id": student.login_id, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 14 * 60
    assert not ObservationLink.objects.exists()
    # The students themselves are not kept out by it.
    signing_in = Client().post("/login/canvas", {"login": student.login_id, "password": PASSWORD})
    assert signing_in.status_code == 302


@pytest.mark.parametrize("given", ["999999", "nonsense", "sis_account_id:none", "{school}"])
def test_another_institution_is_a_404_and_nothing_is_done_there(student, root, given):
    school, observer = AccountFactory(), UserFactory()
    where, admin = {"root_account_id": given.format(school=school.pk)}, Api(make_admin())
    code = issue(student, by=student).text
    assert Api(observer).post("users/self/observees", pairing_code=code, **where).status_code == 404
    assert admin.put(f"users/{observer.pk}/observees/{student.pk}", **where).status_code == 404
    assert ids(admin.get(f"users/{observer.pk}/observees")) == []
    # The code is not spent.
    here = {"root_account_id": root.pk}
    assert Api(observer).post("users/self/observees", pairing_code=code, **here).status_code == 200
    assert admin.delete(f"users/{observer.pk}/observees/{student.pk}", **where).status_code == 404
    for everywhere in ("all", root.pk, "self", ""):
        path = f"users/{observer.pk}/observees/{student.pk}"
        assert admin.put(path, root_account_id=everywhere).status_code == 200
        assert admin.delete(path, root_account_id=everywhere).status_code == 200
