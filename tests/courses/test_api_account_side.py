"""The API of people's accounts, admins, sub-accounts, terms and courses, as far as refusals go.

That it works as clients expect is in tests/pairing/test_canvasapi_accounts.py.
"""

import pytest

from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role, User
from courses.models import Course, Enrollment, Term
from tests.api import Api, ids
from tests.database import statements
from tests.factories import AccountFactory, CourseFactory, UserFactory, allow, make_admin

HUGE = "9" * 20


@pytest.fixture
def calls(school):
    """Every call that changes something, with what it takes: method, path, body."""
    home, person = school.account.pk, school.student.pk
    term = Term.objects.create(name="Fall")
    below = AccountFactory(parent=school.account)
    return [
        ("PUT", f"users/{person}", {"user": {"name": "X"}}),
        ("PUT", f"users/{person}", {"user": {"event": "suspend"}}),
        ("DELETE", f"users/{person}/sessions", {}),
        ("PUT", f"accounts/{home}/logins/{person}", {"login": {"unique_id": "x"}}),
        ("DELETE", f"accounts/{home}/users/{person}", {}),
        ("POST", f"accounts/{home}/admins", {"user_id": person}),
        ("DELETE", f"accounts/{home}/admins/{school.account_admin.pk}", {}),
        ("PUT", f"accounts/{home}", {"account": {"name": "X"}}),
        ("POST", f"accounts/{home}/sub_accounts", {"account": {"name": "X"}}),
        ("DELETE", f"accounts/{home}/sub_accounts/{below.pk}", {}),
        ("POST", f"accounts/{home}/courses", {"course": {"name": "X"}}),
        ("PUT", f"courses/{school.course.pk}", {"course": {"name": "X"}}),
        ("PUT", f"courses/{school.course.pk}", {"course": {"event": "conclude"}}),
        ("DELETE", f"courses/{school.course.pk}", {"event": "delete"}),
        ("POST", "accounts/self/terms", {"enrollment_term": {"name": "X"}}),
        ("PUT", f"accounts/self/terms/{term.pk}", {"enrollment_term": {"name": "X"}}),
        ("DELETE", f"accounts/self/terms/{term.pk}", {}),
    ]


def snapshot():
    rows = [User.objects.values(), AccountAdmin.objects.values(), Account.objects.values(), Course.objects.values()]
    return [list(found.order_by("id")) for found in [*rows, Term.objects.values()]]


@pytest.mark.parametrize("who", ["classmate", "teacher", "observer", "admin_elsewhere", None])
def test_only_those_with_the_permission_change_accounts_through_the_api(school, calls, who):
    api = Api(getattr(school, who) if who else None)
    before = snapshot()
    for method, path, body in calls:
        answer = api.send(method, path, body)
        assert answer.status_code == (403 if who else 401), (method, path, answer.content)
    assert snapshot() == before


def test_reading_lists_needs_a_role_too(school):
    for who in ("student", "teacher", "observer", "admin_elsewhere"):
        api = Api(getattr(school, who))
        for path in ("admins", "sub_accounts", "terms", "courses"):
            assert api.get(f"accounts/{school.account.pk}/{path}").status_code == 403
        assert api.get(f"users/{school.classmate.pk}/logins").status_code == 403 or who == "teacher"


def test_a_schools_admin_works_within_the_school(school, root):
    api, home = Api(school.account_admin), school.account.pk
    assert api.put(f"users/{school.student.pk}", user={"name": "Mia Sea"}).json()["name"] == "Mia Sea"
    assert api.put(f"users/{school.outsider.pk}", user={"name": "X"}).status_code == 403
    assert api.put(f"accounts/{home}/logins/{school.student.pk}", login={"sis_user_id": "X"}).status_code == 403
    assert api.post(f"accounts/{home}/admins", user_id=school.outsider.pk).status_code == 404
    assert api.post(f"accounts/{home}/admins", user_id=school.teacher.pk).status_code == 200
    assert api.delete(f"accounts/{home}/users/{school.outsider.pk}").status_code == 403
    assert api.delete(f"accounts/{school.elsewhere.pk}/users/{school.student.pk}").status_code == 404
    assert api.put(f"courses/{school.course.pk}", course={"account_id": school.elsewhere.pk}).status_code == 403
    assert api.put(f"courses/{school.other_course.pk}", course={"name": "X"}).status_code == 403
    assert ids(api.get(f"accounts/{home}/courses")) == [school.course.pk]
    assert api.post(f"accounts/{home}/terms", enrollment_term={"name": "X"}).status_code == 404
    assert api.get(f"accounts/{home}/terms").json() == {"enrollment_terms": []}


