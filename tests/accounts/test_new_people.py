"""What a new person gives, as it is tidied, checked, kept between two pages and stored."""

import pytest
from django.contrib.auth.hashers import make_password

from accounts.domain.registration import LOGIN_TAKEN, NewUser, check_login_is_free, problems, register
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, AuditEvent, SelfRegistration, User
from accounts.permissions.registry import Permission
from tests.factories import UserFactory, make_admin, make_clerk

PASSWORD = "a-long-enough-word"
pytestmark = pytest.mark.usefixtures("root")


def new(**given) -> NewUser:
    return NewUser(
        **{"name": "Jo Person", "login_id": "jo@example.org", "password": PASSWORD, "terms_of_use": True, **given}
    )


# Tidied


def test_everything_that_is_given_is_tidied_at_once():
    wanted = new(
        name=" Jo \n Person ",
        short_name="Jo\u200b",
        sortable_name="Person,  Jo",
        pronouns=" they/them ",
        email=" jo@example.org ",
        login_id=" \uff4ao@example.org ",
        time_zone="berlin",
        locale=" de ",
        sis_user_id=" S1 ",
        integration_id=None,
    )
    assert (wanted.name, wanted.short_name, wanted.sortable_name) == ("Jo Person", "Jo", "Person, Jo")
    assert (wanted.pronouns, wanted.email, wanted.login_id) == ("they/them", "jo@example.org", "jo@example.org")
    assert (wanted.time_zone, wanted.locale) == ("Europe/Berlin", "de")
    assert (wanted.sis_user_id, wanted.integration_id) == ("S1", "")


def test_a_password_is_taken_as_it_is():
    assert new(password="  spaces count \u200b").password == "  spaces count \u200b"


def test_a_zone_that_is_not_known_stays_as_it_was_typed_to_be_complained_of():
    assert new(time_zone="Europe/Berlni").time_zone == "Europe/Berlni"
    assert problems(new(time_zone="Europe/Berlni")).keys() == {"time_zone"}


# Kept between two pages


def test_what_waits_between_two_pages_has_no_password_and_still_lets_its_owner_in():
    sealed = new().sealed()
    assert PASSWORD not in repr(sealed)
    assert (sealed.password, sealed.name) == ("", "Jo Person")
    assert problems(sealed) == {}, "it was checked before"
    user = register(sealed)
    assert user.check_password(PASSWORD)
    assert user.state == User.State.REGISTERED


def test_whose_password_was_given_is_told_with_and_without_the_password_at_hand():
    wanted = new()
    sealed = wanted.sealed()
    user = register(sealed)
    other = UserFactory(password=PASSWORD + "!")
    assert wanted.has_password_of(user)
    assert not wanted.has_password_of(other)
    assert sealed.has_password_of(user), "the account that was made of it"
    assert not sealed.has_password_of(other)
    assert not new().sealed().has_password_of(user), "the same password sealed anew is another hash"


# Checked


@pytest.mark.parametrize(
    "password", ["long-enough-\0", "long-enough-\ud800", "\udfff" * 12], ids=["NUL", "half a character", "only halves"]
)
def test_a_password_that_cannot_be_stored_is_refused_in_words(password):
    (complaint,) = problems(new(password=password))["password"]
    assert complaint == ("invalid", "This password contains a character that is not allowed.")


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "Choose a password."),
        ("short", "too short"),
        ("jo@example.org", "too similar to the email"),
        ("jo person 1", "too similar to the name"),
        ("person-jo", "too similar to the"),
        ("qwertyuiop", "too common"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, says):
    assert any(says in message for _kind, message in problems(new(password=password))["password"])


@pytest.mark.parametrize(("by_staff", "wrong"), [(False, {"terms_of_use", "password", "login_id"}), (True, set())])
def test_staff_need_no_terms_no_password_and_no_email_for_a_login(by_staff, wrong):
    wanted = new(terms_of_use=False, password="", login_id="jo")
    assert problems(wanted, by_staff=by_staff).keys() == wrong


