"""What the site keeps of who is visiting: browsers that know a person, sign-ups begun, sizes, pages of lists."""

import time

import pytest
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.web import begun_sign_up
from accounts.web.pagination import LAST, SIZE, page_of, search_words
from accounts.web.requests import is_larger
from accounts.web.sign_in import COOKIE, MAX_AGE, MOST_PEOPLE, SALT, known_browser, remember_browser
from tests.database import statements
from tests.factories import PASSWORD, UserFactory

# Known browsers


def visit(cookie: str = "") -> HttpRequest:
    request = RequestFactory().get("/login/canvas")
    request.COOKIES[COOKIE] = cookie
    return request


def signed_in(person: User, cookie: str = "") -> str:
    """The cookie of a browser in which this person has signed in."""
    response = HttpResponse()
    remember_browser(visit(cookie), response, person)
    return response.cookies[COOKIE].value


def person(number: int, epoch: int = 0) -> User:
    return User(pk=number, session_epoch=epoch)


def test_a_browser_knows_everyone_who_signed_in_there_by_one_name_and_nobody_else():
    cookie = signed_in(person(2), signed_in(person(1)))
    name = known_browser(visit(cookie), person(1))
    assert name
    assert known_browser(visit(cookie), person(2)) == name
    assert known_browser(visit(cookie), person(3)) is None
    assert known_browser(visit(cookie), None) is None
    assert known_browser(visit(signed_in(person(1))), person(1)) != name, "another browser, another name"


@pytest.mark.parametrize(
    "cookie",
    ["", "nonsense", "e30:x:y", signing.dumps({"people": {"1": 0}}, salt="another")],
    # A signed text holds the time at which it was signed.
    ids=["empty", "nonsense", "badly signed", "signed for something else"],
)
def test_a_browser_without_a_mark_of_ours_knows_nobody(cookie):
    assert known_browser(visit(cookie), person(1)) is None
    assert known_browser(visit(signed_in(person(1), cookie)), person(1))


def test_a_browser_forgets_a_person_who_has_been_signed_out_everywhere():
    cookie = signed_in(person(1, epoch=3))
    assert known_browser(visit(cookie), person(1, epoch=3))
    assert known_browser(visit(cookie), person(1, epoch=4)) is None
    assert known_browser(visit(signed_in(person(1, epoch=4), cookie)), person(1, epoch=4))


def test_a_browser_knows_the_twenty_people_who_signed_in_last():
    cookie = ""
    for number in range(1, MOST_PEOPLE + 1):
        cookie = signed_in(person(number), cookie)
    # The first signs in again, and so is the last to be forgotten.
    cookie = signed_in(person(99), signed_in(person(1), cookie))
    known = {number for number in [*range(1, MOST_PEOPLE + 1), 99] if known_browser(visit(cookie), person(number))}
    assert known == {*range(1, MOST_PEOPLE + 1), 99} - {2}


def test_the_mark_of_a_browser_ends_after_400_days(monkeypatch):
    cookie = signed_in(person(1))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + MAX_AGE - 60)
    assert known_browser(visit(cookie), person(1))
    monkeypatch.setattr(time, "time", lambda: now + MAX_AGE + 60)
    assert known_browser(visit(cookie), person(1)) is None


@pytest.mark.parametrize("secure", [True, False])
def test_the_mark_goes_over_secure_connections_only_where_sessions_do(settings, secure):
    settings.SESSION_COOKIE_SECURE = secure
    response = HttpResponse()
    remember_browser(visit(), response, person(1))
    assert bool(response.cookies[COOKIE]["secure"]) is secure


def test_the_mark_says_nothing_but_ids_and_epochs():
    found = signing.loads(signed_in(person(7, epoch=2)), salt=SALT)
    assert found.keys() == {"name", "people"}
    assert found["people"] == {"7": 2}


# A sign-up that waits in the session


@pytest.fixture
def browser() -> HttpRequest:
    request = RequestFactory().get("/register")
    request.session = {}  # type: ignore[assignment]
    return request


