"""What guessing may cost the institution, and what is asked for then. Failures made older move the clock."""

import functools
import itertools
import logging
import math
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.rate_limit import Tally, hidden
from accounts.errors import TooManyTries
from accounts.models import AuditEvent, FailedTry, ObservationLink, User
from courses.domain.observation import link
from pairing import code_text
from pairing.domain import rate_limit
from pairing.domain.institution_limit import (
    ALL,
    NAME,
    POSSIBLE_CODES,
    WEEK,
    Entrance,
    asks_for_name,
    name_fits,
    name_key,
)
from pairing.domain.rate_limit import ACCOUNT, NETWORK
from pairing.domain.redemption import preview
from pairing.errors import CodeRefused, FamilyNameWanted, TooManyOfFamily
from tests.api import Api
from tests.factories import CodeFactory, UserFactory, make_admin, make_student
from tests.failures import let_pass

pytestmark = pytest.mark.usefixtures("root")
WRONG = "unknwn"
SIGN_UP = {
    "user[name]": "Pam Stone",
    "pseudonym[unique_id]": "pam@example.org",
    "pseudonym[password]": "plain-but-long-words",
    "user[terms_of_use]": "on",
}


def guesses(times: int, entrance: Entrance = Entrance.SIGN_UP, weight: int = 0) -> None:
    """So many guesses from all over the world, just now."""
    FailedTry.objects.bulk_create(FailedTry(keys=[ALL, entrance.key], weight=weight) for _ in range(times))


def enough_to_ask(entrance: Entrance) -> None:
    """So many guesses in the last days that a family name is asked for."""
    FailedTry.objects.create(keys=[entrance.key], weight=math.ceil(POSSIBLE_CODES * entrance.share))


def sign_up(code: str, network: str = "192.0.2.1", **more: str):
    return Client().post("/register", {**SIGN_UP, "pairing_code[code]": code, **more}, REMOTE_ADDR=network)


@pytest.fixture
def code(root):
    return CodeFactory(text="abcdef", student=make_student(name="Tess O’Brien-Müller"))


# The figure: arithmetic over the real rules


@functools.cache
def tries_in_a_week(rule) -> int:
    """How many tries the rule lets through in a week to one who comes again as soon as it allows."""
    begin = now = timezone.now()
    failures: list[datetime] = []
    while True:
        now = max(now, rule.free_at(counted := remembered(failures, now, rule)))
        if now >= begin + WEEK:
            return len(failures)
        if rule.free_at(remembered(counted, now, rule)) <= now:
            failures.insert(0, now)


def remembered(failures, now, rule):
    return list(itertools.takewhile(lambda at: at > now - rule.memory, failures))


def guesses_before_a_name_is_asked_for(entrance: Entrance, living: int) -> int:
    """How many a patient guesser has in a week, who never comes near what is noticed within an hour."""
    made = 0
    while not asks_for_name(entrance, Tally(), Tally(weight=made * living)):
        made += 1
    return made


def chance_in_a_week(students: list[str], accounts: int, networks: int) -> float:
    """The chance of somebody with so many accounts and addresses to hit a code; every student has one that lives."""
    living = len(students)
    by_word = Counter(word for family in students for word in family.split())
    at_all = sum(guesses_before_a_name_is_asked_for(entrance, living) for entrance in Entrance)
    able = accounts * tries_in_a_week(ACCOUNT) + networks * tries_in_a_week(NETWORK)
    assert able > at_all + tries_in_a_week(NAME) * len(by_word), "the rules of accounts and networks alone do not hold"
    # By name: every word of every name to the end, and once more by each account that has not failed yet.
    hits = at_all * living + tries_in_a_week(NAME) * by_word.total() + accounts * max(by_word.values())
    return -math.expm1(-hits / POSSIBLE_CODES)


def of_all_sizes(count: int) -> list[str]:
    """Family names as they are spread: the most frequent has two in a hundred, the others ever fewer."""
    names = [f"name{rank}" for rank in range(1, 3000) for _ in range(max(1, round(count * 0.02 / rank)))]
    return names[:count]


