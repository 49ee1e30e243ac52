"""The forms of people, accounts, roles and settings: which fields they have, for whom, and what they give."""

import pytest
from django.core.exceptions import ValidationError

from accounts.forms.users import (
    AccountForm,
    AdminForm,
    EditPersonForm,
    NewPersonForm,
    PairingForm,
    RenameRoleForm,
    RoleForm,
    ZoneField,
)
from accounts.models import BaseType, CodeScope, Role, SelfRegistration, User
from accounts.permissions.registry import Permission
from tests.factories import AccountFactory, UserFactory

SIS, LOGINS = Permission.MANAGE_SIS, Permission.VIEW_USER_LOGINS
NAMES = ["name", "short_name", "sortable_name", "pronouns"]


@pytest.fixture
def person(db) -> User:
    return UserFactory(name="Mia Lake", login_id="mia", email="mia@example.org", sis_user_id="S1")


# People


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ((), [*NAMES, "time_zone"]),
        ((LOGINS,), [*NAMES, "login_id", "email", "time_zone"]),
        ((SIS,), [*NAMES, "sis_user_id", "time_zone"]),
        ((LOGINS, SIS), [*NAMES, "login_id", "email", "sis_user_id", "time_zone"]),
    ],
)
def test_the_form_of_a_person_has_only_what_its_reader_may_see(person, keys, fields):
    assert list(EditPersonForm(person, keys=keys).fields) == fields


@pytest.mark.parametrize(("keys", "more"), [((), []), ((SIS,), ["sis_user_id"])])
def test_the_form_of_a_new_person_always_asks_for_a_login(keys, more):
    assert list(NewPersonForm(keys=keys).fields) == ["name", "login_id", "email", *more]
    assert NewPersonForm({"name": "Mia"}, keys=keys).errors.keys() == {"login_id"}


def test_no_browser_fills_in_its_owners_data_for_another_person(person):
    for form in (EditPersonForm(person, keys=(LOGINS, SIS)), NewPersonForm(keys=())):
        assert {field.widget.attrs["autocomplete"] for field in form.fields.values()} == {"off"}


def test_the_form_is_filled_in_with_the_person_as_they_are(person):
    User.objects.filter(pk=person.pk).update(sis_user_id=None, time_zone="Asia/Tokyo")
    person.refresh_from_db()
    assert EditPersonForm(person, keys=(LOGINS, SIS)).initial == {
        "name": "Mia Lake",
        "short_name": "Mia Lake",
        "sortable_name": "Lake, Mia",
        "pronouns": "",
        "login_id": "mia",
        "email": "mia@example.org",
        "sis_user_id": "",
        "time_zone": "Asia/Tokyo",
    }


def as_shown(person: User, **typed: str) -> EditPersonForm:
    """The form sent as it was shown, but for what was typed."""
    keys = (LOGINS, SIS)
    form = EditPersonForm(person, {**EditPersonForm(person, keys=keys).initial, **typed}, keys=keys)
    assert form.is_valid(), form.errors
    return form


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ({}, {}),
        ({"pronouns": "she/her"}, {"pronouns": "she/her"}),
        ({"email": ""}, {"email": ""}),
        ({"sis_user_id": ""}, {"sis_user_id": ""}),
        ({"time_zone": "tokyo"}, {"time_zone": "Asia/Tokyo"}),
        ({"name": "Mia Sea", "login_id": "sea"}, {"name": "Mia Sea", "login_id": "sea"}),
    ],
)
def test_only_the_fields_that_were_touched_are_changed(person, typed, given):
    assert as_shown(person, **typed).given() == given


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"login_id": "x" * 101}, "login_id"),
        ({"email": "nowhere"}, "email"),
        ({"pronouns": "x" * 256}, "pronouns"),
        ({"time_zone": "Europe/Berlni"}, "time_zone"),
    ],
)
def test_what_cannot_be_typed_there_is_said_beside_the_field(person, typed, field):
    keys = (LOGINS, SIS)
    form = EditPersonForm(person, {**EditPersonForm(person, keys=keys).initial, **typed}, keys=keys)
    assert form.errors.keys() == {field}


# Time zones


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("", ""),
        ("  ", ""),
        ("Europe/Berlin", "Europe/Berlin"),
        (" eastern time (us & canada) ", "America/New_York"),
        ("new\u200b york", "America/New_York"),
    ],
)
def test_a_time_zone_is_typed_by_any_of_its_names(typed, zone):
    assert ZoneField(required=False).clean(typed) == zone


