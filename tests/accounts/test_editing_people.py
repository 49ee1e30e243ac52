"""Editing a person's account, field by field: what follows from a change, what sticks, and what is told."""

import pytest
from allauth.account.models import EmailAddress

from accounts.domain.sis_fields import check_may_set_sis_ids
from accounts.domain.users import LANGUAGE_TAG, edit_user, problems_of_texts
from accounts.errors import Invalid, NotAllowed
from accounts.models import Action, AuditEvent, User
from accounts.permissions.registry import Permission
from tests.factories import AccountFactory, UserFactory, make_admin, make_clerk


@pytest.fixture
def person(root):
    return UserFactory(name="Mia Lake", login_id="mia", email="mia@example.org", sis_user_id="S1")


def edited(person: User, admin: User, **given) -> User:
    edit_user(person, by=admin, **given)
    return User.objects.get(pk=person.pk)


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("name", " Mia \n Sea ", "Mia Sea"),
        ("sortable_name", "Sea,  Mia", "Sea, Mia"),
        ("short_name", "Mi\u200bmi", "Mimi"),
        ("pronouns", " she/her ", "she/her"),
        ("pronouns", "", ""),
        ("email", " new@example.org ", "new@example.org"),
        ("email", "", ""),
        ("login_id", " \uff4d\uff49\uff4d\uff49 ", "mimi"),
        ("sis_user_id", " S2 ", "S2"),
        ("sis_user_id", " ", None),
        ("integration_id", "I2", "I2"),
        ("integration_id", "", None),
        ("time_zone", "berlin", "Europe/Berlin"),
        ("time_zone", "", ""),
        ("locale", " pt-BR ", "pt-BR"),
        ("locale", "", ""),
    ],
)
def test_a_field_is_stored_tidied_and_empty_where_it_may_be(admin, person, field, given, kept):
    User.objects.filter(pk=person.pk).update(
        pronouns="they/them", time_zone="Asia/Tokyo", locale="de", integration_id="I1"
    )
    assert getattr(edited(person, admin, **{field: given}), field) == kept


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant-TW", "gsw", "sr-Latn"])
def test_language_tags_are_taken(tag):
    assert LANGUAGE_TAG.fullmatch(tag)


@pytest.mark.parametrize("tag", ["e", "english", "en_US", "en-", "-en", "en-abcdefghi", "../en", "en us", "de\n"])
def test_whatever_is_no_language_tag_is_refused(admin, person, tag):
    given = tag if tag != "de\n" else "d\ne"
    with pytest.raises(Invalid, match="Enter a language such as en or pt-BR") as refusal:
        edit_user(person, by=admin, locale=given)
    assert (list(refusal.value.errors), refusal.value.of) == (["locale"], "user")


def test_everything_wrong_is_said_at_once_by_field(admin, person):
    with pytest.raises(Invalid) as refusal:
        edit_user(
            person, by=admin, name="", email="x", login_id="", locale="?", time_zone="Nowhere", pronouns="x" * 256
        )
    assert {field: kind for field, ((kind, _message),) in refusal.value.errors.items()} == {
        "name": "blank",
        "email": "invalid",
        "login_id": "invalid",
        "locale": "invalid",
        "time_zone": "invalid",
        "pronouns": "invalid",
    }


def test_what_may_be_empty_is_no_problem_and_a_name_or_login_is():
    empty = dict.fromkeys(("name", "login_id", "email", "pronouns", "sis_user_id", "time_zone", "short_name"), "")
    assert problems_of_texts(empty).keys() == {"name", "login_id"}
    assert problems_of_texts({}) == {}


def test_a_zone_whose_name_is_too_long_is_one_problem_and_not_two():
    assert len(problems_of_texts({"time_zone": "x" * 65})["time_zone"]) == 1


# Names that follow


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        # Nobody chose another name: the others follow.
        (("Mia Lake", "Lake, Mia", "Mia Lake"), {"name": "Mia Sea"}, ("Mia Sea", "Sea, Mia", "Mia Sea")),
        # A family name of two words is found again.
        (
            ("Ana St. Clair", "St. Clair, Ana", "Ana St. Clair"),
            {"name": "Ann St. Clair"},
            ("Ann St. Clair", "St. Clair, Ann", "Ann St. Clair"),
        ),
        # What somebody chose stays.
        (("Mia Lake", "Mia of Lake", "Mimi"), {"name": "Mia Sea"}, ("Mia Sea", "Mia of Lake", "Mimi")),
        # Given together, each is taken as it is.
        (
            ("Mia Lake", "Lake, Mia", "Mia Lake"),
            {"name": "Mia Sea", "sortable_name": "Ocean, Mia", "short_name": "Mi"},
            ("Mia Sea", "Ocean, Mia", "Mi"),
        ),
        # Emptied, they follow again.
        (
            ("Mia Lake", "Mia of Lake", "Mimi"),
            {"sortable_name": "", "short_name": ""},
            ("Mia Lake", "Lake, Mia", "Mia Lake"),
        ),
        (("Cher", "Cher", "Cher"), {"name": "Madonna"}, ("Madonna", "Madonna", "Madonna")),
    ],
)
def test_the_sortable_and_the_short_name_follow_the_name_unless_someone_chose_them(admin, before, given, after):
    name, sortable_name, short_name = before
    person = UserFactory(name=name, sortable_name=sortable_name, short_name=short_name)
    found = edited(person, admin, **given)
    assert (found.name, found.sortable_name, found.short_name) == after


