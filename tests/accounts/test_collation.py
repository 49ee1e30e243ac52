"""What a search finds, how lists are ordered, and which logins are one and the same: computed by the database."""

import re
import unicodedata
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.text.collation import _ONE_FOR_TWO, _PLAIN, _SPACED, DROPPED, folded
from accounts.text.names import is_readable, tidied
from accounts.text.search import Search
from tests.accounts.test_names import NAMES, WORDS
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("root")]
quickly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)


def found(words: str) -> set[str]:
    return set(User.objects.filter(Search(words).found).values_list("name", flat=True))


def folded_by_the_database(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_sort_key(%s)", [text])
        # What follows a tab is sorted after the names that end there.
        return cursor.fetchone()[0].rstrip("\t")


def words_kept(*names: str) -> set[str]:
    """Return the words by which the database finds these names, the one by which it sorts them without its mark."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(accounts_search_words(%s, %s, ''))", names)
        return {word.removeprefix("<") for word in cursor.fetchone()[0]}


# Whatever can be in a name, with all of the letters and signs that are folded in a way of their own.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0"), max_size=12)
ODD_TEXTS = st.text(st.sampled_from("".join(_PLAIN) + "".join(_ONE_FOR_TWO) + DROPPED + _SPACED + "Aa .'-\u0301ς"))


@settings(max_examples=300)
@given(st.one_of(NAMES, TEXTS, ODD_TEXTS, TEXTS.map(str.upper)))
@example("Ħałyna Þórðar-ßmith, O’Brien St.Clair")
@example("ＭＩＡ Nguyễn\u00a0Thị  محمّد ΣΕΦΈΡΗΣ İı")
def test_names_fold_the_same_in_the_database_and_outside(name):
    # Commas and tabs part a key in two.
    name = name.translate({ord(","): " ", ord("\t"): " "})
    assert folded(name)[:255] == folded_by_the_database(name)
    assert {word for word in folded(name).split(" ") if word} <= words_kept(name, "")


def same_logins(one: str, other: str) -> tuple[bool, bool]:
    """Whether these logins are the same, and whether they look the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT accounts_login_key(%(a)s) = accounts_login_key(%(b)s),"
            " accounts_login_shape(%(a)s) = accounts_login_shape(%(b)s)",
            {"a": one, "b": other},
        )
        return cursor.fetchone()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("José Quintero", "jose quintero"),
        ("Jose Quintero", "JOSÉ"),
        ("Øyvind Łódź", "oyvind lodz"),
        ("Weiß Þórsdóttir", "weiss thorsdottir"),
        ("Ayşe Işık", "AYSE ISIK"),
        ("Siobhán O’Brien", "o'brien"),
        ("Siobhán O’Brien", "obrien"),
        ("Siobhán O’Brien", "O’ Brien"),
        ("Siobhán O’Brien", "brien"),
        ("Chiara d'Angelo", "angelo"),
        ("Anne-Marie Clair", "annemarie"),
        ("Anne‑Marie Clair", "marie"),
        ("Jan van der Berg", "van der ber"),
        ("María López García", "mar lop"),
        ("María López García", "garc mar"),
        ("Oﬃcer Ĳsbrand", "officer ijs"),
        ("Anne-Marie Clair", "anne marie"),
        ("J. R. St. Clair", "st clair"),
        ("Mia Lake", "Lake, Mia"),
        ("Пётр Ёлкин", "петр елкин"),
        ("Γιώργος Σεφέρης", "γιωργοσ σεφερησ"),
        ("김민수", "김민"),
        ("김민수", "민수"),
        ("山田太郎", "太郎"),
        ("محمّد", "محمد"),
        ("Nguyễn Thị Hạnh", "nguyen thi"),
        ("ＭＩＡ", "mia"),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_people_are_found_whatever_accents_and_case_were_typed(name, typed, form):
    UserFactory(name=tidied(unicodedata.normalize(form, name)))
    UserFactory(name="Somebody Else")
    assert found(unicodedata.normalize(form, typed)) == {tidied(name)}


@pytest.mark.parametrize("typed", ["ake", "ia", "Mia Lakes", "miaa", "Lake Mia Tom"])
def test_people_are_not_found_by_what_no_word_of_their_name_begins_with(typed):
    UserFactory(name="Mia Lake")
    assert found(typed) == set()


def test_people_are_found_by_the_name_they_go_by_and_by_words_in_any_order():
    UserFactory(name="Samantha Miller", short_name="Sam Lake")
    assert found("miller sam") == found("sam lake") == found("Miller, Samantha") == {"Samantha Miller"}
    assert found("sam ocean") == set()


