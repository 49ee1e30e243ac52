"""Making accounts."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.domain.registration import NewUser, check_login_is_free, is_open_to, problems, register
from accounts.errors import Invalid
from accounts.models import Account, Action, AuditEvent, SelfRegistration, User
from accounts.text.names import tidied
from tests.database import refuse_new_rows
from tests.factories import UserFactory, make_admin

PASSWORD = "a-long-enough-word"
pytestmark = pytest.mark.usefixtures("root")


def application(**fields) -> NewUser:
    good: dict[str, Any] = {
        "name": "Jo Person",
        "login_id": "jo@example.org",
        "password": PASSWORD,
        "terms_of_use": True,
    }
    return NewUser(**(good | fields))


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (SelfRegistration.NONE, set()),
        (SelfRegistration.OBSERVER, {"observer"}),
        (SelfRegistration.ALL, {"observer", "student", "teacher", ""}),
    ],
)
def test_self_registration_says_who_may_create_an_account_for_themselves(value, kinds):
    root = Account(self_registration=value)
    assert {kind for kind in ("observer", "student", "teacher", "") if is_open_to(root, kind)} == kinds


def test_an_account_is_created_and_recorded():
    user = register(application(name=" Jo Person ", locale="fr", initial_enrollment_type="student"))
    user.refresh_from_db()
    assert (user.name, user.short_name, user.sortable_name) == ("Jo Person", "Jo Person", "Person, Jo")
    assert (user.login_id, user.email, user.locale) == ("jo@example.org", "jo@example.org", "fr")
    assert (user.state, user.initial_enrollment_type) == (User.State.REGISTERED, "student")
    assert user.check_password(PASSWORD)
    assert user.terms_accepted_at is not None
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.USER_REGISTERED, user, user)
    assert PASSWORD not in str(event.details)


def test_a_person_who_gives_no_time_zone_has_none_of_their_own(root):
    assert register(application()).time_zone == ""
    assert register(application(login_id="b@example.org", time_zone="Asia/Tokyo")).time_zone == "Asia/Tokyo"


def test_staff_need_neither_terms_nor_a_password_nor_an_email_address():
    admin = make_admin()
    wanted = application(login_id="jperson", password="", terms_of_use=False, sis_user_id="S1", integration_id="I1")
    user = register(wanted, by=admin)
    assert (user.state, user.email, user.sis_user_id, user.integration_id) == (
        "pre_registered",
        "",
        "S1",
        "I1",
    )
    assert not user.has_usable_password()
    assert user.terms_accepted_at is None
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.USER_CREATED, admin, user)


@pytest.mark.parametrize(
    ("fields", "field", "kind"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": " \t"}, "name", "blank"),
        ({"name": "x" * 256}, "name", "invalid"),
        ({"name": "\u200b\u2800\ud800"}, "name", "blank"),
        ({"name": "--"}, "name", "blank"),
        ({"terms_of_use": False}, "terms_of_use", "accepted"),
        ({"login_id": ""}, "login_id", "invalid"),
        ({"login_id": "jo"}, "login_id", "invalid"),
        ({"login_id": "jo@exam\nple.org"}, "login_id", "invalid"),
        ({"login_id": "jo@" + "x" * 100 + ".org"}, "login_id", "invalid"),
        ({"password": ""}, "password", "invalid"),
        ({"password": "short1!"}, "password", "invalid"),
        ({"password": "password123"}, "password", "invalid"),
        ({"password": "jo@example.org"}, "password", "invalid"),
        ({"password": "long-enough-\udfff"}, "password", "invalid"),
        ({"short_name": "x" * 256}, "short_name", "invalid"),
        ({"sortable_name": ", -"}, "sortable_name", "invalid"),
        ({"time_zone": "x" * 65}, "time_zone", "invalid"),
        ({"locale": "x" * 17}, "locale", "invalid"),
        ({"sis_user_id": "x" * 256}, "sis_user_id", "invalid"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_field_it_is_about(fields, field, kind):
    with pytest.raises(Invalid) as refused:
        register(application(**fields))
    ((name, complaints),) = refused.value.errors.items()
    assert name == field
    assert {given for given, _message in complaints} == {kind}
    assert refused.value.message
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_all_that_is_wrong_is_said_at_once():
    wrong = problems(application(name="", login_id="", password="", terms_of_use=False))
    assert set(wrong) == {"name", "login_id", "password", "terms_of_use"}


def test_a_password_that_staff_give_must_be_a_good_one_too():
    assert set(problems(application(password="short"), by_staff=True)) == {"password"}


def test_a_login_that_is_taken_in_any_case_is_refused():
    UserFactory(login_id="JO@example.org")
    with pytest.raises(Invalid) as refused:
        register(application())
    assert [kind for kind, _message in refused.value.errors["login_id"]] == ["taken"]
    assert User.objects.count() == 1


@pytest.mark.parametrize("field", ["sis_user_id", "integration_id"])
def test_ids_that_are_taken_are_refused(field):
    UserFactory(**{field: "X1"})
    with pytest.raises(Invalid) as refused:
        register(application(**{field: "X1"}), by=make_admin())
    assert [kind for kind, _message in refused.value.errors[field]] == ["taken"]


def test_an_account_that_could_not_be_recorded_is_not_made():
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"):
        register(application())
    assert not User.objects.exists()


@given(st.text(), st.text(), st.text(), st.booleans())
@example("\ud800", "jo@example.org", PASSWORD, True)
@example("Jo", "jo@example.org", "\0" * 12, False)
def test_whatever_is_given_is_either_refused_or_stored(root, name, login, password, by_staff):
    by = User.objects.first() or UserFactory() if by_staff else None
    try:
        user = register(application(name=name, login_id=login, password=password), by=by)
    except Invalid:
        return
    assert User.objects.get(pk=user.pk).name == tidied(name)


# Logins of deleted people


@pytest.mark.parametrize("login", ["jo@example.org", "JO@example.org", "j\u043e@example.org"])
def test_a_deleted_persons_login_is_free_for_a_new_one_who_signs_in_with_it(login):
    gone = UserFactory(login_id=login, state="deleted", password=PASSWORD)
    user = register(application(password="another-long-enough-word"))
    check_login_is_free("nobody@example.org")
    with pytest.raises(Invalid, match="An account with this login already exists"):
        check_login_is_free("Jo@example.org")
    assert authenticate(username="jo@example.org", password="another-long-enough-word") == user
    assert authenticate(username="jo@example.org", password=PASSWORD) is None
    assert User.objects.get(pk=gone.pk).login_id == login
