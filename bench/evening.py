"""`python -m bench.evening [FAMILIES]`: the first evening of term, when all families come at once.

Some sign in, look and pair; others sign up. 64 families at a time, each like a browser of its own: with its
cookies, its connection, and the tokens of the forms that it was shown. Once each family has an address of its own;
once all sit in one hall behind one address.
"""

from __future__ import annotations

import html
import http.client
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 only after setup

from accounts.models import User  # noqa: E402
from bench import data, load  # noqa: E402

CLIENTS = 64
FAMILIES = 640
PASSWORD = "a long enough bench password"  # noqa: S105 of invented people
FOUND = 302
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SHOWN = re.compile(r'name="shown" value="(\d+)"')
OWN, ONE = "an address each", "one address for all"


class Unexpected(Exception):
    """An answer that a family should not get."""


class Browser:
    """What a family has open: a connection, cookies, the page it sees; and how long each request took, in seconds."""

    def __init__(self, port: int, address: str) -> None:
        self._connection = http.client.HTTPConnection(load.HOST, port, timeout=60, source_address=(address, 0))
        self._cookies: dict[str, str] = {}
        self.page = ""
        self.taken: list[float] = []

    def visit(self, path: str) -> None:
        """Open a page."""
        self._ask("GET", path, "", 200)

    def send(self, path: str, **form: str) -> None:
        """Send a form of the page that is open, and follow to the page after it."""
        fields = {"csrfmiddlewaretoken": self.read(TOKEN), **form}
        self.visit(self._ask("POST", path, urlencode(fields), FOUND))

    def read(self, pattern: re.Pattern[str]) -> str:
        """Return what stands on the page that is open."""
        found = pattern.search(self.page)
        if not found:
            raise Unexpected(f"No {pattern.pattern} on the page.")
        return html.unescape(found[1])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: str, status: int) -> str:
        headers = {
            "Host": load.HOST,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        begun = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        self.page = answer.read().decode()
        self.taken.append(time.perf_counter() - begun)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(cookie).items()})
        if answer.status != status:
            raise Unexpected(f"{method} {path}: {answer.status}")
        return answer.headers.get("Location", "")


def pair(browser: Browser, login: str, code: str) -> None:
    """Sign in, look at the home page and at who is observed, enter the code, and pair with the student it shows."""
    browser.visit("/login/canvas")
    browser.send("/login/canvas", login=login, password=PASSWORD)
    browser.visit("/profile/observees")
    browser.send("/profile/observees", code=code)
    browser.send("/profile/observees", shown=browser.read(SHOWN), step="pair")


def sign_up(browser: Browser, login: str, code: str) -> None:
    """Sign up with the code, and create the account once the student has been shown."""
    browser.visit("/register")
    fields = {
        "user[name]": "Fran Family",
        "pseudonym[unique_id]": f"{login}@example.org",
        "pseudonym[password]": PASSWORD,
        "pairing_code[code]": code,
        "user[terms_of_use]": "on",
    }
    browser.send("/register", **fields)
    browser.send("/register/confirm", step="create")


Journey = Callable[[Browser, str, str], None]
JOURNEYS: dict[str, Journey] = {"sign in, look and pair": pair, "sign up with a code": sign_up}


def main(number: int) -> None:
    """Print a table for docs/performance.md, of so many families in each row."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    families = _families(len(JOURNEYS) * 2 * number + number // 10)
    print(f"| {CLIENTS} families at a time, on {os.cpu_count()} cores | a minute | median | 99 % within | errors |")
    print("|---|---|---|---|---|")
    with load.server() as port:
        _run(port, pair, [next(families) for _each in range(number // 10)], ONE)
        for name, journey in JOURNEYS.items():
            for addresses in (OWN, ONE):
                row = _run(port, journey, [next(families) for _each in range(number)], addresses)
                print(f"| {name}, {addresses} | {row}", flush=True)


def _families(number: int) -> Iterator[tuple[str, str]]:
    """Make so many observers who can sign in, and a code for each; give their logins and codes."""
    course, admin = data.make_school(number)
    tries = data.make_tries(course, admin, number)
    User.objects.filter(pk__in=[each.observer_id for each in tries]).update(password=make_password(PASSWORD))
    logins = User.objects.in_bulk([each.observer_id for each in tries])
    for each in tries:
        yield logins[each.observer_id].login_id or "", each.code


def _run(port: int, journey: Journey, families: list[tuple[str, str]], addresses: str) -> str:
    """Let them all go, so many at a time; return the cells of the row."""

    def go(numbered: tuple[int, tuple[str, str]]) -> tuple[list[float], str]:
        number, (login, code) = numbered
        address = load.HOST if addresses == ONE else f"127.1.{number // 250}.{number % 250 + 1}"
        with closing(Browser(port, address)) as browser:
            try:
                journey(browser, login, code)
            except (Unexpected, OSError, http.client.HTTPException) as error:
                return browser.taken, str(error) or type(error).__name__
            return browser.taken, ""

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(go, enumerate(families)))
    minutes = (time.perf_counter() - begun) / 60
    taken = [seconds for each, _error in results for seconds in each]
    errors = [error for _taken, error in results if error]
    late = statistics.quantiles(taken, n=100)[98]
    what = f" ({errors[0]})" if errors else ""
    done = (len(families) - len(errors)) / minutes
    return f"{done:,.0f} | {statistics.median(taken):.2f} s | {late:.2f} s | {len(errors)}{what} |"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FAMILIES)