@pytest.mark.parametrize(
    "students",
    [
        of_all_sizes(5000),
        [f"{one} {other}" for one, other in zip(of_all_sizes(5000), reversed(of_all_sizes(5000)), strict=True)],
        ["kim"] * 500 + of_all_sizes(4500),
        [f"name{number}" for number in range(5000)],
    ],
    ids=["as usual", "two family names each", "a tenth has one name", "all different"],
)
def test_a_thousand_accounts_and_addresses_hit_one_of_5000_codes_in_a_week_with_a_chance_below_1_in_10000(students):
    assert 1e-5 < chance_in_a_week(students, accounts=1000, networks=1000) <= 1e-4


def test_more_addresses_and_a_smaller_school_make_it_no_likelier():
    assert chance_in_a_week(of_all_sizes(5000), accounts=1000, networks=100_000) <= 1e-4
    assert chance_in_a_week(of_all_sizes(500), accounts=1000, networks=1000) <= 1e-4


def test_what_an_account_and_a_network_have_in_a_week():
    assert tries_in_a_week(ACCOUNT) == 17
    assert tries_in_a_week(NETWORK) == 60 * 24 * 7
    assert tries_in_a_week(NAME) == 100


# The same at the doors


def test_a_guess_counts_with_as_many_codes_as_live(code):
    CodeFactory(text="ghijkm")
    sign_up(WRONG)
    assert FailedTry.objects.get().weight == 2
    assert {ALL, Entrance.SIGN_UP.key} <= set(FailedTry.objects.get().keys)


def test_from_200_failures_an_hour_signing_up_asks_for_the_family_name(code):
    guesses(199)
    assert "family_name" not in Client().get("/register").content.decode()
    guesses(1)
    assert "Student&#x27;s last name" in Client().get("/register").content.decode()
    answer = sign_up("abcdef")
    assert answer.status_code == 422
    assert "Enter the student&#x27;s last name" in answer.content.decode()
    assert FailedTry.objects.count() == 200, "a guess that is not tried is none"
    assert sign_up("abcdef", **{"pairing_code[family_name]": "obrien muller"}).status_code == 302
    let_pass(3600)
    assert "family_name" not in Client().get("/register").content.decode()


def test_a_guess_is_asked_for_the_name_for_as_long_as_the_week_has_had_enough(code):
    enough_to_ask(Entrance.SIGN_UP)
    assert sign_up("abcdef").status_code == 422
    let_pass(WEEK.total_seconds() - 60)
    assert sign_up("abcdef").status_code == 422
    let_pass(60)
    assert sign_up("abcdef").status_code == 302


def test_a_wrong_name_is_refused_like_a_wrong_code(code):
    enough_to_ask(Entrance.SIGN_UP)
    wrong_name = sign_up("abcdef", **{"pairing_code[family_name]": "Stone"})
    wrong_code = sign_up(WRONG, **{"pairing_code[family_name]": "Stone"})
    assert wrong_name.status_code == wrong_code.status_code == 422
    assert "does not work for a student with this last name" in wrong_name.content.decode()
    assert "does not work for a student with this last name" in wrong_code.content.decode()
    assert FailedTry.objects.filter(keys__contains=[name_key(hidden("stone"))]).count() == 2


def test_those_signed_in_are_not_asked_because_of_what_is_guessed_by_sign_up(code):
    guesses(400)
    enough_to_ask(Entrance.SIGN_UP)
    assert preview("abcdef", observer=UserFactory(), network="192.0.2.1").code == code


def test_those_signed_in_are_asked_once_accounts_have_guessed_too_much(code, client):
    enough_to_ask(Entrance.ACCOUNT)
    client.force_login(UserFactory())
    answer = client.post("/profile/observees", {"code": "abcdef"})
    assert answer.status_code == 422
    assert "Student&#x27;s last name" in answer.content.decode()
    assert "Enter the student&#x27;s last name" in answer.content.decode()
    answer = client.post("/profile/observees", {"code": "abcdef", "family_name": "O'BRIEN Muller"})
    assert answer.status_code == 302
    assert sign_up("abcdef").status_code == 302


def test_apps_are_told_to_use_the_web_while_many_codes_are_guessed(code):
    enough_to_ask(Entrance.ACCOUNT)
    enough_to_ask(Entrance.SIGN_UP)
    answer = Api(UserFactory()).post("users/self/observees", pairing_code="abcdef")
    assert answer.status_code == 422
    assert "http://testserver/profile/observees" in answer.json()["errors"][0]["message"]
    answer = Api().post(
        "accounts/self/users",
        user={"name": "Pam Stone", "terms_of_use": True, "initial_enrollment_type": "observer"},
        pseudonym={"unique_id": "pam@example.org", "password": "plain-but-long-words"},
        pairing_code={"code": "abcdef"},
    )
    assert answer.status_code == 400
    assert "http://testserver/register" in answer.json()["errors"]["pairing_code"]["code"][0]["message"]
    assert not ObservationLink.objects.exists()


