"""Names as they are kept, split, joined, found and ordered."""

import unicodedata

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.text.names import first_and_last, is_readable, parts_of, sortable, tidied, tidied_login
from tests.factories import UserFactory

# The scripts in which most people write their names.
LETTERS = st.characters(
    categories=("Lu", "Ll", "Lo", "Lm", "Mn", "Mc", "Nd"), min_codepoint=0x41, max_codepoint=0x1FFFF
)
WORDS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda word: is_readable(tidied(word)))
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ana Diaz", ("Ana", "Diaz", "")),
        ("  Ana   Diaz ", ("Ana", "Diaz", "")),
        ("Diaz, Ana Maria", ("Ana Maria", "Diaz", "")),
        ("St. Clair, John", ("John", "St. Clair", "")),
        ("John St. Clair", ("John St.", "Clair", "")),
        ("Ludwig van Veen", ("Ludwig van", "Veen", "")),
        ("Tom Abel Lake IV", ("Tom Abel", "Lake", "IV")),
        ("Tom Abel Lake, IV", ("Tom Abel", "Lake", "IV")),
        ("Lake, Tom, IV", ("Tom", "Lake", "IV")),
        ("Lake, Tom IV", ("Tom", "Lake", "IV")),
        ("Lake, Tom, Jr.", ("Tom", "Lake", "Jr.")),
        ("Ho, Chi, Min", ("Chi Min", "Ho", "")),
        ("Ho Chi Min", ("Ho Chi", "Min", "")),
        ("Bob", ("Bob", "", "")),
        ("Junior", ("Junior", "", "")),
        ("St. Clair,", ("", "St. Clair", "")),
        ("Duing, Vi", ("Vi", "Duing", "")),
        ("Duing Chi Min, Vi", ("Duing Chi", "Min", "Vi")),
        ("", ("", "", "")),
        (",", ("", "", "")),
    ],
)
def test_a_name_is_split_as_canvas_splits_it(name, parts):
    assert parts_of(name) == parts


def test_a_family_name_known_before_is_found_again_however_many_words_it_has():
    assert sortable("John St. Clair", known_family="St. Clair") == "St. Clair, John"
    assert sortable("John St. Clair", known_family="Lake") == "Clair, John St."
    assert sortable("St. Clair", known_family="St. Clair") == "St. Clair,"


def test_what_stands_before_the_comma_of_a_sortable_name_is_the_family_name():
    assert first_and_last("Duing Chi Min, Vi") == ("Vi", "Duing Chi Min")
    assert first_and_last("Lake, Tom, Jr.") == ("Tom Jr.", "Lake")
    assert first_and_last("Madonna") == ("Madonna", "")


@given(NAMES)
def test_no_word_of_a_name_is_lost_when_it_is_turned_around(name):
    assert sorted(sortable(name).replace(",", " ").split()) == sorted(name.split())
    first, last = first_and_last(sortable(name))
    assert sorted(f"{first} {last}".split()) == sorted(name.split())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Jose\u0301", "José"),
        (" New\nLine\t", "New Line"),
        ("A\u202eevil\u2066", "Aevil"),
        ("Mia\u00a0\u3000Lake", "Mia Lake"),
        ("\ufeffMi\u00ada\u200b", "Mia"),
        ("a\u200db", "ab"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("ශ\u0dca\u200dරී", "ශ\u0dca\u200dරී"),
        ("\u2800\u3164\u200b", ""),
        ("x\0\ud800", "x"),
    ],
)
def test_a_text_is_kept_without_what_nobody_can_see(given, kept):
    assert tidied(given) == kept


@given(st.text())
@example("a\u200c")
@example("\u0dca\u200d\u0dca")
@example("ب\u200cب\u200c")
def test_a_tidied_text_stays_as_it_is_and_is_composed(text):
    kept = tidied(text)
    assert tidied(kept) == kept == unicodedata.normalize("NFC", kept)
    assert not any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\u200c\u200d" for c in kept)
    assert kept == kept.strip()


@given(st.text())
def test_a_login_is_kept_in_one_form(text):
    assert tidied_login(tidied_login(text)) == tidied_login(text)


@pytest.mark.parametrize("name", ["", "---", " . ", "\u2800"])
def test_a_name_without_letters_digits_or_signs_cannot_be_read(name):
    assert not is_readable(tidied(name))


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["name", "sortable_name", "short_name", "pronouns"])
@pytest.mark.parametrize("text", ["Mia\nLake", " Mia", "Mia ", "Mi\u202ea", "Mi\u200ba", "Mia  Lake", "\u2800"])
def test_the_database_refuses_what_a_writer_forgot_to_tidy(field, text):
    with pytest.raises(IntegrityError, match=f"{field}_is_tidy"), transaction.atomic():
        UserFactory(**{"name": "Mia", field: text})


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(NAMES)
def test_the_database_takes_whatever_was_tidied(name):
    assert UserFactory(name=tidied(name)).pk
