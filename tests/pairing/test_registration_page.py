"""Signing up on the page and in the login page's dialog."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import FailedTry, ObservationLink, SelfRegistration, User
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.factories import EnrollmentFactory, UserFactory
from tests.failures import fail

CONFIRM = "/register/confirm"
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


def test_a_parent_sees_whom_the_code_is_about_before_anything_is_made_or_spent(client, code, root):
    set_to(root, SelfRegistration.OBSERVER)
    User.objects.update(name="Mia Stone", sortable_name="Stone, Mia", short_name="Mia Stone")
    answer = client.post("/register", {**GOOD, "pairing_code[code]": code})
    assert (answer.status_code, answer.url) == (302, CONFIRM)
    page = client.get(CONFIRM).content.decode()
    assert "Mia S." in page
    assert "Mia Stone" not in page
    assert not User.objects.filter(name="Pam Stone").exists()
    assert PairingCode.objects.live().exists()
    for carried in (code, GOOD["pseudonym[password]"]):
        assert carried not in page + str(dict(client.session.items()))


def test_a_parent_who_agrees_is_linked_and_lands_signed_in_where_it_says_whom_they_observe(client, code, root):
    set_to(root, SelfRegistration.OBSERVER)
    student = User.objects.get()
    client.post("/register", {**GOOD, "pairing_code[code]": code})
    answer = client.post(CONFIRM, follow=True)
    assert answer.redirect_chain == [("/profile/observees", 302)]
    made = User.objects.get(login_id="pam@example.org")
    assert made.check_password(GOOD["pseudonym[password]"])
    assert ObservationLink.objects.live().get().observer == made
    assert client.session["_auth_user_id"] == str(made.pk)
    assert f"You are now observing {student.short_name}" in answer.content.decode()


def test_agreeing_twice_makes_one_account_and_is_answered_the_same_twice(client, code, root):
    client.post("/register", {**GOOD, "pairing_code[code]": code})
    session = dict(client.session.items())
    first = client.post(CONFIRM)
    assert client.get(CONFIRM).url == "/profile/observees"
    client.logout()
    # The second of two quick presses has read the session before the first changed it.
    again = client.session
    again.update(session)
    again.save()
    assert client.post(CONFIRM).url == first.url == "/profile/observees"
    assert User.objects.filter(login_id="pam@example.org").count() == 1
    assert client.session["_auth_user_id"] == str(User.objects.get(login_id="pam@example.org").pk)
    assert not FailedTry.objects.exists()


def test_the_second_press_that_comes_too_late_leads_to_signing_in(client, code, root):
    answer = client.post(CONFIRM, follow=True)
    assert answer.redirect_chain == [("/login/canvas", 302)]
    assert "sign in now" in answer.content.decode()
    assert client.get(CONFIRM).url == "/register"


def test_a_code_that_ends_before_the_parent_agrees_is_said_and_makes_nothing(client, code, root):
    client.post("/register", {**GOOD, "pairing_code[code]": code})
    PairingCode.objects.update(revoked_at=timezone.now())
    assert "no longer works" in client.get(CONFIRM, follow=True).content.decode()
    answer = client.post(CONFIRM)
    assert answer.status_code == 422
    assert "does not work" in answer.content.decode()
    assert "pam@example.org" in answer.content.decode()
    assert not User.objects.filter(name="Pam Stone").exists()


def test_who_has_an_account_already_is_led_to_its_password(client, code, root):
    UserFactory(login_id="pam@example.org", password=None)
    page = client.post("/register", {**GOOD, "pairing_code[code]": code}).content.decode()
    assert "Forgot your password?" in page
    assert reverse("account_reset_password") in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("user[name]", "", "required"),
        ("pseudonym[unique_id]", "not an address", "valid email"),
        ("pseudonym[password]", "short", "too short"),
        ("user[terms_of_use]", "", "Accept the terms"),
        ("pairing_code[code]", "abcdef", "does not work"),
        ("pairing_code[code]", "", "Enter the pairing code"),
        ("pairing_code[code]", "ab0def", "Codes never contain"),
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


def test_a_form_without_anything_in_it_is_answered_with_what_is_missing(client, root):
    answer = client.post("/register", {})
    assert answer.status_code == 422
    assert "required" in answer.content.decode()


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


# A computer that others use


@pytest.fixture
def left_open(client, code) -> None:
    """Somebody has come as far as the page to confirm, and gone away."""
    client.post("/register", {**GOOD, "pairing_code[code]": code})
    assert client.get(CONFIRM).status_code == 200


def is_forgotten(client) -> bool:
    assert not User.objects.filter(login_id="pam@example.org").exists()
    gone = client.get(CONFIRM)
    return (gone.status_code, gone.url) == (302, "/register") and "pam@example.org" not in page_of(client)


def page_of(client) -> str:
    return client.get("/register").content.decode()


@pytest.mark.usefixtures("left_open")
def test_whoever_finds_it_open_sees_whose_it_is_and_starts_again(client):
    for page in (client.get(CONFIRM).content.decode(), page_of(client)):
        assert "You are signing up as <strong>Pam Stone</strong>, pam@example.org. Not you?" in page
        assert 'name="step" value="start_again"' in page
    for _ in range(2):
        assert client.post(CONFIRM, {"step": "start_again"}).url == "/register"
    assert is_forgotten(client)
    assert "Not you?" not in page_of(client)


@pytest.mark.usefixtures("left_open")
def test_opening_the_sign_in_page_forgets_it(client):
    client.get("/login/canvas")
    assert is_forgotten(client)


@pytest.mark.usefixtures("left_open")
def test_signing_in_and_out_forgets_a_begun_sign_up(client):
    client.force_login(UserFactory())
    assert "begun_sign_up" not in client.session
    client.post("/logout")
    assert is_forgotten(client)


@pytest.mark.parametrize(("minutes", "waits"), [(14, True), (16, False)])
@pytest.mark.usefixtures("left_open")
def test_it_waits_for_a_quarter_of_an_hour(client, minutes, waits):
    session = client.session
    session["begun_sign_up"] = {**session["begun_sign_up"], "at": session["begun_sign_up"]["at"] - minutes * 60}
    session.save()
    assert (client.get(CONFIRM).status_code == 200) is waits
    if not waits:
        client.post(CONFIRM)
        assert is_forgotten(client)
