"""Changing people's accounts: what may stand there, and suspending."""

import pytest
from django.test import Client

from accounts.domain.tokens import make_token, token_owner
from accounts.domain.users import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.errors import Invalid, NotAllowed
from accounts.models import Action, AuditEvent, User
from tests.api import Api
from tests.factories import PASSWORD, AccountFactory, UserFactory, allow, make_admin
from tests.jobs import work_off_jobs


@pytest.fixture
def person(root):
    return UserFactory(name="Mia Lake", login_id="mia", email="mia@example.org", sis_user_id="S1", password=PASSWORD)


def problem(error):
    """The field and the kind of the one complaint."""
    ((field, ((kind, _message),)),) = error.value.errors.items()
    return field, kind


def test_what_is_given_changes_and_the_rest_stays(admin, person):
    edit_user(person, by=admin, email="new@example.org", time_zone="Europe/Berlin", locale="pt-BR")
    found = User.objects.get(pk=person.pk)
    assert (found.email, found.time_zone, found.locale) == ("new@example.org", "Europe/Berlin", "pt-BR")
    assert (found.name, found.login_id, found.sis_user_id) == ("Mia Lake", "mia", "S1")
    event = AuditEvent.objects.get(action=Action.USER_CHANGED)
    assert (event.actor, event.subject, event.details) == (admin, person, {"fields": ["email", "locale", "time_zone"]})


def test_sortable_and_short_name_follow_the_name_until_someone_chooses_them(admin, person):
    edit_user(person, by=admin, name="Mia Sea")
    assert (person.sortable_name, person.short_name) == ("Sea, Mia", "Mia Sea")
    edit_user(person, by=admin, short_name="Mimi")
    edit_user(person, by=admin, name="Mia Ocean")
    assert (person.sortable_name, person.short_name) == ("Ocean, Mia", "Mimi")
    edit_user(person, by=admin, short_name="")
    assert person.short_name == "Mia Ocean"


def test_no_link_to_choose_a_password_goes_to_a_former_address(admin, person, mailoutbox):
    Client().post("/login/password/reset", {"email": "mia@example.org"})
    work_off_jobs()
    (earlier,) = mailoutbox
    edit_user(person, by=admin, email="new@example.org")
    Client().post("/login/password/reset", {"email": "mia@example.org"})
    Client().post("/login/password/reset", {"email": "new@example.org"})
    work_off_jobs()
    assert [mail.to for mail in mailoutbox] == [["mia@example.org"], ["new@example.org"]]
    address = next(word for word in earlier.body.split() if "/login/password/reset/key/" in word)
    page = Client().get(address.removeprefix("http://testserver"), follow=True)
    assert "password1" not in page.content.decode(), "the link sent earlier still works"


def test_nothing_is_recorded_when_nothing_changes(admin, person):
    edit_user(person, by=admin, name="Mia Lake", login_id="mia", sis_user_id="S1")
    assert not AuditEvent.objects.filter(action=Action.USER_CHANGED).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "\0"}, "name"),
        ({"short_name": "."}, "short_name"),
        ({"email": "nowhere"}, "email"),
        ({"email": f"{'x' * 250}@example.org"}, "email"),
        ({"login_id": ""}, "login_id"),
        ({"login_id": "x" * 101}, "login_id"),
        ({"login_id": "mi\na"}, "login_id"),
        ({"sis_user_id": "x" * 256}, "sis_user_id"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"locale": "../en"}, "locale"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(admin, person, given, field):
    with pytest.raises(Invalid) as error:
        edit_user(person, by=admin, **{"integration_id": "I9", **given})
    assert problem(error)[0] == field
    assert User.objects.get(pk=person.pk).integration_id is None


