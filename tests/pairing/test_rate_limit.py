"""The limits on guessing. The clock is moved by making the failures older."""

import pytest
from django.test import RequestFactory

from accounts.domain.registration import NewUser
from accounts.errors import Invalid, TooManyTries
from accounts.models import FailedTry, ObservationLink, User
from accounts.web.requests import network_of
from pairing.domain import rate_limit
from pairing.domain.codes import issue_for_class
from pairing.domain.redemption import preview, redeem
from pairing.domain.sign_up import sign_up
from pairing.errors import CodeRefused, TooManyCodes
from tests.factories import CodeFactory, SectionFactory, UserFactory, make_admin, make_students
from tests.failures import fail, let_pass

pytestmark = pytest.mark.usefixtures("root")
NETWORK = "192.0.2.1"
WRONG = "unknwn"
MINUTE, HOUR, DAY = 60, 3600, 86_400


def guess(observer: User, network: str = NETWORK) -> int:
    """Try a code nobody has; returns how many seconds one is told to wait, 0 when the try was let through."""
    try:
        redeem(WRONG, observer=observer, by=observer, network=network)
    except TooManyTries as refused:
        return refused.wait or 0
    except CodeRefused:
        return 0
    raise AssertionError("a wrong code worked")


def look(network: str) -> int:
    try:
        preview(WRONG, observer=UserFactory(), network=network)
    except TooManyTries as refused:
        return refused.wait or 0
    except CodeRefused:
        return 0
    raise AssertionError("a wrong code worked")


def ask_for_an_account(network: str, by: User | None = None) -> int:
    wanted = NewUser(
        name="Jo Parent",
        login_id="jo@example.org",
        password="a-long-enough-word",
        terms_of_use=True,
        initial_enrollment_type="observer",
    )
    try:
        sign_up(wanted, WRONG, network=network, by=by)
    except TooManyTries as refused:
        return refused.wait or 0
    except Invalid:
        return 0
    raise AssertionError("a wrong code worked")


def about(wait: int, expected: int) -> bool:
    """Whether somebody is told to wait this long: the test itself takes some of the time."""
    return expected - MINUTE < wait <= expected


def test_an_account_has_five_tries_and_then_waits_a_quarter_of_an_hour():
    observer = UserFactory()
    assert [guess(observer) for _ in range(5)] == [0] * 5
    assert about(guess(observer), 15 * MINUTE)
    let_pass(14 * MINUTE)
    assert 0 < guess(observer) <= MINUTE
    let_pass(MINUTE)
    assert guess(observer) == 0


def test_the_wait_doubles_with_every_further_failure_up_to_a_day():
    observer = UserFactory()
    for _ in range(5):
        guess(observer)
    waits = [15 * MINUTE, 30 * MINUTE, 1 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY]
    for number, wait in enumerate(waits):
        assert about(guess(observer), wait), number
        let_pass(wait)
        assert guess(observer) == 0, number


def test_failures_are_forgotten_after_a_week():
    observer = UserFactory()
    for _ in range(5):
        guess(observer)
    let_pass(7 * DAY)
    assert [guess(observer) for _ in range(5)] == [0] * 5
    assert about(guess(observer), 15 * MINUTE)


def test_who_has_to_wait_cannot_use_a_good_code_either_and_it_is_not_spent():
    observer, code = UserFactory(), CodeFactory(text="abcdef")
    for _ in range(5):
        guess(observer)
    with pytest.raises(TooManyTries):
        redeem("abcdef", observer=observer, by=observer, network="198.51.100.7")
    with pytest.raises(TooManyTries):
        preview("abcdef", observer=observer, network="198.51.100.7")
    let_pass(15 * MINUTE)
    made = redeem("abcdef", observer=observer, by=observer, network="198.51.100.7").link
    assert made.student == code.student


def test_a_try_that_was_not_let_through_does_not_count():
    observer = UserFactory()
    for _ in range(20):
        guess(observer)
    assert FailedTry.objects.count() == 5
    let_pass(15 * MINUTE)
    assert guess(observer) == 0


def test_a_network_does_not_hide_an_account_nor_an_account_a_network():
    observer = UserFactory()
    assert [guess(observer, f"192.0.2.{n}") for n in range(5)] == [0] * 5
    assert about(guess(observer, "203.0.113.1"), 15 * MINUTE)
    assert guess(UserFactory(), "192.0.2.1") == 0


def test_after_twenty_failures_in_an_hour_a_network_is_slowed_to_one_try_in_twenty_seconds():
    fail(19, NETWORK)
    assert guess(UserFactory()) == 0
    assert 0 < guess(UserFactory()) <= 20
    let_pass(20)
    assert guess(UserFactory()) == 0
    assert 0 < guess(UserFactory()) <= 20
    assert guess(UserFactory(), "192.0.2.2") == 0


