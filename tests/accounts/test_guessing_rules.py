"""How failures slow the next attempt: the rules, and what is counted under a key and forgotten again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.password_limits import (
    ALL_GUESSERS,
    NETWORK,
    ONE_GUESSER,
    TooManyPasswords,
    forget_failures_of,
    try_password,
    try_password_of_another,
)
from accounts.domain.passwords import MAILS
from accounts.domain.rate_limit import (
    LONG_AGO,
    Doubling,
    Limit,
    Slowing,
    Tally,
    Window,
    count,
    forget_failures,
    hidden,
    record_failure,
    seconds_to_wait,
    tallies,
)
from accounts.models import FailedTry, User
from tests.database import statements
from tests.factories import UserFactory
from tests.failures import let_pass

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
RULES = (ONE_GUESSER, ALL_GUESSERS, NETWORK, MAILS)


def failures(times: int, apart: timedelta = SECOND) -> list[datetime]:
    """So many failures, the newest first."""
    return [NOW - number * apart for number in range(times)]


# The rules


@pytest.mark.parametrize(
    ("times", "wait"),
    [
        (0, None),
        (4, None),
        (5, 15 * MINUTE),
        (6, 30 * MINUTE),
        (7, HOUR),
        (11, 16 * HOUR),
        (12, DAY),
        (13, DAY),
        (1_000, DAY),
    ],
)
def test_five_tries_are_free_and_then_the_wait_doubles_up_to_a_day(times, wait):
    assert ONE_GUESSER.free_at(failures(times)) == (NOW + wait if wait else LONG_AGO)


def test_the_wait_begins_with_the_latest_failure():
    rule = Doubling(tries=2, wait=MINUTE, longest=HOUR, memory=DAY)
    assert rule.free_at([NOW, NOW - 5 * HOUR]) == NOW + MINUTE


@pytest.mark.parametrize(
    ("times", "free_at"),
    [
        (0, LONG_AGO),
        (2, LONG_AGO),
        (3, NOW + MINUTE),
        (5, NOW + MINUTE),
        (6, NOW - 5 * SECOND + HOUR),
        (7, NOW - 5 * SECOND + HOUR),
    ],
)
def test_what_many_share_is_slowed_by_a_pause_and_stopped_until_enough_failures_are_forgotten(times, free_at):
    assert Slowing(slow_at=3, pause=MINUTE, stop_at=6, memory=HOUR).free_at(failures(times)) == free_at


@pytest.mark.parametrize("rule", RULES, ids=repr)
@given(apart=st.timedeltas(SECOND, 10 * MINUTE), times=st.integers(0, 150))
def test_one_failure_more_never_lets_anyone_in_earlier(rule, apart, times):
    before = failures(times, apart)
    assert rule.free_at([NOW + apart, *before]) >= rule.free_at(before)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_rule_looks_at_all_the_failures_that_it_needs(rule):
    """More failures than its window shows make no difference, so none need be read."""
    most = rule.window.most
    assert rule.free_at(failures(most)) == rule.free_at(failures(most + 50))


def test_nobody_waits_longer_than_a_day_and_a_class_in_one_network_hardly_at_all():
    assert max(ONE_GUESSER.longest, ALL_GUESSERS.memory) == DAY
    assert NETWORK.free_at(failures(99)) == LONG_AGO
    assert NETWORK.free_at(failures(100)) == NOW + 5 * SECOND


# Counting


def fail(*keys: str, ago: timedelta = timedelta(), weight: int = 0) -> None:
    FailedTry.objects.create(keys=[*keys], at=timezone.now() - ago, weight=weight)


def test_what_is_counted_under_a_key_is_what_its_window_shows(db):
    for ago in (2 * HOUR, HOUR / 2, MINUTE):
        fail("a", "b", ago=ago, weight=3)
    fail("b", weight=4)
    fail("other")
    found = tallies({"a": Window(HOUR, 5), "b": Window(DAY, 2), "c": Window(DAY, 5)})
    assert (found["a"].count, found["a"].weight, len(found["a"].failures)) == (2, 6, 2)
    assert (found["b"].count, found["b"].weight, len(found["b"].failures)) == (4, 13, 2), "only the latest one by one"
    assert found["c"] == Tally((), 0, 0)
    newest, before = found["b"].failures
    assert newest > before > timezone.now() - HOUR


def test_any_number_of_keys_is_counted_with_one_statement(db):
    fail("a")
    limits = [Limit(f"{number}", ONE_GUESSER) for number in range(20)]
    assert statements(lambda: count(limits)) == statements(lambda: count(limits[:1])) == 1


def test_the_longest_wait_of_several_limits_holds_and_is_rounded_up_to_a_second(db):
    limits = [Limit("a", ONE_GUESSER), Limit("b", NETWORK)]
    assert seconds_to_wait(limits, count(limits)) == 0
    assert seconds_to_wait([], {}) == 0
    for _ in range(5):
        fail("a", ago=15 * MINUTE - timedelta(milliseconds=200))
    assert seconds_to_wait(limits, count(limits)) == 1
    let_pass(1)
    assert seconds_to_wait(limits, count(limits)) == 0


def test_a_failure_is_counted_somewhere_or_the_database_refuses_it(db):
    with pytest.raises(IntegrityError, match="failed_try_is_counted_somewhere"), transaction.atomic():
        record_failure([])
    record_failure(["a", "b"], weight=2)
    failed = FailedTry.objects.get()
    assert (failed.keys, failed.weight) == (["a", "b"], 2)


# Forgetting


@pytest.mark.parametrize(
    ("key", "and_within", "left"),
    [
        ("password of 7", False, ["password of 7 from here", "all"]),
        ("password of 7", True, ["all"]),
        ("password of", True, ["password of 7", "password of 7 from here", "all"]),
        ("password of 7 from here", True, ["password of 7", "all"]),
        ("password", False, ["password of 7", "password of 7 from here", "all"]),
        ("pass", True, ["password of 7", "password of 7 from here", "all"]),
    ],
)
def test_failures_are_forgotten_under_a_key_and_with_those_that_narrow_it_and_under_no_other(db, key, and_within, left):
    fail("password of 7", "password of 7 from here", "all")
    forget_failures([key], and_within=and_within)
    assert FailedTry.objects.get().keys == left


def test_a_failure_that_is_counted_nowhere_any_more_is_gone(db):
    fail("a")
    fail("a", "a here")
    fail("b")
    forget_failures(["a"], and_within=True)
    assert [failed.keys for failed in FailedTry.objects.all()] == [["b"]]


def test_a_key_narrows_another_by_a_word_and_not_by_a_letter(db):
    fail("a", "a here", "ab", "ab here")
    forget_failures(["a"], and_within=True)
    assert FailedTry.objects.get().keys == ["ab", "ab here"]


def test_forgetting_nothing_forgets_nothing(db):
    fail("a")
    forget_failures([])
    forget_failures([], and_within=True)
    assert FailedTry.objects.count() == 1


def test_forgetting_a_persons_failures_leaves_those_of_people_whose_ids_begin_alike(db):
    here = "passwords from 192.0.2.1"
    for person in ("password of 7", "password of 71"):
        fail(person, f"{person} from 192.0.2.1", here)
    forget_failures_of([7])
    left = [failed.keys for failed in FailedTry.objects.order_by("pk")]
    assert left == [[here], ["password of 71", "password of 71 from 192.0.2.1", here]]


# What a key holds of a login that nobody has


@pytest.mark.parametrize(
    ("one", "other"), [("Mia", "mIA"), ("k\u0131ssi", "KISSI"), ("ki\u017fs", "kiss"), ("straße", "STRASSE")]
)
def test_logins_that_the_database_takes_for_the_same_are_hidden_as_the_same(one, other):
    assert hidden(one) == hidden(other)


def test_a_hidden_login_cannot_be_read_and_differs_from_that_of_any_other(settings):
    text = hidden("mia@example.org")
    assert "mia" not in text
    assert (len(text), text == hidden("mia@example.com")) == (32, False)
    settings.SECRET_KEY = "another-secret"
    assert hidden("mia@example.org") != text, "without our secret nobody can try logins against it"


# Trying passwords


def right(person: User | None) -> User | None:
    return person


def wrong(person: User | None) -> None:
    return None


def no_browser(person: User | None) -> None:
    return None


def try_it(login: str, test, network: str = "192.0.2.1", browser_of=no_browser):
    return try_password(login, test, network=network, browser_of=browser_of)


def test_the_test_gets_the_person_with_the_login_in_any_case_and_nobody_for_a_deleted_one(root):
    person, gone = UserFactory(login_id="mia"), UserFactory(login_id="gone", state="deleted")
    assert try_it("MIA", right) == person
    assert try_it("gone", right) is None
    assert try_it("nobody", right) is None
    assert not FailedTry.objects.filter(keys__contains=[f"password of {gone.pk}"]).exists()
    assert FailedTry.objects.count() == 2


def test_a_failure_counts_for_the_account_the_account_from_here_and_the_networks_around(root):
    person = UserFactory(login_id="mia")
    assert try_it("mia", wrong, "2001:db8:1:2ff::/64") is None
    of = f"password of {person.pk}"
    assert FailedTry.objects.get().keys == sorted(
        [
            of,
            f"{of} from 2001:db8:1:2ff::/64",
            "passwords from 2001:db8:1:2ff::/64",
            "passwords from 2001:db8:1:200::/56",
            "passwords from 2001:db8:1::/48",
        ]
    )


def test_in_a_known_browser_a_failure_counts_for_the_account_and_that_browser_alone(root):
    person = UserFactory(login_id="mia")
    try_it("mia", wrong, browser_of=lambda person: "old-friend")
    assert FailedTry.objects.get().keys == [f"password of {person.pk}", f"password of {person.pk} in old-friend"]


def test_while_one_has_to_wait_no_password_is_tested_and_nothing_is_counted(root):
    UserFactory(login_id="mia")
    for _ in range(5):
        try_it("mia", wrong)
    tested = []
    with pytest.raises(TooManyPasswords) as refusal:
        try_it("mia", tested.append)
    assert (tested, FailedTry.objects.count()) == ([], 5)
    assert 14 * 60 < refusal.value.wait <= 15 * 60


def test_a_success_ends_the_count_from_here_and_none_elsewhere(root):
    person = UserFactory(login_id="mia")
    for network in ("192.0.2.1", "192.0.2.2"):
        try_it("mia", wrong, network)
    try_it("mia", right)
    counted = {key for failed in FailedTry.objects.all() for key in failed.keys}
    assert f"password of {person.pk} from 192.0.2.1" not in counted
    assert f"password of {person.pk} from 192.0.2.2" in counted
    assert f"password of {person.pk}" in counted, "guesses from all networks together still count"


def test_everyone_who_gives_another_persons_login_shares_five_tries_and_a_success_ends_nothing(root):
    person = UserFactory(login_id="kid")
    assert try_password_of_another("KID", right) == person
    for _ in range(4):
        assert try_password_of_another("kid", wrong) is None
    assert try_password_of_another("kid", right) == person
    assert try_password_of_another("kid", wrong) is None
    with pytest.raises(TooManyPasswords):
        try_password_of_another("kid", right)
    assert {tuple(failed.keys) for failed in FailedTry.objects.all()} == {(f"password of {person.pk}",)}
