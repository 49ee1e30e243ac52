"""Access tokens and chosen passwords: what opens an account, what is stored of it, and what ends it."""

import hashlib
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.utils import timezone

from accounts.domain.password_reset_tokens import ResetTokens
from accounts.domain.passwords import choose_password
from accounts.domain.tokens import digest, end_tokens, has_tokens, make_token, token_owner
from accounts.models import AccessToken, Account, Action, AuditEvent, FailedTry, User
from tests.database import statements
from tests.factories import PASSWORD, UserFactory

NEW = "new-and-long-words"


@pytest.fixture
def person(root) -> User:
    return UserFactory(login_id="pat", password=PASSWORD)


# Tokens


def test_a_token_is_256_random_bits_and_its_digest_is_all_that_is_kept(person):
    text, other = make_token(person, "sync", by=person), make_token(person, "sync", by=person)
    assert len(bytes.fromhex(text)) == 32
    assert text != other
    token = AccessToken.objects.get(digest=hashlib.sha256(text.encode()).digest())
    assert (token.user, token.purpose, token.expires_at, token.revoked_at) == (person, "sync", None, None)


def test_creating_a_token_is_recorded_with_its_purpose_and_without_its_text(person):
    text = make_token(person, "sync", by=None)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject, event.details) == (
        Action.TOKEN_CREATED,
        None,
        person,
        {"purpose": "sync"},
    )
    assert text not in str(event.details)


def test_a_token_works_until_it_expires(person):
    soon = timezone.now() + timedelta(hours=1)
    text = make_token(person, "", by=None, expires_at=soon)
    assert AccessToken.objects.get().expires_at == soon
    assert token_owner(text) == person
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert token_owner(text) is None


@pytest.mark.parametrize("text", ["", "nonsense", "\ud800", "\0", "ä" * 64, "0" * 64])
def test_what_is_no_token_belongs_to_nobody(person, text):
    make_token(person, "", by=None)
    assert token_owner(text) is None
    assert len(digest(text)) == 32


@pytest.mark.parametrize(
    ("state", "works"),
    [("registered", True), ("pre_registered", True), ("suspended", False), ("deleted", False)],
)
def test_a_token_works_for_people_who_can_sign_in(person, state, works):
    text = make_token(person, "", by=None)
    User.objects.update(state=state)
    assert token_owner(text) == (person if works else None)


def test_the_owner_comes_with_the_root_account_and_without_one_before_set_up(person, root):
    text = make_token(person, "", by=None)
    assert token_owner(text).root_account_id == root.pk
    Account.objects.all().delete()
    assert token_owner(text).root_account_id is None


def test_ending_the_tokens_of_several_people_takes_one_statement_and_names_an_owner_for_each(root):
    people = UserFactory.create_batch(3)
    for owner in (people[0], people[0], people[1], people[2]):
        make_token(owner, "", by=None)
    assert statements(lambda: end_tokens([people[0].pk, people[2].pk])) == 1
    assert [has_tokens(owner) for owner in people] == [False, True, False]
    assert AccessToken.objects.count() == 4, "when they ended stays on record"
    make_token(people[0], "", by=None)
    make_token(people[0], "", by=None)
    assert sorted(end_tokens([owner.pk for owner in people])) == sorted([people[0].pk, people[0].pk, people[1].pk])
    assert end_tokens([]) == []


def test_a_token_that_has_ended_is_not_one_that_a_person_has(person):
    assert not has_tokens(person)
    make_token(person, "", by=None, expires_at=timezone.now() - timedelta(days=1))
    assert has_tokens(person), "an expired one can still be revoked"
    end_tokens([person.pk])
    assert not has_tokens(person)


# A chosen password


def test_choosing_a_password_ends_the_tokens_and_all_other_sessions(person):
    text, browser = make_token(person, "", by=None), Client()
    browser.force_login(person)
    choose_password(person, NEW)
    assert authenticate(username="pat", password=NEW) == person
    assert authenticate(username="pat", password=PASSWORD) is None
    assert token_owner(text) is None
    assert browser.get("/profile/settings").status_code == 302


def test_tokens_are_kept_when_the_person_wants_to_keep_them(person):
    text = make_token(person, "", by=None)
    choose_password(person, NEW, ends_tokens=False)
    assert token_owner(text) == person
    assert AuditEvent.objects.get(action=Action.PASSWORD_CHANGED).details == {"tokens_ended": 0}


def test_a_chosen_password_is_recorded_as_the_persons_own_doing_with_how_many_tokens_ended(person):
    for _ in range(2):
        make_token(person, "", by=None)
    choose_password(person, NEW)
    event = AuditEvent.objects.get(action=Action.PASSWORD_CHANGED)
    assert (event.actor, event.subject, event.details) == (person, person, {"tokens_ended": 2})


def test_wrong_guesses_at_the_old_password_no_longer_count(person):
    other = UserFactory()
    FailedTry.objects.create(keys=[f"password of {person.pk}", f"password of {person.pk} from 192.0.2.1"])
    FailedTry.objects.create(keys=[f"password of {other.pk}"])
    choose_password(person, NEW)
    assert [failed.keys for failed in FailedTry.objects.all()] == [[f"password of {other.pk}"]]


def test_choosing_a_password_leaves_unsaved_changes_of_the_person_alone(person):
    person.name = "Not to be saved"
    choose_password(person, NEW)
    person.refresh_from_db()
    assert person.name != "Not to be saved"
    assert person.check_password(NEW)


# Emailed links to a new password


@pytest.mark.parametrize(
    "what", ["password", "email", "last_login", "session_epoch"], ids=lambda field: f"a new {field}"
)
def test_an_emailed_link_ends_with(person, what):
    tokens = ResetTokens()
    link = tokens.make_token(person)
    assert tokens.check_token(person, link)
    new = {"password": "x", "email": "new@example.org", "last_login": timezone.now(), "session_epoch": 1}
    setattr(person, what, new[what])
    assert not tokens.check_token(person, link)


def test_an_emailed_link_is_for_one_person(person):
    tokens = ResetTokens()
    assert not tokens.check_token(UserFactory(), tokens.make_token(person))
