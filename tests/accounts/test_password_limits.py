"""Wrong passwords are limited, and nobody is kept out by what others do. Failures made older move the clock."""

from django.test import Client

from accounts.domain.password_limits import NETWORK
from accounts.domain.passwords import choose_password
from accounts.models import FailedTry, User
from accounts.web.sign_in import COOKIE
from tests.database import statements
from tests.factories import PASSWORD, UserFactory
from tests.failures import let_pass

MINUTE, HOUR, DAY = 60, 3600, 86_400
SCHOOL, HOME = "192.0.2.1", "198.51.100.7"


def sign_in(login: str, password: str, network: str = SCHOOL, browser: Client | None = None):
    return (browser or Client()).post("/login/canvas", {"login": login, "password": password}, REMOTE_ADDR=network)


def fails(login: str, network: str = SCHOOL, browser: Client | None = None) -> int:
    """Try a wrong password; returns how many seconds one is told to wait, 0 when the try was let through."""
    answer = sign_in(login, "not-the-password", network, browser)
    assert answer.status_code in (200, 422, 429)
    return int(answer.headers.get("Retry-After", 0))


def works(login: str, network: str = SCHOOL, browser: Client | None = None) -> bool:
    return sign_in(login, PASSWORD, network, browser).status_code == 302


def fail_by_others(times: int, network: str = SCHOOL) -> None:
    """So many wrong passwords for other people, from this network, just now."""
    FailedTry.objects.bulk_create(FailedTry(keys=[f"passwords from {network}"]) for _ in range(times))


def test_right_passwords_never_count_however_many_come_from_one_address(root):
    for number in range(45):
        UserFactory(login_id=f"student{number}", password=PASSWORD)
    assert all(works(f"student{number}") for number in range(45))
    assert not FailedTry.objects.exists()


def test_after_five_wrong_passwords_people_wait_a_quarter_of_an_hour_and_then_twice_as_long(pat):
    assert [fails("pat") for _ in range(5)] == [0] * 5
    assert 14 * MINUTE < fails("pat") <= 15 * MINUTE
    let_pass(15 * MINUTE)
    assert fails("pat") == 0
    assert 29 * MINUTE < fails("pat") <= 30 * MINUTE


def test_the_page_says_how_long_to_wait_and_how_to_go_on(pat):
    for _ in range(5):
        fails("pat")
    answer = sign_in("pat", PASSWORD)
    page = answer.content.decode()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * MINUTE
    assert "15 minutes" in page
    assert "/login/password/reset" in page
    assert "<title>Error: Please wait" in page


def test_failures_elsewhere_do_not_keep_the_owner_out(pat):
    for number in range(5):
        for _ in range(5):
            fails("pat", f"203.0.113.{number}")
    assert works("pat", HOME)


def test_in_a_browser_that_knows_the_owner_the_failures_of_others_in_the_same_network_count_nothing(pat):
    browser = Client()
    assert works("pat", browser=browser)
    browser.post("/logout")
    for _ in range(5):
        fails("pat")
    fail_by_others(NETWORK.stop_at)
    assert fails("pat") > 0
    assert works("pat", browser=browser)


def test_such_a_browser_has_five_tries_too(pat):
    browser = Client()
    works("pat", browser=browser)
    browser.post("/logout")
    assert [fails("pat", browser=browser) for _ in range(5)] == [0] * 5
    assert fails("pat", browser=browser) > 0
    assert fails("pat", HOME, browser) > 0


def test_a_browser_knows_only_people_who_signed_in_there_and_its_mark_cannot_be_forged(pat):
    UserFactory(login_id="kim", password=PASSWORD)
    browser = Client()
    works("kim", browser=browser)
    browser.post("/logout")
    for _ in range(5):
        fails("pat")
    assert fails("pat", browser=browser) > 0
    browser.cookies[COOKIE] = browser.cookies[COOKIE].value[:-2] + "xx"
    assert fails("pat", browser=browser) > 0


def test_the_mark_of_a_browser_is_for_the_pages_of_sign_in_and_no_script(pat):
    browser = Client()
    works("pat", browser=browser)
    mark = browser.cookies[COOKIE]
    assert (mark["path"], mark["httponly"], mark["samesite"]) == ("/login", True, "Lax")
    assert int(mark["max-age"]) > 300 * DAY


def test_a_person_who_is_signed_out_everywhere_is_known_in_no_browser(pat):
    browser = Client()
    works("pat", browser=browser)
    browser.post("/logout")
    User.objects.filter(pk=pat.pk).update(session_epoch=1)
    for _ in range(5):
        fails("pat")
    assert fails("pat", browser=browser) > 0


