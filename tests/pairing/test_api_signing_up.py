"""Making accounts through the API: with a pairing code and no token, and by staff."""

import json

import pytest

from accounts.models import Account, AuditEvent, ObservationLink, User
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.api import Api
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory, make_admin
from tests.failures import fail

pytestmark = pytest.mark.django_db

PASSWORD = "four-old-bicycles"


@pytest.fixture
def student(root):
    return EnrollmentFactory().user


@pytest.fixture
def code(student):
    return issue(student, by=student).text


def form(code=None, **changes):
    given = {
        "user": {"name": "Mona Abel", "initial_enrollment_type": "observer", "terms_of_use": True},
        "pseudonym": {"unique_id": "mona@example.org", "password": PASSWORD},
        "pairing_code": {"code": code},
    }
    for path, value in changes.items():
        group, _dot, name = path.partition("__")
        given[group] = {**given[group], name: value}
    return given if code else {key: value for key, value in given.items() if key != "pairing_code"}


def sign_up(form, account="self", user=None):
    return Api(user).raw("POST", f"accounts/{account}/users", json.dumps(form))


def test_a_parent_signs_up_and_is_linked(student, code, root):
    answer = sign_up(form(code), root.pk)
    assert answer.status_code == 200
    body, parent = answer.json(), User.objects.get(login_id="mona@example.org")
    assert (
        body.items()
        >= {
            "id": parent.pk,
            "name": "Mona Abel",
            "sortable_name": "Abel, Mona",
            "short_name": "Mona Abel",
            "login_id": "mona@example.org",
            "terms_of_use": True,
        }.items()
    )
    assert ObservationLink.objects.get().student == student
    assert parent.check_password(PASSWORD)
    assert parent.state == "registered"


def test_sign_up_takes_the_code_without_nesting(student, code):
    assert sign_up({**form(code), "pairing_code": code}).status_code == 200
    assert ObservationLink.objects.get().student == student


@pytest.mark.parametrize(
    ("changes", "group", "field", "kind"),
    [
        ({"user__name": ""}, "user", "name", "blank"),
        ({"user__terms_of_use": False}, "user", "terms_of_use", "accepted"),
        ({"user__time_zone": "x" * 65}, "user", "time_zone", "invalid"),
        ({"pseudonym__unique_id": "not an email"}, "pseudonym", "unique_id", "invalid"),
        ({"pseudonym__unique_id": "taken@example.org"}, "pseudonym", "unique_id", "taken"),
        ({"pseudonym__password": "short"}, "pseudonym", "password", "invalid"),
        ({"pairing_code__code": "abcdef"}, "pairing_code", "code", "invalid"),
        ({"pairing_code__code": ""}, "pairing_code", "code", "invalid"),
    ],
)
def test_a_refusal_is_in_the_groups_that_clients_look_in(student, code, changes, group, field, kind):
    UserFactory(login_id="taken@example.org")
    answer = sign_up(form(code, **changes))
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert errors.keys() == {"user", "pseudonym", "observee", "pairing_code", "recaptcha"}
    assert errors["recaptcha"] is None
    (complaint,) = errors[group].pop(field)
    assert complaint.keys() == {"attribute", "type", "message"}
    assert (complaint["attribute"], complaint["type"]) == (field, kind)
    assert not any(errors.values()), "nothing else is complained about"
    assert PairingCode.objects.live().count() == 1
    assert not User.objects.filter(name="Mona Abel").exists()


def test_the_flat_string_of_a_bad_code_and_strings_for_hashes_do_not_crash(root):
    assert sign_up({**form(), "pairing_code": "abcdef"}).json()["errors"]["pairing_code"]["code"]
    assert sign_up({"user": "x", "pseudonym": ["y"], "pairing_code": 7}).status_code == 400
    assert sign_up({**form(), "pairing_code": {"code": {"deep": 1}}}).status_code == 400
    assert sign_up({**form(), "user": {"name": "a\0b"}}).status_code == 400


