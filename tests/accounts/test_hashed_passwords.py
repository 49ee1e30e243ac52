"""Passwords that arrive hashed from a directory (`{SSHA}…`): what is taken, what is stored, and who gets in."""

import base64
import hashlib

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, identify_hasher

from accounts.hashers import LONGEST_SALT, Argon2Hasher, SSHAInArgon2Hasher
from accounts.models import User
from config import settings as configured
from tests.factories import UserFactory

PASSWORD = "pässword of a pupil"
HASHER = SSHAInArgon2Hasher()


@pytest.fixture(autouse=True)
def _quick_argon2(monkeypatch):
    """Argon2 as it is, with less work to do."""
    for name, value in {"memory_cost": 64, "time_cost": 1}.items():
        monkeypatch.setattr(Argon2Hasher, name, value)


def ssha(password: str, salt: bytes = b"salt") -> str:
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


@pytest.mark.parametrize("salt", [b"s", b"salt", b"\0\xff\n$ ", b"x" * 24], ids=repr)
def test_the_password_behind_a_digest_gets_in_and_no_other_does(salt):
    stored = HASHER.encode_digest(ssha(PASSWORD, salt))
    assert stored
    assert check_password(PASSWORD, stored)
    assert not check_password(PASSWORD + " ", stored)
    assert not check_password("", stored)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{SSHA}",
        "{SSHA}nonsense!",
        "{SSHA}" + base64.b64encode(b"x" * 19).decode(),
        "{SSHA}" + base64.b64encode(b"x" * 20).decode(),
        "{SSHA}" + base64.b64encode(b"x" * 45).decode(),
        "{MD5}" + base64.b64encode(b"x" * 24).decode(),
        "{SSHA}ä" + base64.b64encode(b"x" * 24).decode(),
        PASSWORD,
    ],
)
def test_what_is_no_salted_digest_is_not_taken(text):
    assert HASHER.encode_digest(text) is None


def test_spaces_around_a_digest_are_no_part_of_it():
    stored = HASHER.encode_digest(f"{{SSHA}} {ssha(PASSWORD).removeprefix('{SSHA}')} ")
    assert stored
    assert check_password(PASSWORD, stored)


def test_the_digest_itself_cannot_be_read_from_what_is_stored_nor_used_as_the_password():
    digest = base64.b64decode(ssha(PASSWORD).removeprefix("{SSHA}"))[:20]
    stored = HASHER.encode_digest(ssha(PASSWORD))
    assert stored
    for written in (digest.hex(), base64.b64encode(digest).decode(), ssha(PASSWORD)):
        assert written not in stored
        assert not check_password(written, stored)


def test_the_same_digest_is_never_stored_the_same_way_twice():
    assert HASHER.encode_digest(ssha(PASSWORD)) != HASHER.encode_digest(ssha(PASSWORD))


def test_the_longest_salt_that_is_taken_fits_the_column(root, monkeypatch):
    monkeypatch.undo()  # How much work there is to do stands in the text too.
    stored = HASHER.encode_digest(ssha(PASSWORD, b"x" * LONGEST_SALT))
    assert stored
    User.objects.create_user("mia", name="Mia", password_hash=stored)
    assert authenticate(username="mia", password=PASSWORD)


def test_a_summary_shows_neither_salt_nor_hash():
    stored = HASHER.encode_digest(ssha(PASSWORD, b"a long salt"))
    assert stored
    summary = HASHER.safe_summary(stored)
    assert summary["algorithm"] == "ssha"
    salt, inner = stored.split("$", 2)[1:]
    assert not {salt, inner} & set(summary.values())
    assert all("*" in text for name, text in summary.items() if name != "algorithm")


def test_a_password_that_is_hashed_here_verifies_like_one_from_a_directory():
    stored = HASHER.encode(PASSWORD, "salt")
    assert identify_hasher(stored).algorithm == "ssha"
    assert HASHER.verify(PASSWORD, stored)
    assert not HASHER.verify(PASSWORD.upper(), stored)


def test_hardening_changes_nothing_because_every_password_takes_equally_long():
    stored = HASHER.encode(PASSWORD, "salt")
    HASHER.harden_runtime(PASSWORD, stored)
    assert HASHER.verify(PASSWORD, stored)


def test_a_new_password_is_hashed_with_as_much_work_as_is_recommended_and_no_more(monkeypatch):
    monkeypatch.undo()
    assert "$m=19456,t=2,p=1$" in Argon2Hasher().encode(PASSWORD, Argon2Hasher().salt())
    assert configured.PASSWORD_HASHERS[0] == "accounts.hashers.Argon2Hasher"


@pytest.mark.parametrize("other", [{"memory_cost": 128}, {"time_cost": 3}, {"parallelism": 2}], ids=str)
def test_a_password_hashed_with_other_work_gets_in_and_is_hashed_anew_once(root, client, settings, monkeypatch, other):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher"]
    with monkeypatch.context() as before:
        for name, value in other.items():
            before.setattr(Argon2Hasher, name, value)
        person = UserFactory(login_id="mia", password=PASSWORD)
    stored = [person.password]
    for password in ("wrong", PASSWORD, PASSWORD):
        client.post("/login/canvas", {"login": "mia", "password": password})
        person.refresh_from_db()
        stored.append(person.password)
        client.logout()
    assert stored[0] == stored[1] != stored[2] == stored[3]
    assert person.check_password(PASSWORD)


def test_at_the_first_sign_in_the_password_is_stored_as_all_others_are(root):
    person = User.objects.create_user("mia", name="Mia", password_hash=HASHER.encode_digest(ssha(PASSWORD)) or "")
    assert authenticate(username="mia", password="wrong") is None
    assert identify_hasher(User.objects.get().password).algorithm == "ssha"
    assert authenticate(username="mia", password=PASSWORD) == person
    person.refresh_from_db()
    assert identify_hasher(person.password).algorithm != "ssha"
    assert person.check_password(PASSWORD)