def test_the_right_password_ends_the_count_so_that_slips_do_not_add_up(pat):
    for _ in range(3):
        assert [fails("pat") for _ in range(4)] == [0] * 4
        assert works("pat")


def test_a_success_of_one_account_does_not_end_the_count_of_the_network(pat):
    fail_by_others(NETWORK.slow_at)
    let_pass(6)
    assert fails("pat") == 0
    let_pass(6)
    assert works("pat")
    assert FailedTry.objects.filter(keys__contains=[f"passwords from {SCHOOL}"]).count() == NETWORK.slow_at + 1


def test_a_network_with_a_hundred_failures_is_slowed_by_seconds_and_one_with_a_thousand_stopped(pat):
    fail_by_others(100)
    assert 0 < fails("pat") <= 5
    let_pass(5)
    assert works("pat")
    fail_by_others(900)
    let_pass(MINUTE)
    assert fails("pat") > 50 * MINUTE
    assert works("pat", HOME)


def test_an_account_that_fails_a_hundred_times_a_day_from_all_over_is_slowed_to_a_try_a_minute(pat):
    FailedTry.objects.bulk_create(FailedTry(keys=[f"password of {pat.pk}"]) for _ in range(100))
    assert 0 < fails("pat", HOME) <= MINUTE
    let_pass(MINUTE)
    assert works("pat", HOME)


def test_a_login_that_nobody_has_is_limited_in_the_same_way_and_not_written_down(root):
    assert [fails("nobody-here") for _ in range(5)] == [0] * 5
    assert 14 * MINUTE < fails("NOBODY-here") <= 15 * MINUTE
    assert not any("nobody-here" in key.casefold() for one in FailedTry.objects.all() for key in one.keys)


def test_the_homes_of_one_ipv6_56_are_one_network(pat):
    for number in range(10):
        FailedTry.objects.bulk_create(FailedTry(keys=["passwords from 2001:db8:0:100::/56"]) for _ in range(10))
        assert number < 9 or fails("pat", "2001:db8:0:1ff::1") > 0
    assert works("pat", "2001:db8:0:200::1")


def test_counts_are_kept_however_many_others_fail(root):
    for number in range(6):
        for _ in range(5):
            fails(f"blocked{number}", f"203.0.113.{number}")
    FailedTry.objects.bulk_create(
        FailedTry(keys=[f"password of nobody {number}", f"passwords from 198.51.{number % 100}.1"])
        for number in range(5_000)
    )
    assert all(fails(f"blocked{number}", f"203.0.113.{number}") > 0 for number in range(6))


def test_the_password_on_the_page_that_changes_it_is_tested_within_the_same_limits(pat):
    browser = Client()
    browser.force_login(pat)
    words = {"password1": "new-and-long-words", "password2": "new-and-long-words"}
    for _ in range(5):
        answer = browser.post("/login/password/change", {"oldpassword": "wrong", **words}, REMOTE_ADDR=SCHOOL)
        assert answer.status_code == 200
    answer = browser.post("/login/password/change", {"oldpassword": PASSWORD, **words}, REMOTE_ADDR=SCHOOL)
    assert answer.status_code == 429
    assert fails("pat") > 0
    pat.refresh_from_db()
    assert pat.check_password(PASSWORD)


def test_a_suspended_person_with_the_right_password_has_not_failed(pat):
    User.objects.update(state=User.State.SUSPENDED)
    for _ in range(6):
        assert sign_in("pat", PASSWORD).status_code == 302
    assert not FailedTry.objects.exists()


def test_forgetting_many_failures_costs_no_more_statements_than_forgetting_few(pat):
    def fail_in(networks: range) -> None:
        FailedTry.objects.bulk_create(
            FailedTry(keys=[f"password of {pat.pk}", f"password of {pat.pk} from {SCHOOL}"]) for _ in networks
        )
        FailedTry.objects.bulk_create(
            FailedTry(keys=[f"password of {pat.pk}", f"passwords from 192.0.2.{number}"]) for number in networks
        )

    def choose() -> None:
        choose_password(pat, "another-good-password")

    fail_in(range(1))
    few = statements(choose)
    FailedTry.objects.all().delete()
    fail_in(range(40))
    FailedTry.objects.create(keys=[f"password of {pat.pk}1"])
    assert statements(choose) == few
    left = {tuple(failed.keys) for failed in FailedTry.objects.all()}
    assert left == {(f"passwords from 192.0.2.{number}",) for number in range(40)} | {(f"password of {pat.pk}1",)}
