"""Ids that come from outside: what can be one, and what nothing in the database can have."""

import pytest
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st

from accounts.api.ids import PEOPLE, condition, somebody
from accounts.models import User
from accounts.text.fields import BIGGEST, plain_id, plain_ids
from tests.factories import UserFactory

ACCOUNTS = {"sis_account_id": "sis_account_id", "sis_integration_id": "integration_id"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("0", 0),
        (str(BIGGEST), BIGGEST),
        (str(BIGGEST + 1), None),
        ("9" * 19, None),
        ("9" * 20, None),
        ("0" * 20, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        (" 1", None),
        ("٣", None),
        ("²", None),
        ("0x1", None),
    ],
)
def test_an_id_is_a_plain_number_that_fits_the_database(text, number):
    assert plain_id(text) == number


@given(st.integers(min_value=0, max_value=BIGGEST))
def test_every_number_that_fits_is_an_id(number):
    assert plain_id(str(number)) == number


@given(st.text(max_size=30))
def test_no_text_is_a_fault_and_none_becomes_a_number_too_large(text):
    number = plain_id(text)
    assert number is None or 0 <= number <= BIGGEST


def test_of_many_texts_those_that_are_no_ids_are_left_out():
    assert plain_ids(["3", "x", "", "1", "-2", "3"]) == [3, 1, 3]


# Ids of the school's


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5", {"pk": 5}),
        ("sis_account_id:MS", {"sis_account_id": "MS"}),
        ("sis_account_id:a:b", {"sis_account_id": "a:b"}),
        ("sis_integration_id:7", {"integration_id": "7"}),
        (f"sis_account_id:{'x' * 255}", {"sis_account_id": "x" * 255}),
    ],
)
def test_an_id_of_the_schools_names_the_field_that_holds_it(text, wanted):
    assert condition(text, ACCOUNTS) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ":5",
        "sis_account_id",
        "sis_account_id:",
        "SIS_ACCOUNT_ID:MS",
        "name:North",
        "pk:5",
        "-1",
        f"sis_account_id:{'x' * 256}",
        "sis_account_id:a\0b",
        "sis_account_id:a\nb",
    ],
)
def test_whatever_else_is_written_there_finds_nothing(text):
    with pytest.raises(Http404):
        condition(text, ACCOUNTS)


@pytest.mark.parametrize(
    "text",
    ["{0.pk}", "sis_user_id:S1", "sis_integration_id:I1", "sis_login_id:MIA@example.org", "login_id:mia@Example.org"],
)
def test_a_person_is_found_by_each_of_their_ids_and_the_login_in_any_case(root, text):
    person = UserFactory(login_id="mia@example.org", sis_user_id="S1", integration_id="I1")
    assert somebody(text.format(person)) == person
    User.objects.update(state=User.State.DELETED)
    assert somebody(text.format(person)) is None, "a deleted person is found by none"


@pytest.mark.parametrize("text", ["sis_user_id:s1", "sis_user_id:I1", "sis_integration_id:S1", "sis_login_id:S1"])
def test_an_id_of_one_kind_is_not_taken_for_another_and_a_sis_id_keeps_its_case(root, text):
    UserFactory(login_id="mia@example.org", sis_user_id="S1", integration_id="I1")
    assert somebody(text) is None


def test_people_can_be_named_only_by_fields_that_identify_one_person():
    assert {name.partition("__")[0] for name in PEOPLE.values()} == {"sis_user_id", "integration_id", "login_id"}
