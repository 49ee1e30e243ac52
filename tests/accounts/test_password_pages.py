"""Signing in and out, and getting a new password, at Canvas's addresses."""

import re

import pytest

from accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.jobs import work_off_jobs


@pytest.fixture
def person(root):
    return UserFactory(login_id="pat", email="pat@example.org", password=PASSWORD)


def test_login_leads_to_the_login_page(client, root):
    assert client.get("/login?next=/terms").headers["Location"] == "/login/canvas?next=/terms"


def test_signing_in_leads_to_the_dashboard_and_out_again(client, person):
    answer = client.post("/login/canvas", {"login": "PAT", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert "Nothing here yet" in client.get("/").content.decode()
    assert client.get("/logout").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login/canvas"
    assert client.get("/").status_code == 302


def test_a_suspended_person_is_told_so(client, person):
    User.objects.update(state=User.State.SUSPENDED)
    answer = client.post("/login/canvas", {"login": "pat", "password": PASSWORD}, follow=True)
    assert "_auth_user_id" not in client.session
    assert answer.status_code == 200


def test_a_forgotten_password_is_replaced_by_way_of_a_mail(client, person, mailoutbox):
    answer = client.post("/login/password/reset", {"email": "pat@example.org"}, follow=True)
    assert "Look into your mail" in answer.content.decode()
    work_off_jobs()
    (mail,) = mailoutbox
    assert "pat" in mail.body
    link = re.search(r"http://testserver(/login/password/reset/key/\S+)", mail.body)[1]
    form = client.get(link, follow=True)
    assert "Choose a new password" in form.content.decode()
    answer = client.post(
        form.redirect_chain[-1][0],
        {"password1": "new-and-long-words", "password2": "new-and-long-words"},
        follow=True,
    )
    assert "Password saved" in answer.content.decode()
    person.refresh_from_db()
    assert person.check_password("new-and-long-words")
    assert "This link no longer works" in client.get(link, follow=True).content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client, person, mailoutbox):
    answer = client.post("/login/password/reset", {"email": "nobody@example.org"}, follow=True)
    assert "Look into your mail" in answer.content.decode()
    work_off_jobs()
    assert mailoutbox == []


def test_a_password_is_changed_by_its_owner(client, person):
    client.force_login(person)
    words = "new-and-long-words"
    client.post("/login/password/change", {"oldpassword": "wrong", "password1": words, "password2": words})
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    client.post("/login/password/change", {"oldpassword": PASSWORD, "password1": words, "password2": words})
    person.refresh_from_db()
    assert person.check_password(words)


def test_what_allauth_would_do_elsewhere_is_done_here(client, person):
    assert client.get("/login/signup").headers["Location"] == "/register"
    client.force_login(person)
    assert client.get("/login/email").headers["Location"] == "/profile/settings"
