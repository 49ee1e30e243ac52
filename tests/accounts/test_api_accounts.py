"""People, accounts, terms and the switch of self registration, through the API."""

import pytest

from accounts.models import Account, AuditEvent, BaseType, ObservationLink, User
from tests.api import Api, ids
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory, make_admin

pytestmark = pytest.mark.django_db

NAMES = {"id", "name", "created_at", "sortable_name", "short_name"}


def test_people_read_everything_about_themselves(root):
    user = UserFactory(email="sam@example.org", locale="de")
    body = Api(user).get("users/self").json()
    assert body.keys() >= NAMES | {"permissions", "locale", "effective_locale", "avatar_url"}
    assert (body["login_id"], body["email"], body["sis_user_id"]) == (
        user.login_id,
        user.email,
        user.sis_user_id,
    )


def test_the_profile_has_what_the_apps_read_at_start_up(root):
    user = UserFactory(email="sam@example.org", time_zone="Europe/Berlin")
    body = Api(user).get("users/self/profile").json()
    assert body.keys() >= NAMES | {"avatar_url", "login_id", "effective_locale", "k5_user"}
    assert (body["primary_email"], body["time_zone"]) == ("sam@example.org", "Europe/Berlin")


@pytest.mark.parametrize("what", ["", "/profile", "/logins", "/enrollments", "/courses"])
def test_a_stranger_reads_nobody_and_cannot_tell_which_logins_there_are(root, what):
    stranger, other = Api(UserFactory()), UserFactory()
    assert stranger.get(f"users/{other.pk}{what}").status_code == 403
    for prefix, real in (("sis_user_id", other.sis_user_id), ("sis_login_id", other.login_id)):
        assert stranger.get(f"users/{prefix}:{real}{what}").status_code == 404
        assert stranger.get(f"users/{prefix}:nobody{what}").status_code == 404


@pytest.mark.parametrize("prefix", ["sis_user_id", "sis_login_id"])
def test_changing_tells_a_stranger_no_more(root, prefix):
    stranger, other = Api(UserFactory()), UserFactory()
    for value in (getattr(other, {"sis_login_id": "login_id"}.get(prefix, prefix)), "nobody"):
        assert stranger.put(f"users/{prefix}:{value}", user={"name": "Ana"}).status_code == 404
        assert stranger.delete(f"users/{prefix}:{value}/sessions").status_code == 404


@pytest.mark.parametrize("form", ["{0.pk}", "sis_user_id:{0.sis_user_id}", "sis_login_id:{0.login_id}"])
def test_an_admin_finds_people_by_any_id(root, form):
    user = UserFactory()
    body = Api(make_admin()).get(f"users/{form.format(user)}").json()
    assert (body["id"], body["login_id"], body["sis_user_id"]) == (user.pk, user.login_id, user.sis_user_id)


def test_an_observer_reads_only_the_names_of_the_student(root):
    observer, student = UserFactory(), UserFactory(email="kid@example.org")
    ObservationLink.objects.create(observer=observer, student=student, origin="api")
    wanted = ["last_login", "time_zone", "email"]
    assert Api(observer).get(f"users/{student.pk}", include=wanted).json().keys() == NAMES | {"avatar_url"}
    profile = Api(observer).get(f"users/{student.pk}/profile").json()
    assert not {"login_id", "primary_email", "sis_user_id"} & profile.keys()
    assert Api(student).get(f"users/{observer.pk}").status_code == 403


def test_staff_of_a_course_read_its_people(root):
    enrollment = EnrollmentFactory()
    teacher = EnrollmentFactory(section=enrollment.section, type=BaseType.TEACHER).user
    school_admin = make_admin(enrollment.section.course.account)
    for user in (teacher, school_admin):
        body = Api(user).get(f"users/{enrollment.user_id}").json()
        assert (body["login_id"], body["sis_user_id"]) == (enrollment.user.login_id, enrollment.user.sis_user_id)
        assert Api(user).get(f"users/{EnrollmentFactory().user_id}").status_code == 403
    assert Api(enrollment.user).get(f"users/{teacher.pk}").status_code == 403


