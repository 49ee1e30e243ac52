"""Signing up on the page and in the login page's dialog."""

import pytest

from accounts.models import ObservationLink, SelfRegistration, User
from pairing.issuing import issue
from pairing.models import PairingCode
from tests.factories import EnrollmentFactory, UserFactory
from tests.failures import fail

GOOD = {
    "user[name]": "Pam Stone",
    "pseudonym[unique_id]": "pam@example.org",
    "pseudonym[password]": "plain-but-long-words",
    "user[terms_of_use]": "on",
}


def set_to(root, value: str) -> None:
    root.self_registration = value
    root.save()


@pytest.fixture
def code(root) -> str:
    student = EnrollmentFactory().user
    return issue(student, by=student).text


def test_a_parent_signs_up_is_linked_and_lands_signed_in_on_the_dashboard(client, code, root):
    set_to(root, SelfRegistration.OBSERVER)
    answer = client.post("/register", {**GOOD, "pairing_code[code]": code})
    assert answer.status_code == 302
    assert answer.url == "/"
    made = User.objects.get(login_id="pam@example.org")
    assert ObservationLink.objects.live().get().observer == made
    assert client.session["_auth_user_id"] == str(made.pk)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("user[name]", "", "required"),
        ("pseudonym[unique_id]", "not an address", "valid email"),
        ("pseudonym[password]", "short", "too short"),
        ("user[terms_of_use]", "", "accept the terms"),
        ("pairing_code[code]", "abcdef", "does not work"),
        ("pairing_code[code]", "", "type the pairing code"),
        ("pairing_code[code]", "ab0def", "never used in a code"),
    ],
)
def test_a_failed_sign_up_says_why_keeps_what_was_typed_and_makes_nothing(client, code, root, field, value, message):
    set_to(root, SelfRegistration.OBSERVER)
    answer = client.post("/register", {**GOOD, "pairing_code[code]": code, field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert GOOD["pseudonym[password]"] not in page
    assert ("Pam Stone" in page) or field == "user[name]"
    assert not User.objects.filter(name="Pam Stone").exists()
    assert PairingCode.objects.live().count() == 1


def test_a_login_that_is_taken_is_told_only_to_one_with_a_good_code(client, code, root):
    UserFactory(login_id="PAM@example.org")
    assert (
        "account with this login"
        not in client.post("/register", {**GOOD, "pairing_code[code]": "abcdef"}).content.decode()
    )
    assert "account with this login" in client.post("/register", {**GOOD, "pairing_code[code]": code}).content.decode()
    assert PairingCode.objects.live().count() == 1


def test_with_self_registration_off_there_is_no_way_in(client, code, root):
    set_to(root, SelfRegistration.NONE)
    assert client.get("/register").status_code == 403
    assert client.post("/register", {**GOOD, "pairing_code[code]": code}).status_code == 403
    assert "register_link" not in client.get("/login/canvas").content.decode()


def test_for_observers_only_nobody_signs_up_without_a_code(client, root):
    set_to(root, SelfRegistration.OBSERVER)
    assert client.post("/register", GOOD).status_code == 422
    assert not User.objects.exists()


def test_for_all_account_types_a_code_is_not_needed(client, root):
    set_to(root, SelfRegistration.ALL)
    assert client.post("/register", GOOD).status_code == 302
    assert User.objects.get().login_id == "pam@example.org"


def test_the_login_page_holds_the_dialog_and_the_ids_the_parent_app_looks_for(client, root):
    page = client.get("/login/canvas").content.decode()
    assert 'id="register_link"' in page
    assert 'id="pairing_code"' in page
    assert 'id="login_form"' in page


def test_guessing_at_sign_up_is_stopped_by_the_networks_count(client, root):
    fail(20)
    answer = client.post("/register", {**GOOD, "pairing_code[code]": "abcdef"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 20


def test_somebody_signed_in_is_sent_to_observing(client, root):
    client.force_login(UserFactory())
    assert client.get("/register").url == "/profile/observees"