def test_people_change_their_own_time_zone_and_language_and_nothing_else(school):
    api = Api(school.student)
    body = api.put("users/self", user={"time_zone": "Europe/Berlin", "locale": "es"}).json()
    assert (body["time_zone"], body["locale"]) == ("Europe/Berlin", "es")
    for given in ({"name": "Boss"}, {"email": "x@example.org"}, {"event": "suspend"}):
        assert api.put("users/self", user=given).status_code == 403
    assert User.objects.get(pk=school.student.pk).name == "Mia Lake"


def test_people_accept_the_terms_of_use_for_themselves_only(school):
    api = Api(school.student)
    assert api.put("users/self", user={"terms_of_use": 1}).status_code == 200
    accepted = User.objects.get(pk=school.student.pk).terms_accepted_at
    assert AuditEvent.objects.filter(action="user.changed", actor=school.student).count() == 1
    refused = api.put("users/self", user={"terms_of_use": False, "locale": "es"})
    assert (refused.status_code, refused.json()["errors"].keys()) == (400, {"user.terms_of_use"})
    assert Api(school.admin).put(f"users/{school.student.pk}", user={"terms_of_use": 1}).status_code == 403
    acting = Api(school.admin).put("users/self", user={"terms_of_use": 1}, as_user_id=school.student.pk)
    assert acting.status_code == 403
    now = User.objects.get(pk=school.student.pk)
    assert accepted is not None
    assert (now.terms_accepted_at, now.locale) == (accepted, "")


def test_people_end_their_own_sessions_through_the_api(school):
    api = Api(school.student)
    assert api.delete("users/self/sessions").json() == "ok"
    assert api.get("users/self").status_code == 401


def test_a_first_password_is_set_and_nobodys_is_replaced(school):
    path, new = f"accounts/self/logins/{school.student.pk}", {"unique_id": "mia2", "password": "four-old-bicycles"}
    weak = Api(school.admin).put(path, login={"unique_id": "mia2", "password": "mia2"})
    assert weak.json()["errors"].keys() == {"pseudonym.password"}
    assert User.objects.get(pk=school.student.pk).login_id == "mia"
    assert Api(school.admin).put(path, login=new).status_code == 200
    assert User.objects.get(pk=school.student.pk).check_password("four-old-bicycles")
    for password in ("five-old-bicycles", "four-old-bicycles"):
        answer = Api(school.admin).put(path, login={"unique_id": "mia3", "password": password})
        assert answer.status_code == 400
        assert "cannot set a password" in answer.json()["errors"]["pseudonym.password"][0]["message"]
    person = User.objects.get(pk=school.student.pk)
    assert person.login_id == "mia2"
    assert person.check_password("four-old-bicycles")
    (event,) = AuditEvent.objects.filter(subject=person, action=Action.PASSWORD_CHANGED)
    assert event.actor == school.admin


def test_nobody_sets_a_first_password_while_they_act_as_the_person(school):
    path = f"accounts/self/logins/{school.student.pk}?as_user_id={school.student.pk}"
    assert Api(school.admin).put(path, login={"password": "four-old-bicycles"}).status_code == 403
    assert not User.objects.get(pk=school.student.pk).has_password


def test_what_the_school_declares_somebody_to_be_is_set_and_taken_away(school):
    path = f"accounts/self/logins/{school.student.pk}"
    for declared in ("staff", ""):
        body = Api(school.admin).put(path, login={"declared_user_type": declared}).json()
        assert body["declared_user_type"] == (declared or None)
        assert User.objects.get(pk=school.student.pk).declared_user_type == declared
    assert Api(school.admin).put(path, login={"declared_user_type": "boss"}).status_code == 400