def look(user: User, family_name: str, text: str = WRONG):
    return preview(text, observer=user, network=f"198.51.100.{user.pk % 250}", family_name=family_name)


def test_the_codes_of_a_family_name_bear_a_hundred_guesses_a_week_and_then_only_the_first_of_an_account(code):
    enough_to_ask(Entrance.ACCOUNT)
    enough_to_ask(Entrance.SIGN_UP)
    key = name_key(hidden("muller"))
    FailedTry.objects.bulk_create(FailedTry(keys=[key]) for _ in range(NAME.most))
    assert sign_up("abcdef", **{"pairing_code[family_name]": "Müller"}).status_code == 429
    assert sign_up("abcdef", **{"pairing_code[family_name]": "O'Brien Müller"}).status_code == 429
    family, guesser = UserFactory(), UserFactory()
    for each in (family, guesser):
        link(each, make_student(), origin=ObservationLink.Origin.CODE, by=None)
    with pytest.raises(CodeRefused):
        look(guesser, "Müller")
    with pytest.raises(TooManyOfFamily):
        look(guesser, "Müller", "abcdef")
    assert look(family, "Müller", "abcdef").code == code
    let_pass(WEEK.total_seconds())
    enough_to_ask(Entrance.SIGN_UP)
    assert sign_up("abcdef", **{"pairing_code[family_name]": "Müller"}).status_code == 302


def test_accounts_made_for_guessing_have_no_guess_beyond_those_of_a_family_name(code):
    """Where everybody may sign up accounts cost nothing, and so many first guesses would add up."""
    enough_to_ask(Entrance.ACCOUNT)
    FailedTry.objects.bulk_create(FailedTry(keys=[name_key(hidden("muller"))]) for _ in range(NAME.most))
    for number in range(3):
        made = Api().post(
            "accounts/self/users",
            user={"name": f"Pam Stone {number}", "terms_of_use": True},
            pseudonym={"unique_id": f"pam{number}@example.org", "password": "plain-but-long-words"},
        )
        for text in (WRONG, "abcdef"):
            with pytest.raises(TooManyOfFamily):
                look(User.objects.get(pk=made.json()["id"]), "Müller", text)


def test_a_text_that_was_a_code_once_or_cannot_be_one_costs_the_institution_nothing(code):
    now = timezone.now()
    CodeFactory(text="uuuuuu", used_at=now, used_by=UserFactory())
    CodeFactory(text="rrrrrr", revoked_at=now)
    CodeFactory(text="eeeeee", issued_at=now - timedelta(days=8), expires_at=now - timedelta(days=1))
    for text in ("uuuuuu", "rrrrrr", "eeeeee", "0OIl1o", "short"):
        with pytest.raises(CodeRefused):
            preview(text, observer=UserFactory(), network="192.0.2.1")
    assert FailedTry.objects.count() == 5
    assert not FailedTry.objects.filter(keys__contains=[ALL]).exists()


def test_a_good_code_with_a_slip_is_no_guess_and_costs_who_types_it_only(code):
    for text in ("abcdeF", "ABCDEF", "abcdek", "abdcef"):
        with pytest.raises(CodeRefused):
            preview(text, observer=UserFactory(), network="192.0.2.1")
    assert FailedTry.objects.filter(keys__contains=["pairing from 192.0.2.1"]).count() == 4
    assert not FailedTry.objects.filter(keys__contains=[ALL]).exists()
    for text in ("abcdkm", "fedcba", "abcefd"):
        with pytest.raises(CodeRefused):
            preview(text, observer=UserFactory(), network="192.0.2.1")
    assert FailedTry.objects.filter(keys__contains=[ALL]).count() == 3


def test_what_is_one_slip_away_from_a_code_is_no_great_part_of_all_texts():
    slips = code_text.slips("Abc7ef")
    assert {"abc7ef", "ABC7EF", "Abd7ef", "bAc7ef"} <= slips
    assert "Abc7ef" not in slips
    assert len(slips) < 400
    assert len(code_text.slips("aaaaaa")) < 400
    assert 5000 * 400 / POSSIBLE_CODES < 1e-4


