"""Emails with a link to a new password: a job sends them, and no mailbox is flooded."""

import pytest
from django.test import Client

from tests.database import statements
from tests.factories import UserFactory
from tests.failures import let_pass
from tests.jobs import work_off_jobs


@pytest.fixture
def pat(root):
    return UserFactory(login_id="pat", email="Pat@example.org")


def ask(address: str, network: str = "192.0.2.1"):
    return Client().post("/login/password/reset", {"email": address}, REMOTE_ADDR=network)


def test_a_whole_class_asks_from_one_address(root, mailoutbox):
    for number in range(25):
        UserFactory(email=f"student{number}@example.org")
        assert ask(f"student{number}@example.org").status_code == 302
    work_off_jobs()
    assert len(mailoutbox) == 25


def test_the_request_itself_does_the_same_for_an_address_that_nobody_has(pat):
    ask("first@example.org")
    known, unknown = (statements(lambda who=who: ask(who)) for who in ("pat@example.org", "nobody@example.org"))
    assert known == unknown


def test_the_email_goes_to_the_address_of_the_account_however_it_was_typed(pat, mailoutbox):
    ask("PAT@EXAMPLE.org")
    work_off_jobs()
    (mail,) = mailoutbox
    assert mail.to == ["Pat@example.org"]
    assert "http://testserver/login/password/reset/key/" in mail.body


def test_a_mailbox_gets_three_at_once_and_nobody_is_told(pat, mailoutbox):
    for number in range(6):
        answer = ask("pat@example.org", f"192.0.2.{number}")
        assert (answer.status_code, answer.url) == (302, "/login/password/reset/done")
        work_off_jobs()
    assert len(mailoutbox) == 3
    let_pass(600)
    ask("pat@example.org")
    work_off_jobs()
    assert len(mailoutbox) == 4


def test_letters_that_the_database_takes_for_the_same_do_not_make_another_mailbox(root, mailoutbox):
    UserFactory(email="kissi@example.org")
    for address in ("kissi@example.org", "k\u0131ssi@example.org", "ki\u017fsi@example.org", "KISS\u0131@example.org"):
        for _ in range(2):
            ask(address)
            work_off_jobs()
    assert len(mailoutbox) == 3


def test_a_mailbox_gets_ten_a_day_at_most(pat, mailoutbox):
    for _ in range(20):
        ask("pat@example.org")
        work_off_jobs()
        let_pass(601)
    assert len(mailoutbox) == 10


def test_asked_for_twice_at_once_it_is_sent_once(pat, mailoutbox):
    ask("pat@example.org")
    ask("Pat@example.org")
    assert len(work_off_jobs()) == 1
    assert len(mailoutbox) == 1


def test_an_email_that_the_mail_server_did_not_take_does_not_count_and_is_tried_again(pat, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    for _ in range(4):
        ask("pat@example.org")
        with pytest.raises(ConnectionRefusedError):
            work_off_jobs()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ask("pat@example.org")
    work_off_jobs()
    assert len(mailoutbox) == 1


def test_accounts_that_share_an_address_get_a_link_each_and_suspended_ones_none(pat, mailoutbox):
    UserFactory(login_id="kim", email="pat@example.org")
    UserFactory(login_id="gone", email="pat@example.org", state="suspended")
    ask("pat@example.org")
    work_off_jobs()
    assert sorted("kim" in mail.body for mail in mailoutbox) == [False, True]
