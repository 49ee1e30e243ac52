"""The names that pages show of a person, and what a name is made of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.text.names import (
    SUFFIX,
    UNTIDY,
    family_of,
    first_and_last,
    first_name,
    is_readable,
    parts_of,
    sortable,
    tidied,
    tidied_login,
)
from tests.accounts.test_names import NAMES


def person(name: str, short_name: str = "", sortable_name: str = "", pronouns: str = "") -> User:
    return User(
        name=name,
        short_name=short_name or name,
        sortable_name=sortable_name or sortable(name),
        pronouns=pronouns,
    )


@pytest.mark.parametrize(
    ("shown", "as_shown", "listed"),
    [
        (person("Mia Lake"), "Mia Lake", "Lake, Mia"),
        (person("Mia Lake", pronouns="she/her"), "Mia Lake (she/her)", "Lake, Mia (she/her)"),
        (person("Samantha Lake", "Sam"), "Sam", "Lake, Sam"),
        (person("Samantha Lake", "Sam", pronouns="they/them"), "Sam (they/them)", "Lake, Sam (they/them)"),
        (person("Samantha Lake", "Sam Sea"), "Sam Sea", "Sea, Sam"),
        (person("Tom Lake Jr.", "Tommy Jr."), "Tommy Jr.", "Lake, Tommy Jr."),
        (person("Ana St. Clair", "Annie St. Clair", "St. Clair, Ana"), "Annie St. Clair", "St. Clair, Annie"),
        (person("Ana St. Clair", sortable_name="St. Clair, Ana"), "Ana St. Clair", "St. Clair, Ana"),
        (person("Cher"), "Cher", "Cher"),
        (person("Madonna Ciccone", "Madonna"), "Madonna", "Ciccone, Madonna"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_person_is_shown_by_the_name_they_go_by_and_listed_under_their_family_name(shown, as_shown, listed):
    assert (shown.shown_name, shown.listed_name, str(shown)) == (as_shown, listed, shown.short_name)


@pytest.mark.parametrize(
    ("shown", "discreet"),
    [
        (person("Mia Lake"), "Mia L."),
        (person("Ana Maria Diaz"), "Ana D."),
        (person("Samantha Lake", "Sam"), "Sam L."),
        (person("Samantha Lake", "Sam Lake"), "Sam L."),
        (person("Ana St. Clair", sortable_name="St. Clair, Ana"), "Ana S."),
        (person("Cher"), "Cher"),
        (person("Madonna Ciccone", "Madonna Louise"), "Madonna C."),
        (person("Ann Lee", "Lee", "Lee, Ann"), "Lee"),
        (person("Émile Zola"), "Émile Z."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stranger_sees_no_more_of_a_child_than_a_first_name_and_an_initial(shown, discreet):
    assert shown.discreet_name == discreet


@given(name=NAMES, short_name=NAMES)
def test_a_discreet_name_never_tells_a_family_name_of_several_letters(name, short_name):
    one = person(tidied(name), tidied(short_name))
    family = family_of(one.sortable_name)
    shown = one.discreet_name.split()
    assert len(shown) <= 2
    if len(family) > 2 and family not in (one.short_name, *one.short_name.split()):
        assert family not in one.discreet_name


# What a name is made of


@pytest.mark.parametrize(
    "word", ["Jr", "Jr.", "JNR", "Sr.", "snr", "Esq.", "Senior", "JUNIOR", "Esquire", "II", "iii", "IV", "V", "vi"]
)
def test_these_words_are_suffixes(word):
    assert SUFFIX.fullmatch(word)
    assert parts_of(f"Tom Lake {word}") == ("Tom", "Lake", word)


@pytest.mark.parametrize("word", ["VII", "Jra", "J.", "S.", "Esqs", "I", "X", "Seniora", "Jr.."])
def test_these_words_are_none(word):
    assert not SUFFIX.fullmatch(word)


@pytest.mark.parametrize(
    ("sortable_name", "family", "both"),
    [
        ("Lake, Mia", "Lake", ("Mia", "Lake")),
        ("St. Clair, Ana, Jr.", "St. Clair", ("Ana Jr.", "St. Clair")),
        ("Cher", "", ("Cher", "")),
        ("Lake,", "Lake", ("", "Lake")),
        (",", "", ("", "")),
        ("", "", ("", "")),
        ("Lake , Mia", "Lake", ("Mia", "Lake")),
        ("Vi, Duing", "Vi", ("Duing", "Vi")),
    ],
)
def test_a_sortable_name_is_taken_apart_at_its_comma(sortable_name, family, both):
    assert family_of(sortable_name) == family
    assert first_and_last(sortable_name) == both


@pytest.mark.parametrize(
    ("name", "first"), [("Mia Lake", "Mia"), ("Cher", "Cher"), ("", ""), ("  ", "  "), (" Mia", "Mia")]
)
def test_the_first_name_is_the_first_word(name, first):
    assert first_name(name) == first


@pytest.mark.parametrize(
    ("name", "known_family", "turned"),
    [
        ("Mia Lake", "", "Lake, Mia"),
        ("Mia van der Lake", "van der Lake", "van der Lake, Mia"),
        ("Mia Lake", "van der Lake", "Lake, Mia"),
        ("Lake", "Lake", "Lake,"),
        ("Tom Lake Jr.", "Lake", "Lake, Tom Jr."),
        ("Cher", "", "Cher"),
        ("", "", ""),
    ],
)
def test_a_name_is_turned_around_by_the_family_name_that_was_known_before(name, known_family, turned):
    assert sortable(name, known_family=known_family) == turned


@given(NAMES)
def test_turning_a_name_around_and_back_keeps_given_and_family_name(name):
    name = tidied(name)
    given_name, family, suffix = parts_of(name)
    if family and "," not in name:
        back = parts_of(sortable(name), family_first=True)
        assert (back.given, back.family, back.suffix) == (given_name, family, suffix)


# Texts as they are stored


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a  b", "a b"),
        ("a\tb\r\nc", "a b c"),
        ("a\u2028b\u2029c", "a b c"),
        ("a\x1fb", "a b"),
        ("a\x85b", "a b"),
        ("\u034fa\ufe0f", "a"),
        ("a\U000e0101b", "ab"),
        ("a\ue000b", "ab"),
        ("a\u115fb", "ab"),
        ("e\u0301", "é"),
        ("ﬁ", "ﬁ"),
        ("\uff21", "\uff21"),
    ],
)
def test_a_text_is_composed_but_keeps_the_letters_that_were_chosen(given, kept):
    assert tidied(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" mia ", "mia"),
        ("\uff21\uff4e\uff41", "Ana"),
        ("ﬁn", "fin"),
        ("mi\u200ba", "mia"),
        ("m\u200da", "ma"),
        ("a\u3000b", "a b"),
        ("mi\na", "mi\na"),
        ("e\u0301", "é"),
        ("\ufeffmia", "mia"),
    ],
)
def test_a_login_is_stored_with_plain_letters_and_a_line_break_in_it_is_left_to_be_refused(given, kept):
    assert tidied_login(given) == kept


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("a", True),
        ("7", True),
        ("★", True),
        ("€", True),
        ("김", True),
        ("-", False),
        ("", False),
        (" ", False),
        ("…", False),
    ],
)
def test_a_letter_a_digit_or_a_symbol_can_be_read_and_punctuation_cannot(text, readable):
    assert is_readable(text) is readable


@given(st.text())
def test_what_was_tidied_is_what_the_database_takes_for_tidy(text):
    # PostgreSQL reads the pattern as Python does.
    assert not re.search(UNTIDY, tidied(text))