def test_an_evening_of_two_thousand_slips_asks_nobody_for_a_name(code):
    sign_up("abcdek")
    keys = FailedTry.objects.get().keys
    FailedTry.objects.bulk_create(FailedTry(keys=keys, weight=5000) for _ in range(2000))
    assert sign_up("abcdef", "203.0.113.9").status_code == 302


def test_when_others_exhaust_what_is_free_meanwhile_a_guess_tells_nothing():
    overtaken = rate_limit.begin_code(None, "192.0.2.1")
    enough_to_ask(Entrance.SIGN_UP)
    assert isinstance(overtaken.failed(WRONG), FamilyNameWanted)
    assert FailedTry.objects.filter(keys__contains=[ALL]).count() == 1


def test_an_incomplete_form_counts_a_wrong_code_and_says_nothing_of_any(code):
    wrong = sign_up(WRONG, **{"user[name]": ""})
    right = sign_up("abcdef", **{"user[name]": ""})
    assert wrong.status_code == right.status_code == 422
    for answer in (wrong, right):
        assert "does not work" not in answer.content.decode()
    assert FailedTry.objects.count() == 1


def test_an_empty_form_with_a_code_is_stopped_like_a_full_one(code):
    FailedTry.objects.bulk_create(FailedTry(keys=["pairing from 192.0.2.1"]) for _ in range(NETWORK.stop_at))
    answer = Client().post("/register", {"pairing_code[code]": "abcdef"}, REMOTE_ADDR="192.0.2.1")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


# The alarm


def test_from_50_failures_an_hour_there_is_one_alarm_an_hour(caplog):
    guesses(48)
    sign_up(WRONG, "192.0.2.1")
    assert not AuditEvent.objects.filter(action="guessing.noticed").exists()
    with caplog.at_level(logging.WARNING):
        sign_up(WRONG, "192.0.2.2")
        sign_up(WRONG, "192.0.2.3")
    assert AuditEvent.objects.get(action="guessing.noticed").details == {"failures": 50}
    assert [line for line in caplog.messages if "50 pairing codes that do not exist" in line]
    assert WRONG not in caplog.text


def test_the_admins_of_the_institution_read_of_it_on_their_pages_and_others_do_not(root, client):
    admin = make_admin()
    client.force_login(admin)
    assert "Many pairing codes are being guessed" not in client.get(f"/accounts/{root.pk}/users").content.decode()
    guesses(49)
    sign_up(WRONG)
    page = client.get(f"/accounts/{root.pk}/users").content.decode()
    assert "Many pairing codes are being guessed" in page
    assert "50 wrong codes were tried in the last hour" in page
    guesses(150)
    details = client.get(f"/accounts/{root.pk}/authentication_providers").content.decode()
    assert "200 wrong codes were tried" in details
    assert "also asks for the student's last name" in details
    client.force_login(UserFactory())
    assert "being guessed" not in client.get("/").content.decode()


# The name


@pytest.mark.parametrize(
    ("sortable", "typed", "is_right"),
    [
        ("O’Brien-Müller, Tess", "o'brien müller", True),
        ("O’Brien-Müller, Tess", "MULLER", True),
        ("O’Brien-Müller, Tess", "OBrien", True),
        ("O’Brien-Müller, Tess", "Tess", False),
        ("O’Brien-Müller, Tess", "Brien", False),
        ("O’Brien-Müller, Tess", "müller stone smith", False),
        ("García Márquez, Ana", "Garcia", True),
        ("Sørensen, Bo", "Sorensen", True),
        ("Łukasz, Jan", "lukasz", True),
        ("Ħażna, Bo", "hazna", True),
        ("I\u015f\u0131k, Ay\u015fe", "ISIK", True),
        ("Ka\u2018aihue, Bo", "ka\u02bbaihue", True),
        ("St. Clair, Bo", "St Clair", True),
        ("山田, 太郎", "山田", True),
        ("Sukarno", "sukarno", True),
        ("Ito, Tess", "", False),
        ("Ito, Tess", " - ", False),
        ("", "", False),
    ],
)
def test_a_family_name_is_compared_as_people_write_it(sortable, typed, is_right):
    assert name_fits(typed, User(sortable_name=sortable)) is is_right


def test_too_many_guesses_say_when_to_go_on_in_days():
    assert "3 days" in TooManyOfFamily(3 * 86_400 - 5).message
    assert issubclass(TooManyOfFamily, TooManyTries)
