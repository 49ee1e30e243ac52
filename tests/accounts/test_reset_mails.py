"""Emails with a link to a new password: to whom, in which words, and what a job asked for twice does."""

from datetime import timedelta

import pytest
from allauth.account.adapter import get_adapter
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.domain.passwords import send_reset_mails
from accounts.forms.passwords import LoginForm, SetPasswordForm
from accounts.jobs import ask_for_reset_mail, forget
from accounts.models import FailedTry, User
from tests.factories import PASSWORD, UserFactory

SITE = "https://school.example/"
WORDS = {"password1": "new-and-long-words", "password2": "new-and-long-words"}


@pytest.mark.parametrize("site", ["https://school.example", "https://school.example/"])
def test_the_link_leads_to_the_site_where_it_was_asked_for(pat, mailoutbox, site):
    send_reset_mails("pat@example.org", site)
    (mail,) = mailoutbox
    assert "https://school.example/login/password/reset/key/" in mail.body
    assert (mail.to, mail.subject) == (["pat@example.org"], "Choose a new password")


def test_the_email_names_the_login_and_says_what_to_do_if_it_was_not_asked_for(pat, mailoutbox):
    User.objects.update(login_id="o'pat & co")
    send_reset_mails("pat@example.org", SITE)
    (mail,) = mailoutbox
    assert "for the account o'pat & co." in mail.body, "plain text, in which nothing is escaped"
    assert "ignore this email" in mail.body
    assert mail.body == mail.body.strip()


def test_the_subject_is_one_line_whatever_a_translation_says(pat, mailoutbox):
    send_reset_mails("pat@example.org", SITE)
    assert "\n" not in mailoutbox[0].subject


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_people_who_cannot_sign_in_get_no_email(pat, mailoutbox, state):
    User.objects.update(state=state)
    send_reset_mails("pat@example.org", SITE)
    assert mailoutbox == []


def test_people_without_an_address_get_no_email_and_nobody_gets_theirs(root, mailoutbox):
    UserFactory(email="")
    send_reset_mails("", SITE)
    assert mailoutbox == []


def test_an_invited_person_who_never_had_a_password_chooses_one_by_the_link(pat, mailoutbox):
    User.objects.update(state="pre_registered", password="!")
    send_reset_mails("pat@example.org", "http://testserver")
    address = next(word for word in mailoutbox[0].body.split() if "/key/" in word).removeprefix("http://testserver")
    client = Client()
    client.post(client.get(address).headers["Location"], WORDS)
    assert User.objects.get().check_password(WORDS["password1"])


def test_an_email_that_was_not_sent_because_there_were_enough_is_not_counted(pat, mailoutbox):
    for _ in range(5):
        send_reset_mails("pat@example.org", SITE)
    assert (len(mailoutbox), FailedTry.objects.count()) == (3, 3)


def test_asking_for_an_address_that_nobody_has_counts_too_and_the_address_is_not_written_down(pat, mailoutbox):
    for _ in range(5):
        send_reset_mails("nobody@example.org", SITE)
    assert FailedTry.objects.count() == 3
    assert not [key for failed in FailedTry.objects.all() for key in failed.keys if "nobody" in key]


# The job


def test_an_email_that_waits_is_not_asked_for_again_and_one_to_another_address_is(root):
    for address in ("pat@example.org", "PAT@Example.org", "kim@example.org"):
        ask_for_reset_mail(address, SITE)
    waiting = ProcrastinateJob.objects.filter(task_name__endswith="send_reset_mail", status="todo")
    assert sorted(job.args["address"] for job in waiting) == ["kim@example.org", "pat@example.org"]
    assert not [job.queueing_lock for job in waiting if "pat" in job.queueing_lock]


def test_the_night_job_forgets_what_is_kept_no_longer(root):
    FailedTry.objects.create(keys=["x"], at=timezone.now() - timedelta(days=8))
    FailedTry.objects.create(keys=["y"])
    forget.func(0)
    assert [failed.keys for failed in FailedTry.objects.all()] == [["y"]]


# The forms


def test_the_sign_in_form_says_what_to_enter_and_has_no_placeholders(root):
    form = LoginForm()
    assert [str(field.label) for field in form.fields.values()] == [
        "Login",
        "Password",
        "Keep me signed in on this device",
    ]
    assert str(form.fields["login"].help_text) == "Often your email address."
    assert not [name for name, field in form.fields.items() if "placeholder" in field.widget.attrs]


def test_nobody_creates_an_account_through_the_sign_in_software(rf):
    assert get_adapter().is_open_for_signup(rf.get("/")) is False


def test_a_wrong_login_and_a_wrong_password_are_answered_alike(pat):
    answers = [
        Client().post("/login/canvas", {"login": login, "password": "wrong"}).content.decode()
        for login in ("pat", "nobody")
    ]
    for page in answers:
        assert "The login or password is incorrect." in page


def test_a_password_that_belongs_to_nobody_cannot_be_stored():
    form = SetPasswordForm(user=None)
    form.cleaned_data = {"password1": "x"}
    with pytest.raises(TypeError):
        form.save()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password1": "new-and-long-words", "password2": "other-long-words"}, "same password"),
        ({"password1": "pat@example.org", "password2": "pat@example.org"}, "too similar"),
        ({"password1": "patricia-lake", "password2": "patricia-lake"}, "too similar"),
        ({"password1": "patlogin1", "password2": "patlogin1"}, "too similar"),
    ],
)
def test_a_new_password_is_as_good_as_one_at_sign_up(pat, words, says):
    User.objects.update(name="Patricia Lake", login_id="patlogin")
    client = Client()
    client.force_login(pat)
    answer = client.post("/login/password/change", {"oldpassword": PASSWORD, **words})
    assert says in answer.content.decode()
    pat.refresh_from_db()
    assert pat.check_password(PASSWORD)


def test_a_person_who_has_a_password_does_not_set_a_first_one_without_it(pat):
    client = Client()
    client.force_login(pat)
    client.post("/login/password/set", WORDS)
    pat.refresh_from_db()
    assert pat.check_password(PASSWORD)


def test_a_wrong_old_password_counts_like_one_at_sign_in(pat):
    client = Client()
    client.force_login(pat)
    client.post("/login/password/change", {"oldpassword": "wrong", **WORDS})
    assert FailedTry.objects.filter(keys__contains=[f"password of {pat.pk}"]).count() == 1