def test_a_begun_sign_up_waits_until_it_is_forgotten_and_a_later_one_replaces_it(browser):
    assert begun_sign_up.begun(browser) is None
    begun_sign_up.begin(browser, name="Mia", code="x")
    begun_sign_up.begin(browser, name="Ben")
    waiting = begun_sign_up.begun(browser)
    assert waiting is not None
    assert (waiting["name"], "code" in waiting) == ("Ben", False)
    begun_sign_up.forget(browser)
    begun_sign_up.forget(browser)
    assert begun_sign_up.begun(browser) is None


def test_a_begun_sign_up_waits_for_a_quarter_of_an_hour(browser, monkeypatch):
    begun_sign_up.begin(browser, name="Mia")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 14 * 60)
    assert begun_sign_up.begun(browser)
    monkeypatch.setattr(time, "time", lambda: now + 15 * 60 + 1)
    assert begun_sign_up.begun(browser) is None


@pytest.mark.parametrize("how", ["signs in", "opens the sign-in page"])
def test_the_next_person_at_the_computer_does_not_find_a_sign_up_that_another_began(root, how):
    client, other = Client(), UserFactory(password=PASSWORD)
    client.get("/login/canvas")
    session = client.session
    session[begun_sign_up.KEY] = {"name": "Mia", "at": time.time()}
    session.save()
    if how == "signs in":
        client.force_login(other)
    else:
        client.get("/login/canvas")
    assert begun_sign_up.KEY not in client.session


# The size of a request


@pytest.mark.parametrize(
    ("length", "larger"),
    [("", False), ("0", False), ("100", False), ("101", True), ("-1", True), ("1e9", True), ("9" * 30, True)],
)
def test_a_request_of_unknown_size_counts_as_too_large(length, larger):
    request = RequestFactory().get("/")
    request.META["CONTENT_LENGTH"] = length
    assert is_larger(request, 100) is larger


# Pages of a list


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (None, 1),
        ("", 1),
        ("1", 1),
        ("3", 3),
        ("0", 1),
        ("-2", 1),
        ("x", 1),
        ("٣", 1),
        ("1.5", 1),
        ("00003", 3),
        ("000003", 1),
        ("99999", LAST),
        ("9" * 50, 1),
    ],
)
def test_a_page_that_makes_no_sense_is_the_first_and_none_is_behind_the_last(asked, number):
    assert page_of(range(10), asked, size=2).number == number


@pytest.mark.parametrize(
    ("asked", "items", "has_previous", "has_next"),
    [("1", [0, 1], False, True), ("2", [2, 3], True, True), ("3", [4], True, False), ("4", [], True, False)],
)
def test_a_page_shows_its_part_of_the_list_and_whether_there_is_more(asked, items, has_previous, has_next):
    page = page_of(range(5), asked, size=2)
    assert (page.items, page.has_previous, page.has_next) == (items, has_previous, has_next)
    assert (page.previous, page.next) == (page.number - 1, page.number + 1)


def test_a_list_that_fills_its_last_page_has_no_next_one():
    assert not page_of(range(4), "2", size=2).has_next
    assert len(page_of(range(200), None).items) == SIZE


def test_the_farthest_page_leads_no_further():
    assert not page_of(range(2 * LAST + 100), str(LAST), size=2).has_next
    assert page_of(range(2 * LAST + 100), str(LAST - 1), size=2).has_next


def test_a_page_is_fetched_with_one_statement_and_one_row_more_than_it_shows(db):
    UserFactory.create_batch(4)
    people: QuerySet[User] = User.objects.order_by("pk")
    assert statements(lambda: page_of(people, "1", size=3)) == 1
    assert len(page_of(people, "1", size=3).items) == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [(None, ""), ("", ""), ("  Mia \n Lake ", "Mia Lake"), ("Mi\u200ba", "Mia"), ("x" * 200, "x" * 100)],
)
def test_a_search_is_tidied_and_cut_to_a_reasonable_length(given, words):
    assert search_words(given) == words