def test_a_slowed_network_is_free_again_when_its_failures_are_an_hour_old():
    fail(20, NETWORK)
    let_pass(HOUR)
    assert [guess(UserFactory()) for _ in range(2)] == [0, 0]


def test_after_sixty_failures_a_network_is_stopped_until_the_first_is_an_hour_old():
    fail(30, NETWORK)
    let_pass(HOUR / 2)
    fail(30, NETWORK)
    assert about(guess(UserFactory()), HOUR // 2)
    let_pass(HOUR / 4)
    assert about(guess(UserFactory()), HOUR // 4)
    let_pass(HOUR / 4)
    assert guess(UserFactory()) == 0


def test_a_stopped_network_refuses_good_codes_too():
    CodeFactory(text="abcdef")
    fail(60, NETWORK)
    observer = UserFactory()
    with pytest.raises(TooManyTries):
        redeem("abcdef", observer=observer, by=observer, network=NETWORK)
    assert redeem("abcdef", observer=observer, by=observer, network="192.0.2.2")


@pytest.mark.parametrize(
    ("guesser", "neighbor", "stranger"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:102::1"),
        ("2001:db8:1:2::1", "2001:db8:1:ff::1", "2001:db8:1:102::1"),
        ("::ffff:192.0.2.9", "192.0.2.9", "192.0.2.10"),
    ],
)
def test_the_addresses_of_one_household_are_one_network(guesser, neighbor, stranger):
    def network(address):
        return network_of(RequestFactory().get("/", REMOTE_ADDR=address))

    fail(19, network(guesser))
    assert guess(UserFactory(), network(guesser)) == 0
    assert 0 < guess(UserFactory(), network(neighbor)) <= 20
    assert guess(UserFactory(), network(stranger)) == 0


def test_an_office_with_a_whole_48_fails_three_times_as_often_before_it_is_slowed_and_stopped():
    def within(number):
        return f"2001:db8:1:{number}00::/64"

    for number in range(4):
        fail(15, within(number))
    assert 0 < guess(UserFactory(), within(5)) <= 20
    assert guess(UserFactory(), "2001:db8:2:1::/64") == 0
    for number in range(4, 12):
        fail(15, within(number))
    assert guess(UserFactory(), within(13)) > MINUTE


def test_a_failure_that_others_overtook_counts_but_tells_nothing_of_the_code(root):
    overtaken = rate_limit.begin_code(None, "10.0.0.1")
    for _number in range(rate_limit.NETWORK.slow_at):
        rate_limit.begin_code(None, "10.0.0.1").failed(WRONG)
    assert isinstance(overtaken.failed(WRONG), TooManyTries)
    assert FailedTry.objects.count() == rate_limit.NETWORK.slow_at + 1


def test_good_codes_never_count_so_that_200_families_in_one_hall_can_pair():
    section = SectionFactory()
    codes = issue_for_class(make_students(200, section), by=make_admin(), course=section.course)
    families = User.objects.filter(pk__in=make_students(200, section))
    fail(19, NETWORK)
    for family, code in zip(families, codes, strict=True):
        redeem(code.text, observer=family, by=family, network=NETWORK)
    assert ObservationLink.objects.live().count() == 200
    assert FailedTry.objects.count() == 19


def test_looking_using_and_signing_up_share_one_count():
    fail(17, NETWORK)
    assert guess(UserFactory()) == look(NETWORK) == ask_for_an_account(NETWORK) == 0
    assert FailedTry.objects.count() == 20
    for wait in (guess(UserFactory()), look(NETWORK), ask_for_an_account(NETWORK)):
        assert 0 < wait <= 20


def test_looking_and_using_share_the_count_of_an_account():
    observer = UserFactory()
    for _ in range(3):
        with pytest.raises(CodeRefused):
            preview(WRONG, observer=observer, network=NETWORK)
    assert [guess(observer) for _ in range(2)] == [0, 0]
    with pytest.raises(TooManyTries):
        preview(WRONG, observer=observer, network=NETWORK)


def test_staff_who_try_codes_for_others_are_counted_themselves():
    admin = make_admin()
    assert [ask_for_an_account(f"192.0.2.{n}", by=admin) for n in range(5)] == [0] * 5
    assert about(ask_for_an_account("192.0.2.77", by=admin), 15 * MINUTE)
    assert about(guess(admin, "192.0.2.78"), 15 * MINUTE)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (20, "20 seconds"),
        (90, "90 seconds"),
        (91, "2 minutes"),
        (900, "15 minutes"),
        (5401, "2 hours"),
        (DAY, "24 hours"),
    ],
)
def test_the_refusal_says_how_long_to_wait(wait, words):
    assert words in TooManyCodes(wait).message
