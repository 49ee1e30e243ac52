"""How much a page weighs on a first visit: the page itself and all that it links to, as they are sent."""

import gzip
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import User
from pairing.domain.codes import issue
from tests.access.table import PAGES

AT_MOST = 60_000
LINKED = re.compile(r'(?:href|src)="/static/([^"]+)"')


def browser_of(person: User) -> Client:
    client = Client(headers={"Accept-Encoding": "gzip"})
    client.force_login(person)
    return client


@cache
def weight_of(name: str) -> int:
    """How many bytes a static file has as it is sent, compressed when it is collected."""
    found = finders.find(name)
    assert found, name
    return len(gzip.compress(Path(found).read_bytes(), 9))


def test_every_page_is_at_most_60_kb_with_all_that_it_needs(world):
    ids, weighed = world.ids(world.here), {}
    for name in ("admin", "teacher", "student", "observer"):
        browser = browser_of(world.people[name])
        for row in PAGES:
            if row.method != "GET" or name not in row.who:
                continue
            answer = browser.get(row.path.format_map(ids))
            if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                continue
            assert answer.headers["Content-Encoding"] == "gzip", row
            linked = set(LINKED.findall(gzip.decompress(answer.content).decode()))
            weighed[f"{row.path} as {name}"] = len(answer.content) + sum(map(weight_of, linked))
    assert len(weighed) > 40
    assert {page: weight for page, weight in weighed.items() if weight > AT_MOST} == {}


def test_the_answer_to_a_form_is_not_compressed_for_a_code_may_stand_in_it(world):
    student = world.people["student"]
    answer = browser_of(student).post(f"/users/{student.pk}/observer_pairing_codes")
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)


def test_no_page_that_is_compressed_shows_a_live_code(world):
    student = world.people["student"]
    code = issue(student, by=student).text
    browser = browser_of(student)
    for address in ("/profile/settings", "/"):
        assert code not in gzip.decompress(browser.get(address).content).decode()


def test_the_token_of_a_form_looks_different_each_time(world):
    browser = browser_of(world.people["student"])
    pages = [gzip.decompress(browser.get("/profile/settings").content).decode() for _each in range(2)]
    tokens = [re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page) for page in pages]
    assert tokens[0]
    assert not set(tokens[0]) & set(tokens[1])
