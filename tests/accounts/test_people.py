"""A person's row: how it is made, found, kept in a session, and who is at work as them."""

import pytest
from django.contrib.auth import authenticate
from django.test import Client

from accounts.domain.admin_home import first_steps, posts_of, waiting
from accounts.models import ObservationLink, User
from accounts.permissions.registry import Permission
from tests.accounts.roles import make_helper
from tests.database import statements
from tests.factories import PASSWORD, UserFactory

HASH = "md5$salt$" + "0" * 32


# Making


@pytest.mark.parametrize(
    ("password", "password_hash", "stored", "usable"),
    [(None, "", None, False), (None, HASH, HASH, True), ("a-long-enough-word", HASH, HASH, True)],
)
def test_a_person_has_the_password_or_the_hash_that_was_given_or_none(db, password, password_hash, stored, usable):
    person = User.objects.create_user("mia", password, name="Mia Lake", password_hash=password_hash)
    assert person.has_usable_password() is usable
    assert stored is None or person.password == stored
    assert authenticate(username="mia", password=password or "") is None


def test_a_password_is_stored_hashed(db):
    person = User.objects.create_user("mia", PASSWORD, name="Mia Lake")
    assert PASSWORD not in person.password
    assert authenticate(username="MIA", password=PASSWORD) == person


@pytest.mark.parametrize(
    ("name", "sortable_name"),
    [("Mia Lake", "Lake, Mia"), ("Cher", "Cher"), ("x" * 127 + " " + "y" * 127, "y" * 127 + ", " + "x" * 126)],
)
def test_a_sortable_and_a_short_name_are_made_from_the_name_and_fit(db, name, sortable_name):
    person = User.objects.create_user("mia", name=name)
    person.refresh_from_db()
    assert (person.sortable_name, person.short_name) == (sortable_name, name)


def test_names_that_were_chosen_stay_when_a_person_is_saved_again(db):
    person = UserFactory(name="Mia Lake", short_name="Mimi", sortable_name="Of Lake, Mia")
    person.name = "Mia Sea"
    person.save()
    person.refresh_from_db()
    assert (person.short_name, person.sortable_name) == ("Mimi", "Of Lake, Mia")


# Finding


def test_everyone_is_present_but_deleted_people(db):
    people = {state: UserFactory(state=state) for state in User.State.values}
    assert set(User.objects.present()) == {person for state, person in people.items() if state != "deleted"}


def test_people_of_one_name_stand_in_the_order_in_which_they_came(db):
    people = [UserFactory(name="Ana Ito") for _ in range(3)]
    assert list(User.objects.by_name()) == people


def test_live_links_are_the_active_ones_of_students_who_are_here(db):
    observer, student, gone = UserFactory(), UserFactory(), UserFactory(state="deleted")
    suspended = UserFactory(state="suspended")
    links = [
        ObservationLink.objects.create(observer=observer, student=one, origin="api")
        for one in (student, suspended, gone)
    ]
    ObservationLink.objects.create(observer=gone, student=student, origin="api", state="deleted")
    assert set(ObservationLink.objects.live()) == set(links[:2])


# Sessions


@pytest.mark.parametrize("what", ["password", "session_epoch"])
def test_a_session_ends_with_a_new_password_and_with_a_new_epoch(root, what):
    person, browser = UserFactory(password=PASSWORD), Client()
    browser.force_login(person)
    assert browser.get("/profile/settings").status_code == 200
    if what == "password":
        person.set_password("another-long-enough-word")
        person.save()
    else:
        User.objects.update(session_epoch=1)
    assert browser.get("/profile/settings").status_code == 302


def test_a_session_outlives_a_change_of_our_secret_as_long_as_the_old_one_is_named(root, settings):
    person, browser = UserFactory(password=PASSWORD), Client()
    browser.force_login(person)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret"
    assert person.get_session_auth_hash() not in [*person.get_session_auth_fallback_hash()]
    assert browser.get("/profile/settings").status_code == 200
    User.objects.update(session_epoch=1)
    assert browser.get("/profile/settings").status_code == 302, "signed out everywhere is signed out there too"


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_the_session_of_a_suspended_or_deleted_person_opens_nothing(root, state):
    person, browser = UserFactory(password=PASSWORD), Client()
    browser.force_login(person)
    User.objects.update(state=state)
    assert browser.get("/profile/settings").status_code == 302


# Who is at work


def test_a_person_nobody_acts_as_is_at_work_themselves():
    person, admin = UserFactory.build(pk=1), UserFactory.build(pk=2)
    acted = person.acted_by(admin)
    assert (person.actor, person.person_acting) == (None, person)
    assert (acted.actor, acted.person_acting) == (admin, admin)
    assert acted.acted_by(None).actor is None
    assert (acted.pk, acted.name) == (person.pk, person.name)


# The home of an admin


def test_the_accounts_of_an_admins_home_are_those_where_they_have_a_permission(district):
    helper, _role = make_helper(district.school, Permission.READ_ROSTER)
    found = posts_of(helper, [district.root, district.school, district.department])
    assert [(here.account, here.permissions, here.is_root) for here in found] == [
        (district.school, {Permission.READ_ROSTER}, False),
        (district.department, {Permission.READ_ROSTER}, False),
    ]
    (root, *_others) = posts_of(district.admin, [district.root, district.school])
    assert root.is_root


def test_the_home_of_a_person_without_accounts_costs_nothing(root):
    assert statements(lambda: posts_of(UserFactory.build(), [])) == 0
    assert waiting([]) == []
    assert first_steps([]) == []


def test_the_first_steps_are_for_admins_of_the_institution_until_there_is_a_link(district):
    (school,) = posts_of(district.school_admin, [district.school])
    (root,) = posts_of(district.admin, [district.root])
    assert first_steps([school]) == []
    assert first_steps([root, school])
    ObservationLink.objects.create(observer=UserFactory(), student=UserFactory(), origin="api", state="deleted")
    assert first_steps([root]) == []