def test_logins_show_what_the_reader_may_see(school, root):
    path = f"users/{school.student.pk}/logins"
    (body,) = Api(school.admin).get(path).json()
    assert (body["unique_id"], body["sis_user_id"], body["account_id"]) == ("mia", "S-MIA", root.pk)
    assert Api(school.student).get("users/self/logins").json()[0]["unique_id"] == "mia"
    allow("AccountAdmin", "read_sis", enabled=False)
    assert "sis_user_id" not in Api(school.admin).get(path).json()[0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "users/{student}", {"user": {"name": " "}}, 400),
        ("PUT", "users/{student}", {"user": {"event": "explode"}}, 400),
        ("PUT", "users/{huge}", {"user": {"name": "X"}}, 404),
        ("PUT", "accounts/self/logins/{huge}", {"login": {"unique_id": "X"}}, 404),
        ("PUT", "accounts/self/logins/{student}", {"login": {"unique_id": ""}}, 400),
        ("PUT", "accounts/self/logins/{student}", {"login": {"workflow_state": "gone"}}, 400),
        ("DELETE", "accounts/self/users/{huge}", {}, 404),
        ("DELETE", "accounts/self/users/self", {}, 403),
        ("POST", "accounts/self/admins", {}, 400),
        ("POST", "accounts/self/admins", {"user_id": "{huge}"}, 404),
        ("POST", "accounts/self/admins", {"user_id": "{student}", "role_id": "999999"}, 400),
        ("POST", "accounts/self/admins", {"user_id": "{student}", "role": "TeacherEnrollment"}, 400),
        ("DELETE", "accounts/self/admins/{student}", {}, 404),
        ("DELETE", "accounts/self/admins/self", {}, 403),
        ("PUT", "accounts/self", {"account": {"name": ""}}, 400),
        ("DELETE", "accounts/{home}/sub_accounts/{home}", {}, 404),
        ("DELETE", "accounts/self/sub_accounts/{home}", {}, 422),
        ("POST", "accounts/self/sub_accounts", {"account": {"name": "x" * 300}}, 400),
        ("POST", "accounts/self/terms", {"enrollment_term": {"name": "F", "start_at": "soon"}}, 400),
        ("DELETE", "accounts/self/terms/{huge}", {}, 404),
        ("PUT", "courses/{course}", {"course": {"event": "explode"}}, 400),
        ("PUT", "courses/{course}", {"course": {"event": "undelete"}}, 404),
        ("PUT", "courses/{course}", {"course": {"term_id": "{huge}"}}, 404),
        ("PUT", "courses/{course}", {"course": {"account_id": "{huge}"}}, 404),
        ("PUT", "courses/{course}", {"course": {"name": "\0"}}, 400),
        ("DELETE", "courses/{course}", {}, 400),
        ("DELETE", "courses/{huge}", {"event": "delete"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(school, method, path, body, status):
    names = {
        "student": school.student.pk,
        "home": school.account.pk,
        "course": school.course.pk,
        "huge": HUGE,
    }

    def filled(value):
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        return value.format(**names)

    before = snapshot()
    answer = Api(school.admin).send(method, path.format(**names), filled(body))
    assert answer.status_code == status, answer.content
    assert snapshot() == before


def test_courses_are_found_by_words_state_and_term(school):
    term = Term.objects.create(name="Fall")
    drawing = CourseFactory(name="Drawing", account=school.account, term=term, workflow_state="unpublished")
    api = Api(school.admin)
    assert ids(api.get("accounts/self/courses", search_term="draw")) == [drawing.pk]
    assert ids(api.get("accounts/self/courses", state=["unpublished"])) == [drawing.pk]
    assert ids(api.get("accounts/self/courses", enrollment_term_id=term.pk)) == [drawing.pk]
    assert len(ids(api.get("accounts/self/courses", per_page=2))) == 2


def test_the_lists_take_the_same_number_of_statements_however_long(school, root):
    api = Api(school.admin)
    paths = ["accounts/self/courses", "accounts/self/sub_accounts", "accounts/self/admins", "accounts/self/terms"]
    few = [statements(lambda path=path: api.get(path)) for path in paths]
    for number in range(5):
        Term.objects.create(name=f"T{number}")
        CourseFactory(account=AccountFactory())
        make_admin()
    assert [statements(lambda path=path: api.get(path)) for path in paths] == few


def test_what_was_deleted_is_gone_and_frees_its_login(school):
    api = Api(school.admin)
    assert api.delete(f"accounts/self/users/{school.student.pk}").json()["id"] == school.student.pk
    assert api.get(f"users/{school.student.pk}").status_code == 404
    assert api.delete(f"accounts/self/users/{school.student.pk}").status_code == 404
    again = {"user": {"name": "Mia"}, "pseudonym": {"unique_id": "mia"}}
    assert api.post("accounts/self/users", **again).status_code == 200
    assert UserFactory(sis_user_id="S-MIA")


SECRETS = (
    *("sis_login_id:hidden@example.org", "login_id:HIDDEN@example.org"),
    *("sis_user_id:S-HIDDEN", "sis_integration_id:I-HIDDEN"),
)
READS = ("", "/profile", "/logins", "/enrollments", "/courses", "/observees", "/observers", "/observees/{home}")


@pytest.mark.parametrize("who", ["classmate", "teacher", "observer", "account_admin", "admin_elsewhere"])
def test_guessing_logins_and_sis_ids_does_not_tell_who_is_here(school, who):
    api, home = Api(getattr(school, who)), school.account.pk
    hidden = UserFactory(login_id="hidden@example.org", sis_user_id="S-HIDDEN", integration_id="I-HIDDEN")
    before = snapshot()
    for name, status in ((hidden.pk, 403), *((secret, 404) for secret in (*SECRETS, "sis_user_id:nobody"))):
        calls = [("GET", f"users/{name}{rest.format(home=home)}", {}) for rest in READS]
        calls += [
            ("PUT", f"users/{name}", {"user": {"name": "X"}}),
            ("PUT", f"users/{name}", {"user": {"time_zone": "Europe/Paris"}}),
            ("DELETE", f"users/{name}/sessions", {}),
            ("PUT", f"accounts/{home}/logins/{name}", {"login": {"unique_id": "x"}}),
            ("DELETE", f"accounts/{home}/users/{name}", {}),
            ("POST", f"users/{name}/observees", {"pairing_code": "abcdef"}),
            ("DELETE", f"users/{name}/observees/{school.student.pk}", {}),
            ("POST", f"users/{name}/observer_pairing_codes", {}),
        ]
        for method, path, body in calls:
            answer = api.send(method, path, body)
            assert answer.status_code == status, (method, path, answer.content)
            if status == 404:
                assert answer.json() == {"errors": [{"message": "The specified resource does not exist."}]}
    assert snapshot() == before


def test_guessing_logins_does_not_tell_who_is_here_while_pairing_is_off(school, root):
    UserFactory(login_id="hidden@example.org")
    Account.objects.filter(pk=root.pk).update(self_registration="none")
    for login, status in (("hidden@example.org", 404), ("nobody@example.org", 404), ("mia", 403)):
        answer = Api(school.teacher).post(f"users/sis_login_id:{login}/observer_pairing_codes")
        assert answer.status_code == status, answer.content


def test_whoever_may_read_somebody_finds_them_by_login_and_sis_id(school):
    for name in ("sis_login_id:mia", "sis_user_id:S-MIA"):
        for reader in (school.student, school.admin):
            for rest in ("", "/profile", "/logins", "/enrollments", "/courses", "/observees", "/observers"):
                assert Api(reader).get(f"users/{name}{rest}").status_code == 200, rest
        assert Api(school.observer).get(f"users/{name}").status_code == 200
        assert Api(school.teacher).put(f"users/{name}", user={"name": "X"}).status_code == 403
        assert Api(school.teacher).get(f"users/{name}/observees").status_code == 403


@pytest.mark.parametrize("key", ["manage_user_observers", "manage_user_logins", "generate_observer_pairing_code"])
def test_whoever_may_do_something_with_everybody_names_them_without_reading_them(school, root, key):
    role = Role.objects.create(label="Desk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission=key, enabled=True)
    desk = UserFactory()
    AccountAdmin.objects.create(user=desk, account=root, role=role)
    api, name = Api(desk), "sis_user_id:S-MIA"
    assert api.get(f"users/{name}").status_code == 404
    answers = {
        "manage_user_observers": lambda: api.get(f"users/{name}/observers"),
        "generate_observer_pairing_code": lambda: api.post(f"users/{name}/observer_pairing_codes"),
        "manage_user_logins": lambda: api.put(f"accounts/self/logins/{name}", login={"unique_id": "mia2"}),
    }
    assert {each: answer().status_code for each, answer in answers.items()} == {
        each: 200 if each == key else 404 for each in answers
    }


def test_a_list_of_enrollments_does_not_tell_either(school):
    UserFactory(login_id="hidden@example.org")
    for reader in (school.student, school.teacher):
        for key in ("user_id", "associated_user_id"):
            for login in ("hidden@example.org", "nobody@example.org"):
                path = f"courses/{school.course.pk}/enrollments"
                assert Api(reader).get(path, **{key: f"sis_login_id:{login}"}).status_code == 404


def test_refusing_to_make_somebody_an_admin_does_not_tell_who_is_here(school, root):
    role = Role.objects.create(label="Desk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission="manage_account_memberships", enabled=True)
    desk = UserFactory()
    AccountAdmin.objects.create(user=desk, account=root, role=role)
    for user_id, status in ((school.student.pk, 403), ("sis_login_id:mia", 404), ("sis_login_id:nobody", 404)):
        assert Api(desk).post("accounts/self/admins", user_id=user_id).status_code == status
    assert Api(school.admin).post("accounts/self/admins", user_id="sis_login_id:mia").status_code == 200


def test_enrolling_does_not_tell_by_sis_ids_who_is_here(school):
    UserFactory(login_id="hidden@example.org", sis_user_id="S-HIDDEN", integration_id="I-HIDDEN")
    path, before = f"courses/{school.course.pk}/enrollments", Enrollment.objects.count()

    def enroll(user_id, **more):
        return Api(school.teacher).post(path, enrollment={"user_id": user_id, **more})

    # Who is no student here is said of those one knows only.
    watching = {"type": "ObserverEnrollment"}
    for whom, status in (("sis_login_id:hidden@example.org", 404), ("login_id:nobody", 404), (school.teacher.pk, 400)):
        assert enroll(school.observer.pk, **watching, associated_user_id=whom).status_code == status
    allow(BaseType.TEACHER, "read_sis", enabled=False)
    for secret in SECRETS[2:]:
        assert enroll(secret).status_code == 404
    assert Enrollment.objects.count() == before
    assert enroll("sis_user_id:S-BEN").status_code == 200
    # As on the page: who adds people may learn that a login exists.
    assert enroll("sis_login_id:hidden@example.org").status_code == 200
    allow(BaseType.TEACHER, "read_sis")
    assert enroll("sis_integration_id:I-HIDDEN").status_code == 200


def test_a_course_is_changed_and_deleted_in_one_call_or_neither(school, root):
    """The watch over the order of locks (tests/conftest.py) looks on."""
    api, path, elsewhere = Api(school.admin), f"courses/{school.course.pk}", AccountFactory(parent=root)
    refused = api.put(path, course={"name": "Last", "sis_course_id": "x" * 300, "event": "delete"})
    assert refused.status_code == 400
    assert Course.objects.get(pk=school.course.pk).workflow_state == Course.State.AVAILABLE
    answer = api.put(path, course={"name": "Last", "account_id": elsewhere.pk, "event": "delete"})
    assert answer.status_code == 200
    course = Course.objects.get(pk=school.course.pk)
    assert (course.name, course.account, course.workflow_state) == ("Last", elsewhere, Course.State.DELETED)
    assert not Enrollment.objects.present().filter(section__course=course).exists()