@pytest.mark.parametrize(
    ("setting", "type", "status"),
    [
        ("none", "observer", 403),
        ("none", "", 403),
        ("observer", "observer", 200),
        ("observer", "student", 403),
        ("observer", "", 403),
        ("all", "observer", 200),
    ],
)
def test_self_registration_decides_who_may(code, setting, type, status):
    Account.objects.update(self_registration=setting)
    answer = sign_up(form(code, user__initial_enrollment_type=type))
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {}


def test_with_self_registration_for_all_other_people_need_no_code(root):
    assert sign_up(form(user__initial_enrollment_type="student")).status_code == 200
    assert sign_up(form(user__initial_enrollment_type="observer")).status_code == 400


def test_people_sign_up_with_the_institution_and_not_with_a_school(code):
    assert sign_up(form(code), AccountFactory().pk).status_code == 404
    assert sign_up(form(code), 99999).status_code == 404


def test_guessing_codes_by_signing_up_is_limited_by_network(code):
    fail(20)
    answer = sign_up(form(code))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("signed_in", [False, True])
def test_nobody_sets_their_own_sis_ids_or_another_address_and_all_are_told_so(code, signed_in):
    caller = UserFactory() if signed_in else None
    for group, field in (("pseudonym", "sis_user_id"), ("pseudonym", "integration_id")):
        answer = sign_up(form(code, **{f"{group}__{field}": "ADMIN1"}), user=caller)
        assert (answer.status_code, answer.json()["errors"][group].keys()) == (400, {field})
    other = {"communication_channel": {"address": "other@example.org", "type": "email"}}
    answer = sign_up({**form(code), **other}, user=caller)
    assert (answer.status_code, answer.json()["errors"]["user"].keys()) == (400, {"email"})
    assert not User.objects.filter(login_id=form()["pseudonym"]["unique_id"]).exists()
    same = {"communication_channel": {"address": form()["pseudonym"]["unique_id"].upper(), "type": "email"}}
    assert sign_up({**form(code), **same}, user=caller).status_code == 200


def test_what_nobody_can_come_as_is_a_400_that_names_it(code):
    answer = sign_up(form(code, user__initial_enrollment_type="pupil"))
    assert (answer.status_code, answer.json()["errors"]["user"].keys()) == (400, {"initial_enrollment_type"})


def test_staff_make_accounts_without_terms_password_or_code(root):
    Account.objects.update(self_registration="none")
    admin = make_admin()
    given = {
        "user": {"name": "Kim Abel"},
        "pseudonym": {"unique_id": "kim", "sis_user_id": "S1"},
        "communication_channel": {"address": "kim@example.org", "skip_confirmation": True},
    }
    body = sign_up(given, user=admin).json()
    made = User.objects.get(login_id="kim")
    assert (body["sis_user_id"], body["login_id"], body["email"]) == ("S1", "kim", "kim@example.org")
    assert (made.state, made.has_usable_password()) == ("pre_registered", False)
    assert AuditEvent.objects.get(action="user.created").actor == admin
    again = {"user": {"name": "Kim"}, "pseudonym": {"unique_id": "kim2", "sis_user_id": "S1"}}
    assert sign_up(again, user=admin).json()["errors"]["pseudonym"]["sis_user_id"][0]["type"] == "taken"


def test_an_observer_made_by_staff_needs_a_code_too(student, code):
    admin = make_admin()
    assert sign_up(form(), user=admin).json()["errors"]["pairing_code"]["code"]
    assert sign_up(form(code), user=admin).status_code == 200
    assert ObservationLink.objects.get().student == student


def test_a_token_without_the_right_is_worth_no_more_than_none(student, code):
    Account.objects.update(self_registration="observer")
    teacher = UserFactory()
    assert sign_up(form(user__initial_enrollment_type="teacher"), user=teacher).status_code == 403
    assert sign_up(form(code), user=teacher).json()["sis_user_id"] is None


def test_an_admin_of_a_school_makes_accounts_there_and_not_above(root):
    school = AccountFactory()
    Account.objects.filter(pk=root.pk).update(self_registration="none")
    given = {"user": {"name": "Kim Abel"}, "pseudonym": {"unique_id": "kim"}}
    assert sign_up(given, user=make_admin(school)).status_code == 403
    assert sign_up(given, school.pk, user=make_admin(school)).status_code == 200
