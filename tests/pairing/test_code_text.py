"""The text of a code: how it is drawn, read and kept."""

import hashlib
import hmac
import math
import random
import unicodedata
from datetime import datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pairing import code_text

DATES = ("%d%b%y", "%d%b%Y", "%d%b", "%b%d", "%b%y", "%b%Y", "%B%d", "%d%B", "%B", "%b", "%B%y")
CODES = st.text(code_text.ALPHABET, min_size=code_text.LENGTH, max_size=code_text.LENGTH)
SPACES_AND_DASHES = [
    chr(point)
    for point in range(0x110000)
    if unicodedata.category(chr(point)) in ("Zs", "Zl", "Zp")
    or chr(point)
    in "-\t\r\n\x0b\x0c\u00ad\u200b\u2060\ufeff\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
]


def reads_as_number(text: str) -> bool:
    """As spreadsheets do it: digits, with an exponent after E or (from Fortran) D."""
    try:
        return math.isfinite(float(text.replace("d", "e").replace("D", "E"))) or text[0].isdigit()
    except ValueError:
        return False


def reads_as_date(text: str) -> bool:
    for form in DATES:
        try:
            datetime.strptime(text + ("" if "%d" in form else "-1"), form + ("" if "%d" in form else "-%d"))
        except ValueError:
            continue
        return True
    return False


def drawing(*wanted: str) -> str:
    """What is drawn when the random generator gives these texts, one after the other."""
    texts_in_turn = iter(wanted)

    class Generator(random.Random):
        def randrange(self, *args, **kwargs):
            number = 0
            for character in next(texts_in_turn):
                number = number * 56 + code_text.ALPHABET.index(character)
            return number

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code_text, "SYSTEM_RANDOM", Generator())
        return code_text.draw()


def test_the_alphabet_is_the_56_characters_that_cannot_be_mistaken():
    assert len(code_text.ALPHABET) == len(set(code_text.ALPHABET)) == 56
    assert not set(code_text.ALPHABET) & set("0Oo1lI")
    assert code_text.ALPHABET.isalnum()
    assert code_text.ALPHABET.isascii()


def test_a_code_has_six_characters_of_the_alphabet_and_every_character_comes_up():
    drawn = [code_text.draw() for _ in range(3000)]
    assert {len(text) for text in drawn} == {6}
    assert set("".join(drawn)) == set(code_text.ALPHABET)
    assert len(set(drawn)) == len(drawn)


def test_every_number_is_written_as_another_text():
    assert (code_text.written(0), code_text.written(code_text.DIFFERENT - 1)) == ("222222", "ZZZZZZ")
    numbers = random.Random(7).sample(range(code_text.DIFFERENT), 3000)
    assert len({code_text.written(number) for number in numbers}) == len(numbers)
    assert sorted(map(code_text.written, numbers), key=lambda text: [code_text.ALPHABET.index(c) for c in text]) == [
        code_text.written(number) for number in sorted(numbers)
    ]


def test_characters_come_from_the_operating_systems_generator():
    assert isinstance(code_text.SYSTEM_RANDOM, random.SystemRandom)


@given(CODES)
@example("234567")
@example("22e345")
@example("2E2345")
@example("9d9999")
@example("3Jun24")
@example("33Jun2")
@example("Jun222")
@example("March7")
@example("7March")
@example("August")
@example("mAy222")
@example("2Sept4")
def test_a_code_is_never_one_that_a_spreadsheet_reads_as_number_or_date(wanted):
    drawn = drawing(wanted, "abcdef")
    assert drawn in (wanted, "abcdef")
    assert not reads_as_number(drawn)
    assert not reads_as_date(drawn)


@pytest.mark.parametrize("harmless", ["abcdef", "a23456", "23456a", "2e345f", "e23456", "x3Jun2", "2e3e45", "Jun2x4"])
def test_a_code_that_no_spreadsheet_would_change_is_kept(harmless):
    assert drawing(harmless) == harmless


@pytest.mark.parametrize("sign", SPACES_AND_DASHES, ids=lambda sign: f"U+{ord(sign):04X}")
def test_spaces_and_dashes_of_all_kinds_are_dropped(sign):
    assert code_text.tidy(f"{sign}aBc{sign}{sign}DeF{sign}") == "aBcDeF"


@pytest.mark.parametrize(
    "pasted",
    [
        *(
            "\u200e%s\u200e",
            "\u2068%s\u2069",
            "\u202a%s\u202c",
            "%s\u200d",
            "\u200f%s",
            "%s\ufe0f",
            "%s.",
            "“%s”",
            "»%s«",
        ),
        *("`%s`", "*%s*", "(%s)", "‚%s‘,", "%s!", "<%s>", " \u2800%s\u3000", "\u2212%s"),
    ],
)
def test_what_messages_and_phones_put_around_a_code_is_dropped(pasted):
    assert code_text.tidy(pasted % "aBc2Ef") == "aBc2Ef"


@given(CODES)
def test_a_code_in_wide_letters_is_the_same_code(code):
    assert code_text.tidy("".join(chr(ord(c) + 0xFEE0) for c in code)) == code


@given(CODES, st.sampled_from("!?$.,:&"))
def test_a_character_that_no_code_contains_is_named(code, sign):
    assert f"“{sign}”" in (code_text.complaint(code_text.tidy(f" {code[:3]}{sign}{code[3:]}")) or "")


@given(CODES)
def test_tidying_changes_no_character_of_a_code_nor_its_case(code):
    assert code_text.tidy(code) == code
    assert code_text.tidy(f" {code[:3]} - {code[3:]}\n") == code


@given(CODES)
def test_there_is_nothing_to_say_against_what_can_be_a_code(code):
    assert code_text.complaint(code) is None


@given(
    st.text(code_text.ALPHABET, max_size=5),
    st.characters(blacklist_characters=code_text.ALPHABET),
    st.text(code_text.ALPHABET),
)
@example("abc", "0", "")
@example("ab", "O", "def")
@example("ab", "l", "def")
def test_the_complaint_names_the_character_that_is_in_no_code(before, strange, after):
    assert f"“{strange}”" in (code_text.complaint(before + strange + after) or "")


@pytest.mark.parametrize("text", ["", "abcde", "abcdefg"])
def test_the_complaint_says_how_many_characters_a_code_has(text):
    complaint = code_text.complaint(text) or ""
    assert "6 characters" in complaint
    assert str(len(text)) in complaint


def test_what_is_kept_is_an_hmac_with_the_key_from_the_settings(settings):
    settings.PAIRING_CODE_KEY = b"one key"
    with_one = code_text.digest("abcdef")
    assert with_one == hmac.new(b"one key", b"abcdef", hashlib.sha256).digest()
    settings.PAIRING_CODE_KEY = b"another key"
    assert code_text.digest("abcdef") != with_one


@given(CODES, CODES)
@example("abcdef", "ABCDEF")
@example("abcdef", "abcdeF")
def test_different_texts_have_different_digests_case_included(one, other):
    assume(one != other)
    assert code_text.digest(one) != code_text.digest(other)


@given(st.text())
@example("\ud800")
@example("\0")
def test_whatever_is_typed_has_a_digest(typed):
    assert len(code_text.digest(code_text.tidy(typed))) == 32


def test_a_code_can_be_spelled_aloud():
    assert code_text.spelled("aB7") == ["lowercase a", "capital B", "7"]