def test_deleted_people_are_not_found_through_the_api(root):
    gone = UserFactory(state=User.State.DELETED)
    assert Api(make_admin()).get(f"users/{gone.pk}").status_code == 404


def test_an_admin_lists_the_accounts_they_administer_and_others_none(root):
    school = AccountFactory()
    AccountFactory()
    assert ids(Api(make_admin(school)).get("accounts")) == [school.pk]
    assert ids(Api(make_admin()).get("accounts")) == [root.pk]
    assert ids(Api(UserFactory()).get("accounts")) == []


def test_listing_accounts_costs_the_same_for_many(root, django_assert_num_queries):
    admin = make_admin()
    api = Api(admin)
    with django_assert_num_queries(3):
        api.get("accounts")
    for _number in range(5):
        make_admin_of = AccountFactory()
        admin.account_admins.create(account=make_admin_of, role=admin.account_admins.first().role)
    with django_assert_num_queries(3):
        assert len(api.get("accounts").json()) == 6


def test_an_account_is_read_by_its_admins_and_those_above(root):
    school, other = AccountFactory(sis_account_id="MS"), AccountFactory()
    for path in (f"accounts/{school.pk}", "accounts/sis_account_id:MS"):
        body = Api(make_admin(school)).get(path).json()
        assert (body["id"], body["parent_account_id"], body["root_account_id"]) == (
            school.pk,
            root.pk,
            root.pk,
        )
        assert body["sis_account_id"] == "MS"
    assert Api(make_admin()).get(f"accounts/{school.pk}").status_code == 200
    assert Api(make_admin(other)).get(f"accounts/{school.pk}").status_code == 403
    assert Api(make_admin(school)).get("accounts/self").status_code == 403
    assert Api(UserFactory()).get("accounts/self").status_code == 403


@pytest.mark.parametrize("account", ["self", "number"])
def test_the_terms_are_read_before_there_is_a_login(root, account):
    Account.objects.update(terms_of_use="Be kind.", self_registration="observer")
    path = "self" if account == "self" else root.pk
    assert Api().get(f"accounts/{path}/terms_of_service").json() == {
        "id": root.pk,
        "terms_type": "custom",
        "passive": False,
        "account_id": root.pk,
        "content": "Be kind.",
        "self_registration_type": "observer",
    }


def test_the_terms_of_no_account_are_a_404(root):
    assert Api().get("accounts/99999/terms_of_service").status_code == 404


@pytest.mark.parametrize("provider", ["", "/canvas", "/1"])
def test_an_admin_reads_and_sets_self_registration(root, provider):
    admin = make_admin()
    api, path = Api(admin), f"accounts/{root.pk}/authentication_providers{provider}"
    found = api.get(path).json()
    found = found if provider else found[0]
    assert (found["auth_type"], found["self_registration"], found["account_id"]) == ("canvas", "all", root.pk)
    for given, kept in {"none": "none", "observer": "observer", True: "all", False: "none"}.items():
        assert api.put(path, self_registration=given).json()["self_registration"] == kept
        assert Account.objects.root().self_registration == kept
    assert AuditEvent.objects.filter(action="self_registration.changed", actor=admin).count() == 4


def test_self_registration_takes_no_other_word(root):
    answer = Api(make_admin()).put("accounts/self/authentication_providers/canvas", self_registration="perhaps")
    assert answer.status_code == 400
    assert answer.json()["errors"]["self_registration"][0]["type"] == "inclusion"


def test_self_registration_is_for_admins_of_the_institution_alone(root):
    school = AccountFactory()
    for user in (UserFactory(), make_admin(school)):
        for call in (Api(user).get, Api(user).put):
            assert call("accounts/self/authentication_providers/canvas").status_code == 403
    path = f"accounts/{school.pk}/authentication_providers/canvas"
    assert Api(make_admin(school)).put(path, self_registration="none").status_code == 404
    assert Api(make_admin()).get("accounts/self/authentication_providers/saml").status_code == 404
    assert Account.objects.root().self_registration == "all"