def test_the_login_or_sis_id_of_another_person_is_refused_whatever_its_case(admin, person):
    UserFactory(login_id="Ben", sis_user_id="S2")
    for given, expected in (
        ({"login_id": "bEN"}, ("login_id", "taken")),
        ({"sis_user_id": "S2"}, ("sis_user_id", "taken")),
    ):
        with pytest.raises(Invalid) as error:
            edit_user(person, by=admin, **given)
        assert problem(error) == expected


@pytest.mark.parametrize("given", [{"sis_user_id": "S9"}, {"sis_user_id": ""}, {"integration_id": "I1"}])
def test_sis_ids_need_the_right_to_change_them(admin, person, given):
    allow("AccountAdmin", "manage_sis", enabled=False)
    with pytest.raises(NotAllowed):
        edit_user(person, by=admin, **given)
    edit_user(person, by=admin, name="Mia Sea")


def test_nobody_changes_the_email_of_the_person_they_act_as(admin):
    other = make_admin()
    other = other.acted_by(admin)
    with pytest.raises(NotAllowed):
        edit_user(other, by=other, email="mine@example.org")


def test_a_suspended_person_is_out_at_once_and_comes_back_with_the_old_password(admin, person):
    browser, token = Client(), make_token(person, "test", by=None)
    browser.force_login(person)
    assert browser.get("/profile/settings").status_code == 200
    suspend(person, by=admin)
    assert browser.get("/profile/settings").status_code == 302
    assert token_owner(token) is None
    assert not Client().login(username="mia", password=PASSWORD)
    reactivate(person, by=admin)
    assert browser.get("/profile/settings").status_code == 302, "the old session has come back"
    assert token_owner(token) == person
    assert User.objects.get(pk=person.pk).state == User.State.REGISTERED
    assert Client().login(username="mia", password=PASSWORD)
    assert list(AuditEvent.objects.values_list("action", flat=True)[:2]) == ["user.reactivated", "user.suspended"]


def test_a_person_who_never_had_a_password_comes_back_as_invited(admin, root):
    person = User.objects.create_user("new", None, name="New", state=User.State.PRE_REGISTERED)
    suspend(person, by=admin)
    reactivate(person, by=admin)
    assert User.objects.get(pk=person.pk).state == User.State.PRE_REGISTERED


def test_nobody_suspends_themselves_not_even_while_acting_as_another_person(admin):
    other = make_admin()
    other = other.acted_by(admin)
    for by in (admin, other):
        with pytest.raises(NotAllowed):
            suspend(admin, by=by)


def test_signing_out_everywhere_ends_sessions_and_tokens_and_nothing_else(admin, person):
    browser, bystander = Client(), Client()
    browser.force_login(person)
    bystander.force_login(admin)
    api = Api(person)
    sign_out_everywhere(person, by=admin)
    assert browser.get("/profile/settings").status_code == 302
    assert api.get("users/self").status_code == 401
    assert bystander.get("/profile/settings").status_code == 200
    assert Client().login(username="mia", password=PASSWORD)


def test_a_new_password_still_ends_the_other_sessions(person):
    browser = Client()
    browser.force_login(person)
    person.set_password("another-long-word")
    person.save()
    assert browser.get("/profile/settings").status_code == 302


def test_staff_without_the_right_make_no_account_with_an_sis_id(root):
    staff = make_admin(AccountFactory())
    home = staff.account_admins.get().account_id
    given = {"user": {"name": "Kim"}, "pseudonym": {"unique_id": "kim", "sis_user_id": "S1"}}
    assert Api(staff).post(f"accounts/{home}/users", **given).status_code == 403
    del given["pseudonym"]["sis_user_id"]
    assert Api(staff).post(f"accounts/{home}/users", **given).status_code == 200


def test_acting_as_a_person_leaves_the_object_at_hand_as_it_is(admin):
    person = UserFactory()
    acted = person.acted_by(admin)
    assert (acted, acted.actor, acted.person_acting) == (person, admin, admin)
    assert (person.actor, person.person_acting) == (None, person)
    with pytest.raises(AttributeError):
        person.actor = admin
