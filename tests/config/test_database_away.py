"""A database that is away, for a moment or for long: "not just now" to everybody, and all comes back by itself."""

from collections.abc import Callable
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

import config.settings
from accounts.domain.tokens import make_token
from accounts.models import Account, User
from pairing.domain.codes import issue
from sis.models import SisImport
from sis.options import Options
from tests.database_server import own_server, until
from tests.factories import RootFactory, UserFactory, make_admin, make_student
from tests.nodes import browser, node, sign_in
from tests.racing import at_once
from tests.sis.conftest import make

Asking = Callable[[], Any]
PASSWORD = "a long enough password"
# What needs no database, or finds out without it that nobody has signed in.
WITHOUT_DATABASE = {"/healthz": 200, "/api/v1/users/self": 401, "/api/nowhere": 404}


@pytest.fixture(scope="module")
def server(django_db_blocker):
    with own_server() as server, django_db_blocker.unblock():
        yield server


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def test_while_the_database_is_away_everything_is_503_and_then_comes_back(server, settings, tmp_path):
    # The node knows no cheap ones.
    settings.PASSWORD_HASHERS = config.settings.PASSWORD_HASHERS
    server.copy("template0", "away")
    with server.used("away"):
        call_command("migrate", verbosity=0, interactive=False)
        root, admin = RootFactory(), with_password(make_admin(login_id="ada"))
        token = make_token(admin, "test", by=None)
        with node(server.files("away")) as site:
            visitor, stranger, program = browser(), browser(), browser()
            program.headers["Authorization"] = f"Bearer {token}"
            sign_in(visitor, site.url, "ada", PASSWORD)
            assert "sessionid" in visitor.cookies
            pages = addresses(root)
            assert {visitor.get(site.url + path).status_code for path in pages if "accounts" in path} == {200}
            connection.close()
            server.stop()
            # Those who are there when it goes, and those who come later.
            for _each in range(3):
                # Whoever has signed in is looked up for whatever they ask.
                for who, expected in ((visitor, {}), (stranger, WITHOUT_DATABASE)):
                    assert odd_answers(who, site.url, pages, expected) == {}
                assert odd_answers(program, site.url, ["/api/v1/users/self", "/api/v1/accounts"], {}) == {}
            server.keep_running()
            until(site.is_ready)
            assert visitor.get(f"{site.url}/accounts/{root.pk}/users").status_code == 200
            assert program.get(f"{site.url}/api/v1/users/self").json()["id"] == admin.pk
            made = make(root, admin, Options(), tmp_path, {"users": "user_id,login_id,status\nU1,u1,active"})
            until(lambda: SisImport.objects.get(pk=made.pk).has_ended, seconds=180)
            assert SisImport.objects.get(pk=made.pk).workflow_state == "imported"
            assert site.process.poll() is None


def addresses(root: Account) -> list[str]:
    of_root = [f"/accounts/{root.pk}/{name}" for name in ("users", "sis_import", "courses", "permissions")]
    pages = ["/", "/login/canvas", "/login/password/reset", "/register", "/profile/settings", "/nowhere", "/readyz"]
    return [*pages, f"/accounts/{root.pk}", *of_root, *WITHOUT_DATABASE]


def odd_answers(who, url: str, paths: list[str], expected: dict[str, int]) -> dict[str, tuple[int, str | None]]:
    odd = {}
    for path in paths:
        answer = who.get(url + path, timeout=60)
        waits = answer.headers.get("Retry-After")
        as_told = answer.status_code == expected.get(path, 503)
        if not as_told or (answer.status_code == 503) != (waits is not None):
            odd[path] = (answer.status_code, waits)
    return odd


@contextmanager
def going_away_at(number: int):
    """Have the database end the connection before the statement of this number; give how many there were."""
    seen: list[str] = []

    def end_it(execute, sql, params, many, context):
        seen.append(str(sql))
        if len(seen) == number:
            ours = connection.connection.info.backend_pid
            at_once([lambda: _end(ours)])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(end_it):
        yield seen


def _end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def signing_in(visitor: Client) -> Asking:
    person = with_password(UserFactory())
    return lambda: visitor.post("/login/canvas", {"login": person.login_id, "password": PASSWORD})


def pairing(visitor: Client) -> Asking:
    code = issue(make_student(), by=make_admin()).text
    headers = {"Authorization": f"Bearer {make_token(UserFactory(), 'test', by=None)}"}
    return lambda: visitor.post("/api/v1/users/self/observees", {"pairing_code": code}, headers=headers)


def resetting(visitor: Client) -> Asking:
    person = UserFactory(email="ada@example.org")
    return lambda: visitor.post("/login/password/reset", {"email": person.email})


def adding_by_api(visitor: Client) -> Asking:
    headers = {"Authorization": f"Bearer {make_token(make_admin(), 'test', by=None)}"}
    login = UserFactory.build().login_id
    form = {"user[name]": "Ana", "pseudonym[unique_id]": f"new-{login}"}
    return lambda: visitor.post("/api/v1/accounts/self/users", form, headers=headers)


@pytest.mark.usefixtures("raced_root")
@pytest.mark.parametrize("doing", [signing_in, pairing, resetting, adding_by_api])
def test_at_whatever_statement_the_connection_is_lost_nobody_gets_a_fault_of_ours(doing):
    statuses = []
    for number in count(1):
        visitor = Client(raise_request_exception=False)
        ask = doing(visitor)
        with going_away_at(number) as seen:
            statuses.append(ask().status_code)
        connection.close()
        assert statuses[-1] < 500 or statuses[-1] == 503, seen[-3:]
        if len(seen) < number:
            break
    assert 503 in statuses
    assert statuses[-1] in (200, 302)