@pytest.mark.parametrize(
    ("typed", "says"),
    [("Europe/Berlni", "Did you mean Europe/Berlin"), ("zzzzzz", "Enter a city such as Berlin"), ("x" * 65, "64")],
)
def test_an_unknown_zone_is_complained_of_with_what_to_do(typed, says):
    with pytest.raises(ValidationError, match=says):
        ZoneField(required=False).clean(typed)


def test_a_field_for_zones_offers_the_list_of_zones():
    html = ZoneField().widget.render("zone", "")
    assert 'list="time-zones"' in html
    assert 'spellcheck="false"' in html


# Accounts


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ((), ["name", "links_office", "default_time_zone"]),
        ((SIS,), ["name", "links_office", "sis_account_id", "default_time_zone"]),
    ],
)
def test_the_form_of_an_account_has_its_sis_id_for_people_who_may_set_it(root, keys, fields):
    assert list(AccountForm(None, keys=keys).fields) == fields
    school = AccountFactory(name="North", links_office="Front office")
    assert list(AccountForm(school, keys=keys).initial) == fields
    assert AccountForm(school, keys=(SIS,)).initial == {
        "name": "North",
        "links_office": "Front office",
        "sis_account_id": "",
        "default_time_zone": "UTC",
    }
    assert AccountForm(None, keys=keys).initial == {}


def test_an_account_needs_a_name_and_nothing_else():
    assert AccountForm(None, {"name": "North"}, keys=(SIS,)).is_valid()
    assert AccountForm(None, {"links_office": "x"}, keys=(SIS,)).errors.keys() == {"name"}


# Settings


def test_the_form_of_pairing_says_what_each_choice_means_and_which_is_chosen():
    form = PairingForm(initial={"self_registration": "observer", "code_scope": "course"})
    assert [(value, chosen) for value, _label, _means, chosen in form.choices()] == [
        ("none", False),
        ("observer", True),
        ("all", False),
    ]
    assert [(value, chosen) for value, _label, _means, chosen in form.scopes()] == [("all", False), ("course", True)]
    means = [str(text) for _value, _label, text, _chosen in (*form.choices(), *form.scopes())]
    assert len(set(means)) == 5
    assert means[0] == "Pairing is off: nobody can create or use codes."


def test_after_a_complaint_the_form_of_pairing_shows_what_was_chosen():
    form = PairingForm({"self_registration": "all", "code_scope": "galaxy"}, initial={"self_registration": "none"})
    assert form.errors.keys() == {"code_scope"}
    assert [value for value, *_rest, chosen in form.choices() if chosen] == ["all"]


@pytest.mark.parametrize("value", SelfRegistration)
@pytest.mark.parametrize("scope", ["", *CodeScope])
def test_every_setting_there_is_can_be_chosen(value, scope):
    assert PairingForm({"self_registration": value, "code_scope": scope}).is_valid()


# Roles


def test_a_new_role_is_of_a_kind_that_custom_roles_can_have():
    form = RoleForm({"label": "Mentor", "base_role_type": BaseType.TEACHER})
    assert form.is_valid()
    assert form.FIELDS_OF_RULES["base_type"] in form.fields
    for kind in ("", BaseType.ACCOUNT_ADMIN, "Nonsense"):
        assert RoleForm({"label": "Mentor", "base_role_type": kind}).errors.keys() == {"base_role_type"}


def test_a_role_is_renamed_by_its_name_alone():
    assert list(RenameRoleForm().fields) == ["label"]
    assert RenameRoleForm({"label": "Guide"}).is_valid()


def test_only_the_roles_that_can_be_given_are_offered_in_a_fixed_order(root):
    roles = [Role.objects.create(account=root, base_type=BaseType.ACCOUNT_MEMBERSHIP, label=label) for label in "BA"]
    hidden = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    form = AdminForm(roles[::-1], {"role": roles[0].pk})
    assert [choice.label for choice in form.fields["role"].queryset] == ["B", "A"]
    assert form.is_valid()
    assert form.cleaned_data["role"] == roles[0]
    assert not AdminForm(roles, {"role": hidden.pk}).is_valid()
    assert not AdminForm([], {"role": roles[0].pk}).is_valid()