@pytest.mark.parametrize("typed", ["%", "_", "\\", "—", "'", "  "])
def test_a_search_for_punctuation_alone_finds_nobody(typed):
    UserFactory(name="Mia_Lake 100%")
    assert found(typed) == set()


@quickly
@given(NAMES, st.sampled_from(["NFC", "NFD", "NFKC"]), st.sampled_from([str, str.upper, str.lower]))
def test_everyone_is_found_by_their_own_name(name, form, case):
    kept = tidied(name)
    UserFactory(name=kept)
    typed = unicodedata.normalize(form, kept)
    # Capitals that are no single letters (ŉ, ǰ) are the keyboard's business.
    if unicodedata.normalize("NFD", case(typed)).casefold() == unicodedata.normalize("NFD", typed).casefold():
        assert kept in found(case(typed))


def test_a_list_stands_in_the_order_of_a_class_list():
    order = [
        *("abel, Zoe", "Ábel, Zora", "Adler, Bo", "de la Cruz, Kim", "Éclair, Émile", "Lee, Zoe", "Lee Ford, Ann"),
        *("Lee-Ford, Bo", "Leeds, Al", "Łoś, Al", "Muller, Ann", "Müller, Bo", "Muller, Cy", "O’Brien, Al"),
        *("OBrien, Bo", "Ost, Oskar", "Öz, Öykü", "Pym, Zed", "Zorn, Ida", "Ελύτης, Ο", "Ёлкин, П", "Жуков, П"),
        "김, 민수",
    ]
    for name in reversed(order):
        UserFactory(name="x", sortable_name=name)
    assert [*User.objects.by_name().values_list("sortable_name", flat=True)] == order


def test_lists_by_name_come_from_the_index_without_sorting():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = User.objects.by_name().explain()
    assert "users_in_class_list_order" in plan
    assert "Sort" not in plan.replace("sort_key", "")


def test_the_columns_beside_a_name_follow_it_whichever_code_writes_it():
    person = UserFactory(name="Mia Lake")
    User.objects.filter(pk=person.pk).update(name="Zoë Ängström", sortable_name="Ängström, Zoë", short_name="Zoë")
    (other,) = User.objects.bulk_create([User(login_id="o", name="Ös Öz", short_name="Ös", sortable_name="Öz, Ös")])
    assert found("zoe angstrom") == {"Zoë Ängström"}
    assert [one.pk for one in User.objects.by_name()] == [person.pk, other.pk]


def test_nothing_is_ordered_by_the_names_themselves():
    apps = ("accounts", "courses", "pairing", "notices", "sis")
    code = [file for app in apps for file in Path(site.BASE_DIR, app).rglob("*.py")]
    wrong = re.compile(
        r"(order_by|distinct)\([^)]*sortable_name|Upper\(\"\w*(sortable_name|login_id)|upper\([\w.]*login_id"
    )
    assert [file for file in code if wrong.search(file.read_text())] == []


@pytest.mark.parametrize(
    ("one", "other", "same", "look_alike"),
    [
        ("mia@example.org", "MIA@Example.ORG", True, True),
        ("josé", "JOSE\u0301", True, True),
        ("josé", "jose", False, False),
        ("ｍｉａ", "mia", True, True),
        ("straße", "STRASSE", True, True),
        ("ИВАН", "иван", True, True),
        ("раt@example.org", "pat@example.org", False, True),
        ("MΙΑ", "MIA", False, True),
        ("bill1", "billl", False, False),
    ],
)
def test_logins_are_the_same_or_look_alike(one, other, same, look_alike):
    assert same_logins(one, other) == (same, look_alike)


def test_no_two_logins_are_the_same_or_look_alike():
    UserFactory(login_id="pat@example.org")
    for login, name in (("PAT@example.org", "in_any_case"), ("раt@example.org", "in_its_looks")):
        with pytest.raises(IntegrityError, match=f"login_is_unique_{name}"), transaction.atomic():
            UserFactory(login_id=login)


@quickly
@given(st.text(min_size=1, max_size=40))
@example("\ufdfa" * 40)
def test_a_login_is_found_in_whatever_form_it_is_typed(text):
    login = "".join(c for c in text if c.isprintable())
    if not login:
        return
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert same_logins(login, unicodedata.normalize(form, login))[0]


@quickly
@given(WORDS.map(lambda word: word * 60))
def test_the_longest_names_have_a_place_in_the_order(word):
    name = tidied(word)[:255].strip()
    if is_readable(name):
        assert UserFactory(name="x", sortable_name=name).pk
