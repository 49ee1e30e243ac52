"""Signing in and out, and getting a new password, at Canvas's addresses."""

import re

import pytest
from django.test import Client

from accounts.domain.tokens import make_token, token_owner
from accounts.models import AuditEvent, User
from tests.factories import PASSWORD, UserFactory
from tests.jobs import work_off_jobs


@pytest.fixture
def person(root):
    return UserFactory(login_id="pat", email="pat@example.org", password=PASSWORD)


def test_the_old_login_address_leads_to_the_sign_in_page(client, root):
    assert client.get("/login?next=/terms").headers["Location"] == "/login/canvas?next=/terms"


def test_signing_in_leads_to_the_dashboard_and_out_again(client, person):
    answer = client.post("/login/canvas", {"login": "PAT", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert "Nothing here yet" in client.get("/").content.decode()
    assert client.get("/logout").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login/canvas"
    assert client.get("/").status_code == 302


def test_a_suspended_person_is_told_so_at_sign_in(client, person):
    User.objects.update(state=User.State.SUSPENDED)
    answer = client.post("/login/canvas", {"login": "pat", "password": PASSWORD}, follow=True)
    assert "_auth_user_id" not in client.session
    assert answer.status_code == 200


def test_a_forgotten_password_is_replaced_by_an_emailed_link(client, person, mailoutbox):
    answer = client.post("/login/password/reset", {"email": "pat@example.org"}, follow=True)
    assert "Check your email" in answer.content.decode()
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


def test_an_unknown_address_gets_the_same_answer_and_no_email(client, person, mailoutbox):
    answer = client.post("/login/password/reset", {"email": "nobody@example.org"}, follow=True)
    assert "Check your email" in answer.content.decode()
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


def test_the_pages_that_allauth_leads_to_are_ours(client, person):
    assert client.get("/login/signup").headers["Location"] == "/register"
    client.force_login(person)
    assert client.get("/login/email").headers["Location"] == "/profile/settings"


# What a new password ends

WORDS = {"password1": "new-and-long-words", "password2": "new-and-long-words"}


def link_in(mailoutbox, client) -> str:
    client.post("/login/password/reset", {"email": "pat@example.org"})
    work_off_jobs()
    (link,) = re.findall(r"http://testserver(/login/password/reset/key/\S+)", mailoutbox[-1].body)
    return client.get(link).url


def test_a_new_password_ends_access_tokens(client, person):
    text, others = make_token(person, "", by=None), make_token(UserFactory(), "", by=None)
    client.force_login(person)
    assert "Also revoke my access tokens" in client.get("/login/password/change").content.decode()
    client.post("/login/password/change", {"oldpassword": PASSWORD, **WORDS, "end_tokens": "on"})
    assert token_owner(text) is None
    assert token_owner(others)
    assert AuditEvent.objects.get(action="password.changed").details == {"tokens_ended": 1}
    assert client.get("/profile/settings").status_code == 200, "the browser in which it was changed stays signed in"


def test_a_person_may_keep_their_access_tokens_with_a_new_password(client, person):
    text = make_token(person, "", by=None)
    client.force_login(person)
    client.post("/login/password/change", {"oldpassword": PASSWORD, **WORDS})
    person.refresh_from_db()
    assert person.check_password(WORDS["password1"])
    assert token_owner(text) == person


def test_people_without_tokens_are_not_asked_about_them(client, person):
    client.force_login(person)
    assert "Also revoke my access tokens" not in client.get("/login/password/change").content.decode()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_reset_ends_access_tokens_and_sessions_unless_the_tokens_are_kept(client, person, mailoutbox, keeps):
    text, elsewhere = make_token(person, "", by=None), Client()
    elsewhere.force_login(person)
    form = link_in(mailoutbox, client)
    assert "Also revoke my access tokens" in client.get(form).content.decode()
    client.post(form, WORDS if keeps else {**WORDS, "end_tokens": "on"})
    assert bool(token_owner(text)) is keeps
    assert elsewhere.get("/profile/settings").status_code == 302


def test_a_person_who_has_reset_the_password_need_not_wait(client, person, mailoutbox):
    for _ in range(6):
        client.post("/login/canvas", {"login": "pat", "password": "wrong"})
    assert client.post("/login/canvas", {"login": "pat", "password": PASSWORD}).status_code == 429
    client.post(link_in(mailoutbox, client), WORDS)
    answer = client.post("/login/canvas", {"login": "pat", "password": WORDS["password1"]})
    assert answer.status_code == 302


def test_a_person_who_is_signed_in_without_a_password_sets_a_first_one(client, root):
    newcomer = UserFactory()
    newcomer.set_unusable_password()
    newcomer.save()
    client.force_login(newcomer)
    client.post("/login/password/set", WORDS)
    newcomer.refresh_from_db()
    assert newcomer.check_password(WORDS["password1"])
