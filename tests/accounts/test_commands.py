"""The commands for those who run the service."""

import getpass
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.domain.tokens import end_tokens, has_tokens, make_token, token_owner
from accounts.models import AccessToken, Account, AccountAdmin, Action, AuditEvent, SelfRegistration, User
from accounts.permissions.resolver import may_on_account
from tests.database import places_with, refuse_new_rows, statements
from tests.factories import RootFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-word"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def create_admin(login: str = "head@example.org", password: str = PASSWORD, *more: str) -> str:
    return run("create_admin", "--login", login, "--name", "Hedda Head", "--password", password, *more)


def test_the_first_admin_comes_with_the_institution():
    said = create_admin("head@example.org", PASSWORD, "--institution", "Lakeside")
    root, user = Account.objects.root(), User.objects.get()
    first, then = said.split("\n")
    assert first == "Hedda Head can sign in as head@example.org and administers Lakeside."
    assert then.startswith("Pairing is off on a new site")
    assert "Admin, Lakeside, Authentication" in then
    assert (root.name, root.self_registration) == ("Lakeside", SelfRegistration.NONE)
    assert (user.login_id, user.email, user.is_active) == ("head@example.org", "head@example.org", True)
    assert user.check_password(PASSWORD)
    assert may_on_account(user, "manage_account_settings", root)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.ADMIN_CREATED, None, user)


def test_a_second_admin_joins_the_institution_there_is():
    root = RootFactory(name="Lakeside")
    assert "Pairing is off" not in create_admin("head", PASSWORD, "--institution", "Elsewhere")
    assert Account.objects.get() == root
    assert AccountAdmin.objects.get().account.name == "Lakeside"


def test_the_password_is_asked_for_when_it_is_not_given(monkeypatch):
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: PASSWORD)
    run("create_admin", "--login", "head", "--name", "Hedda Head")
    assert User.objects.get().check_password(PASSWORD)


def test_nobody_becomes_admin_without_a_password(monkeypatch):
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "")
    with pytest.raises(CommandError, match="password"):
        run("create_admin", "--login", "head", "--name", "Hedda Head")
    assert not User.objects.exists()


@pytest.mark.parametrize(("login", "password"), [("", PASSWORD), ("he\nad", PASSWORD), ("head", "short")])
def test_what_cannot_be_a_login_or_password_is_refused_and_nothing_is_made(login, password):
    with pytest.raises(CommandError):
        create_admin(login, password)
    assert not User.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.parametrize("institution", ["", "  ", "–", "x" * 256])
def test_an_institution_has_a_name_that_can_be_read_and_stored(institution):
    with pytest.raises(CommandError, match=r"name|long"):
        create_admin("head@example.org", PASSWORD, "--institution", institution)
    assert not User.objects.exists()
    assert not Account.objects.exists()


def test_the_name_of_an_institution_is_stored_tidied():
    create_admin("head@example.org", PASSWORD, "--institution", " Lakeside\u200b  District ")
    assert Account.objects.root().name == "Lakeside District"


def test_a_purpose_that_is_too_long_is_refused_in_words():
    with pytest.raises(CommandError, match="255"):
        run("access_token", UserFactory().login_id, "--purpose", "x" * 256)
    assert not AccessToken.objects.exists()


def test_the_login_of_a_deleted_person_is_free_for_an_admin():
    gone = UserFactory(login_id="HEAD@example.org", state=User.State.DELETED)
    create_admin()
    user = User.objects.get_by_natural_key("head@example.org")
    assert user != gone
    assert AccountAdmin.objects.get().user == user
    assert token_owner(run("access_token", "head@example.org")) == user


def test_a_login_that_is_taken_is_refused():
    UserFactory(login_id="HEAD@example.org")
    with pytest.raises(CommandError, match="already"):
        create_admin()
    assert not AccountAdmin.objects.exists()
    assert not Account.objects.exists()


