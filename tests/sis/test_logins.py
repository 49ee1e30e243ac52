"""Logins and passwords that come with rosters."""

import base64
import hashlib

import pytest
from django.contrib.auth.hashers import check_password

from accounts.domain.passwords import choose_password
from accounts.domain.tokens import make_token, token_owner
from accounts.models import AuditEvent
from sis.upload.storage import opened, stored_names
from tests.factories import UserFactory
from tests.sis.conftest import warnings
from tests.sis.users import HEADER, user


def digest_of(password: str) -> str:
    salt = b"salted!!"
    return base64.b64encode(hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest() + salt).decode()


class TestPasswords:
    def test_a_new_person_gets_the_password(self, load):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles")
        assert user().check_password("four-old-bicycles")

    def test_it_changes_while_nobody_has_changed_it(self, load):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles")
        first = user().password
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles")
        assert user().password == first
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert user().check_password("five-new-bicycles")

    def test_a_new_one_ends_access_tokens_and_the_same_one_does_not(self, load):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles")
        token = make_token(user(), "", by=None)
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles\nU2,u2,active,four-old-bicycles")
        assert token_owner(token) == user()
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert token_owner(token) is None
        assert AuditEvent.objects.get(action="access_token.ended").subject == user()

    def test_whoever_guessed_too_often_at_the_old_one_signs_in_with_a_new_one(self, load, client):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles\nU2,u2,active,four-old-bicycles")

        def answer(login: str, password: str) -> int:
            return client.post("/login/canvas", {"login": login, "password": password}).status_code

        for login in ("u1", "u2"):
            assert [answer(login, "forgotten") for _ in range(6)][-1] == 429
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert answer("u2", "four-old-bicycles") == 429
        assert answer("u1", "five-new-bicycles") == 302

    def test_one_that_the_person_has_chosen_stays(self, load):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles")
        person = user()
        person.set_password("my-very-own-words")
        person.save()
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert user().check_password("my-very-own-words")

    @pytest.mark.parametrize("kind", ["password", "ssha_password"])
    def test_hashing_it_anew_at_a_sign_in_is_no_change_by_the_person(self, load, client, settings, kind):
        def given(password):
            return password if kind == "password" else "{SSHA}" + digest_of(password)

        def send(password):
            load(users=f"{HEADER},{kind}\nU1,u1,active,{given(password)}")
            return user().password

        latest, older = settings.PASSWORD_HASHERS[0], "django.contrib.auth.hashers.PBKDF2PasswordHasher"
        settings.PASSWORD_HASHERS = [older, latest, *settings.PASSWORD_HASHERS[1:]]
        first = send("four-old-bicycles")
        settings.PASSWORD_HASHERS = [latest, older, *settings.PASSWORD_HASHERS[2:]]
        client.post("/login/canvas", {"login": "u1", "password": "four-old-bicycles"})
        anew = user().password
        assert (client.session["_auth_user_id"], anew == first) == (str(user().pk), False)
        assert send("four-old-bicycles") == anew
        send("five-new-bicycles")
        assert user().check_password("five-new-bicycles")

    def test_after_it_was_hashed_anew_one_that_the_person_chooses_stays(self, load):
        load(users=f"{HEADER},ssha_password\nU1,u1,active,{{SSHA}}{digest_of('four-old-bicycles')}")
        person = user()
        assert person.check_password("four-old-bicycles")
        choose_password(person, "four-old-bicycles")
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert user().check_password("four-old-bicycles")

    def test_one_that_came_while_the_old_one_was_tried_is_not_replaced_by_it(self, load):
        load(users=f"{HEADER},ssha_password\nU1,u1,active,{{SSHA}}{digest_of('four-old-bicycles')}")
        trying = user()
        load(users=f"{HEADER},password\nU1,u1,active,five-new-bicycles")
        assert trying.check_password("four-old-bicycles")
        assert user().check_password("five-new-bicycles")

    def test_people_with_one_password_do_not_have_one_mark(self, load):
        load(users=f"{HEADER},password\nU1,u1,active,four-old-bicycles\nU2,u2,active,four-old-bicycles")
        marks = [one.sis_password_mark.split(":")[-1] for one in (user("U1"), user("U2"))]
        assert len({*marks}) == 2

    def test_a_digest_from_a_directory_lets_its_owner_in(self, load):
        digest = digest_of("four-old-bicycles")
        load(users=f"{HEADER},ssha_password\nU1,u1,active,{{SSHA}}{digest}\nU2,u2,active,nonsense")
        assert user().check_password("four-old-bicycles")
        assert not user().check_password("five-new-bicycles")
        assert digest not in user().password
        assert not user("U2").has_usable_password()

    def test_a_password_is_stored_nowhere_in_clear_text(self, load):
        made = load(users=f"{HEADER},password,email\nU1,u1,active,four-old-bicycles,bad")
        assert check_password("four-old-bicycles", user().password)
        assert "bicycles" not in made.sis_import_errors.get().row_info
        kept = opened(made).read()
        assert b"bicycles" not in kept
        assert [name for name in stored_names() if "uploaded" in name] == []


class TestLogins:
    HEADER = "user_id,login_id,existing_user_id,existing_integration_id,existing_canvas_user_id"

    @pytest.fixture(autouse=True)
    def _people(self, load):
        load(users="user_id,login_id,status,integration_id\nU1,u1,active,I1\nU2,u2,active,I2")

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            ("L,l,,,", "no_existing_user_ref"),
            ("U2,l,U1,,", "login_exists"),
            ("L,U2,U1,,", "login_exists"),
            ("L,l,nobody,,", "existing_user_not_found"),
            ("L,l,,nobody,", "existing_user_not_found"),
            ("L,l,,,99999999999999999999", "existing_user_not_found"),
            ("L,l,U1,I2,", "existing_user_mismatch"),
        ],
    )
    def test_a_second_login_is_a_clear_warning(self, load, row, kind):
        made = load(logins=f"{self.HEADER}\n{row}")
        assert warnings(made) == [(2, kind)]
        assert made.data["counts"]["logins"] == 0

    def test_somebody_without_a_sis_id_gets_none_by_another_login(self, load):
        person = UserFactory(login_id="hand", sis_user_id=None)
        assert warnings(load(logins=f"{self.HEADER}\nL9,other,,,{person.pk}")) == [(2, "one_login")]
        person.refresh_from_db()
        assert person.sis_user_id is None

    def test_somebody_without_a_sis_id_gets_one_by_their_own_login(self, load):
        person = UserFactory(login_id="hand", sis_user_id=None)
        made = load(logins=f"{self.HEADER}\nL9,Hand,,,{person.pk}")
        person.refresh_from_db()
        assert (person.sis_user_id, made.data["counts"]["logins"]) == ("L9", 1)