def test_a_login_that_is_no_login_is_not_complained_of_twice():
    assert len(problems(new(login_id=""))["login_id"]) == 1
    assert len(problems(new(login_id="x" * 101))["login_id"]) == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [("email", "nowhere"), ("pronouns", "x" * 256), ("locale", "x" * 17), ("initial_enrollment_type", "x" * 17)],
)
def test_what_does_not_fit_is_complained_of_and_what_is_empty_is_not(field, given):
    assert problems(new(**{field: given})).keys() == {field}
    assert problems(new(**{field: ""})) == {}


@pytest.mark.parametrize("locale", ["en_US", "../en", "english", "e", "de/.."])
def test_a_language_is_given_by_its_tag_at_sign_up_as_on_the_settings_page(locale):
    """The name of a language becomes part of the name of a file."""
    with pytest.raises(Invalid, match="Enter a language such as en or pt-BR") as refusal:
        register(new(locale=locale))
    assert list(refusal.value.errors) == ["locale"]
    assert register(new(locale="pt-BR")).locale == "pt-BR"


# Stored


def test_a_person_is_stored_with_all_that_was_given():
    user = register(
        new(
            short_name="Jo", sortable_name="Person, J", pronouns="they", initial_enrollment_type="observer", locale="de"
        )
    )
    user.refresh_from_db()
    assert (user.short_name, user.sortable_name, user.pronouns) == ("Jo", "Person, J", "they")
    assert (user.initial_enrollment_type, user.locale, user.sis_user_id) == ("observer", "de", None)
    assert user.terms_accepted_at is not None


@pytest.mark.parametrize(
    ("login", "email", "kept"),
    [
        ("jo@example.org", "", "jo@example.org"),
        ("jo@example.org", "other@example.org", "other@example.org"),
        ("jo", "", ""),
        ("jo", "jo@example.org", "jo@example.org"),
    ],
)
def test_a_login_that_is_an_address_is_the_email_unless_another_is_given(login, email, kept):
    assert register(new(login_id=login, email=email), by=make_admin()).email == kept


def test_to_people_who_sign_up_a_taken_login_may_be_their_own_and_to_staff_it_is_taken():
    UserFactory(login_id="jo@example.org")
    with pytest.raises(Invalid, match="Sign in with it instead") as refusal:
        register(new())
    assert refusal.value.errors == {"login_id": [LOGIN_TAKEN]}
    with pytest.raises(Invalid, match=r"^An account with this login already exists\.$"):
        register(new(), by=make_admin())
    with pytest.raises(Invalid, match="Sign in with it instead"):
        check_login_is_free("JO@example.org")
    check_login_is_free("someone-else@example.org")


def test_staff_give_sis_ids_only_with_the_permission_and_are_told_before_anything_else():
    clerk = make_clerk(Permission.MANAGE_USER_LOGINS)
    for given in ({"sis_user_id": "S1"}, {"integration_id": "I1"}):
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            register(new(name="", **given), by=clerk)
    assert not AuditEvent.objects.exists()
    assert register(new(), by=clerk).sis_user_id is None


def test_a_password_that_staff_give_registers_the_person_at_once():
    user = register(new(terms_of_use=False), by=make_admin())
    assert (user.state, user.terms_accepted_at) == (User.State.REGISTERED, None)
    assert user.check_password(PASSWORD)


def test_no_password_stands_in_what_is_recorded_or_in_the_row():
    user = register(new())
    assert PASSWORD not in user.password
    assert user.password != make_password(PASSWORD)
    assert PASSWORD not in str([*AuditEvent.objects.values()])


@pytest.mark.parametrize("value", SelfRegistration.values)
def test_who_may_sign_up_is_no_matter_for_staff(value):
    Account.objects.update(self_registration=value)
    assert register(new(), by=make_admin()).pk