def test_a_token_is_shown_once_and_works():
    user = UserFactory(login_id="jo@example.org")
    text = run("access_token", "JO@example.org", "--purpose", "nightly export")
    assert token_owner(text) == user
    assert AccessToken.objects.get().purpose == "nightly export"
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.TOKEN_CREATED, None, user)


def test_the_text_of_a_token_stands_nowhere_in_the_database():
    text = run("access_token", UserFactory().login_id)
    assert len(text) >= 32
    assert places_with(text) == []
    assert places_with(text[:12]) == [], "nor does its beginning"


def test_two_tokens_never_have_one_digest():
    make_token(UserFactory(), "", by=None)
    token = AccessToken.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessToken.objects.create(user=UserFactory(), digest=token.digest)


def test_a_token_that_was_ended_opens_nothing_and_stays_on_record():
    user = UserFactory()
    ended, other = make_token(user, "first", by=None), make_token(UserFactory(), "other", by=None)
    assert end_tokens([user.pk]) == [user.pk]
    assert (token_owner(ended), bool(token_owner(other))) == (None, True)
    revoked_at = AccessToken.objects.get(purpose="first").revoked_at
    later = make_token(user, "second", by=None)
    assert token_owner(later) == user
    assert end_tokens([user.pk]) == [user.pk], "the first has ended before, and is not counted again"
    assert AccessToken.objects.get(purpose="first").revoked_at == revoked_at
    assert not has_tokens(user)


def test_there_are_no_tokens_for_people_who_cannot_use_them():
    for login in ("nobody@example.org", UserFactory(state=User.State.DELETED).login_id):
        with pytest.raises(CommandError, match="nobody"):
            run("access_token", login)
    with pytest.raises(CommandError, match="suspended"):
        run("access_token", UserFactory(state=User.State.SUSPENDED).login_id)
    assert not AccessToken.objects.exists()


def test_a_token_stops_working_with_its_person():
    user = UserFactory()
    text = make_token(user, "", by=user)
    assert token_owner(text) == user
    assert token_owner(text[:-1]) is None
    assert token_owner(text.swapcase()) is None
    user.state = User.State.SUSPENDED
    user.save()
    assert token_owner(text) is None


def test_a_token_that_could_not_be_recorded_is_not_made():
    user = UserFactory()
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(Exception, match="out_of_order"):
        make_token(user, "", by=user)
    assert not AccessToken.objects.exists()


# Access tokens that end


def test_a_token_ends_on_the_day_it_was_made_to_end(root):
    person = UserFactory()
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    text = run("access_token", person.login_id, "--expires", tomorrow.isoformat())
    assert token_owner(text) == person
    assert AccessToken.objects.get().expires_at.date() == tomorrow
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert token_owner(text) is None


@pytest.mark.parametrize("text", ["soon", "31.1.2027", "2020-01-31"])
def test_a_day_that_is_none_or_past_is_refused(root, text):
    with pytest.raises(CommandError, match=text):
        run("access_token", UserFactory().login_id, "--expires", text)
    assert not AccessToken.objects.exists()


def unused_for(days: float) -> None:
    AccessToken.objects.update(last_used_at=timezone.now() - timedelta(days=days))


def test_a_token_that_nobody_used_for_a_year_ends_and_use_keeps_it_alive(root, settings):
    text = make_token(UserFactory(), "", by=None)
    unused_for(364)
    assert token_owner(text)
    unused_for(366)
    assert token_owner(text) is None
    settings.ACCESS_TOKEN_UNUSED_DAYS = 0
    assert token_owner(text)
    settings.ACCESS_TOKEN_UNUSED_DAYS = 30
    unused_for(29)
    token_owner(text)
    assert AccessToken.objects.get().last_used_at > timezone.now() - timedelta(minutes=1)


def test_that_a_token_is_used_is_written_once_a_day(root):
    text = make_token(UserFactory(), "", by=None)
    assert statements(lambda: token_owner(text)) == 1
    unused_for(2)
    assert statements(lambda: token_owner(text)) == 2
    assert statements(lambda: token_owner(text)) == 1