def test_a_sortable_name_that_follows_is_never_too_long(admin, person):
    found = edited(person, admin, name="x" * 127 + " " + "y" * 127)
    assert found.sortable_name == "y" * 127 + ", " + "x" * 126


def test_names_that_follow_are_recorded_and_stick_like_the_name(admin, person):
    found = edited(person, admin, name="Mia Sea")
    assert found.stuck_sis_fields == ["name", "short_name", "sortable_name"]
    event = AuditEvent.objects.get(action=Action.USER_CHANGED)
    assert event.details == {"fields": ["name", "short_name", "sortable_name"]}


def test_a_field_that_stays_as_it_is_neither_sticks_nor_is_recorded(admin, person):
    found = edited(person, admin, name="Mia Lake", email="mia@example.org", pronouns="she/her")
    assert found.stuck_sis_fields == ["pronouns"]
    assert AuditEvent.objects.get(action=Action.USER_CHANGED).details == {"fields": ["pronouns"]}


def test_with_another_email_the_sign_in_software_forgets_the_former_one_and_with_another_name_it_does_not(
    admin, person
):
    other = UserFactory()
    for one in (person, other):
        EmailAddress.objects.create(user=one, email=f"kept{one.pk}@example.org")
    edited(person, admin, name="Mia Sea", email="mia@example.org")
    assert EmailAddress.objects.count() == 2
    edited(person, admin, email="new@example.org")
    assert [address.user for address in EmailAddress.objects.all()] == [other]


# Who, and whom


def test_a_deleted_account_is_not_changed_even_if_it_was_deleted_after_it_was_read(admin, person):
    User.objects.filter(pk=person.pk).update(state="deleted")
    with pytest.raises(Invalid, match="This person's account has been deleted"):
        edit_user(person, by=admin, name="Mia Sea")
    assert User.objects.get(pk=person.pk).name == "Mia Lake"


def test_what_someone_else_saved_meanwhile_is_not_overwritten(admin, person):
    User.objects.filter(pk=person.pk).update(pronouns="she/her", email="other@example.org")
    found = edited(person, admin, name="Mia Sea")
    assert (found.pronouns, found.email) == ("she/her", "other@example.org")


@pytest.mark.parametrize("field", ["login_id", "email"])
def test_while_acting_as_a_person_nobody_changes_what_they_sign_in_with(admin, person, field):
    acted = person.acted_by(admin)
    with pytest.raises(NotAllowed, match="while you act as this person"):
        edit_user(acted, by=acted, **{field: "mine@example.org"})
    found = edited(acted, acted, pronouns="she/her")
    assert (found.pronouns, getattr(found, field)) == ("she/her", getattr(person, field))
    other = UserFactory()
    assert getattr(edited(other, acted, **{field: "other@example.org"}), field) == "other@example.org"


def test_a_refused_change_leaves_nothing_of_the_rest(admin, person):
    UserFactory(login_id="taken")
    with pytest.raises(Invalid):
        edit_user(person, by=admin, name="Mia Sea", login_id="TAKEN")
    found = User.objects.get(pk=person.pk)
    assert (found.name, found.login_id, found.stuck_sis_fields) == ("Mia Lake", "mia", [])
    assert not AuditEvent.objects.exists()


def test_a_person_may_change_the_case_of_their_own_login(admin, person):
    assert edited(person, admin, login_id="Mia").login_id == "Mia"


# Who may set SIS IDs


@pytest.mark.parametrize("ids", [("S1",), ("", "I1"), (None, "I1")])
def test_setting_a_sis_id_needs_the_permission_in_the_root_account(root, ids):
    school = AccountFactory()
    for by in (UserFactory(), make_admin(school), make_clerk(Permission.READ_SIS), make_clerk(Permission.IMPORT_SIS)):
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            check_may_set_sis_ids(*ids, by=by)
    check_may_set_sis_ids(*ids, by=make_clerk(Permission.MANAGE_SIS))
    check_may_set_sis_ids(*ids, by=None)


@pytest.mark.parametrize("ids", [(), ("",), (None, "")])
def test_setting_no_sis_id_needs_no_permission(root, ids):
    check_may_set_sis_ids(*ids, by=UserFactory())
