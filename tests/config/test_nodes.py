"""Several nodes on one database, as on several machines: real processes, each with a DATA_DIR of its own.

Whoever comes is sent now to the one and now to the other. With PgBouncer in between, the nodes that serve reach the
database through it, in transaction mode.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from threading import Barrier
from urllib.parse import quote

import pytest
import requests
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.advisory_locks import AdvisoryLock, hold
from accounts.domain.password_limits import ONE_GUESSER
from accounts.domain.tokens import make_token
from accounts.models import Account, FailedTry, ObservationLink, User
from config.serve import WORKS
from embedded_postgres.server import connection as connection_of
from sis.models import SisImport
from tests.database_server import own_server, until
from tests.factories import RootFactory, UserFactory, make_admin, make_student
from tests.nodes import HOUSE, SETTINGS, Node, browser, node, sign_in, started, token_of
from tests.pooler import pooled

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(django_db_blocker):
    with own_server() as server, django_db_blocker.unblock():
        yield server


@pytest.fixture
def empty(server) -> Iterator[None]:
    """A database with nothing in it."""
    server.copy("template0", "empty")
    with server.used("empty"):
        yield


@dataclass
class Site:
    """Two nodes that serve and one that works."""

    nodes: list[Node]
    root: Account
    admin: User

    def __post_init__(self) -> None:
        self._turn = cycle(self.nodes)

    def url(self, path: str = "") -> str:
        """An address, each time at the other node."""
        return next(self._turn).url + path


@pytest.fixture(scope="module", params=["direct", pytest.param("pooled", marks=pytest.mark.pooler)])
def site(request, server, tmp_path_factory) -> Iterator[Site]:
    folder, name = tmp_path_factory.mktemp("nodes"), f"site_{request.param}"
    server.copy("template0", name)
    with server.used(name), ExitStack() as running:
        call_command("migrate", verbosity=0, interactive=False)
        root, admin = RootFactory(), with_password(make_admin(login_id="ada"))
        reach = {}
        if request.param == "pooled":
            reach = {
                "DATABASE_DIRECT_URL": os.environ["DATABASE_URL"],
                "DATABASE_URL": running.enter_context(pooled(server, name)),
            }
        nodes = [running.enter_context(node(folder / str(number), "web", **reach)) for number in range(2)]
        running.enter_context(started(folder / "worker", "work", says=WORKS, **reach))
        yield Site(nodes, root, admin)
        connection.close()


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def all_at_once(actions: list) -> list:
    start = Barrier(len(actions))

    def act(action):
        start.wait(60)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))


def call(site: Site, person: User, path: str, form: dict[str, str] | None = None) -> Callable[[], requests.Response]:
    """What calls the API of the next node as somebody."""
    headers = {"Authorization": f"Bearer {make_token(person, 'test', by=None)}"}
    return partial(requests.post, site.url(f"/api/v1/{path}"), form, headers=headers, timeout=60)


class TestBeginning:
    def test_of_two_that_prepare_the_database_at_once_one_waits_and_both_come_to_their_end(self, empty, tmp_path):
        with ExitStack() as running:
            with transaction.atomic():
                # As a third that is at it.
                hold(AdvisoryLock.MIGRATION, 0)
                both = [
                    running.enter_context(started(tmp_path / str(n), "migrate", says="Another node is preparing"))
                    for n in range(2)
                ]
            assert [process.process.wait(300) for process in both] == [0, 0], [one.log.read_text() for one in both]
        assert User.objects.count() == 0

    def test_one_that_only_serves_or_works_waits_until_another_has_prepared_the_database(self, empty, tmp_path):
        waits = "Waiting for the database to be brought up to this version"
        with (
            started(tmp_path / "web", "web", says=waits) as web,
            started(tmp_path / "work", "work", says=waits) as work,
        ):
            assert WORKS not in work.log.read_text()
            call_command("migrate", verbosity=0, interactive=False)
            until(web.is_up)
            until(lambda: WORKS in work.log.read_text())
            assert web.is_ready()

    def test_a_table_that_is_in_use_is_changed_once_it_is_free_and_holds_nobody_up_meanwhile(
        self, empty, server, tmp_path
    ):
        # One that the next of these migrations changes.
        MigrationExecutor(connection).migrate([("contenttypes", "0001_initial")])
        with server.connect("empty") as reader:
            # As a dump of the database does, for as long as it takes.
            reader.execute("SELECT FROM django_content_type")
            with started(tmp_path, "migrate", says="A table that has to be changed is in use") as one:
                with server.connect("empty", options="-c statement_timeout=60s") as another:
                    another.execute("SELECT FROM django_content_type")
                reader.rollback()
                assert one.process.wait(300) == 0, one.log.read_text()
        assert User.objects.count() == 0

    def test_one_that_does_not_find_the_uploads_of_another_says_so(self, empty, tmp_path):
        call_command("migrate", verbosity=0, interactive=False)
        SisImport.objects.create(account=RootFactory(), file_name="a.csv", stored_file="sis_imports/1.csv")
        own = str(tmp_path / "uploads of this one")
        with started(tmp_path / "node", "work", says=WORKS, UPLOADS=own) as one:
            assert f"1 of the latest uploads of rosters are not where UPLOADS says: {own}" in one.log.read_text()

    def test_one_that_is_told_to_end_serves_on_while_load_balancers_learn_of_it(self, empty, tmp_path):
        call_command("migrate", verbosity=0, interactive=False)
        with node(tmp_path, "web", DRAIN_SECONDS="600") as one:
            assert one.is_ready()
            one.process.terminate()
            until(lambda: not one.is_ready())
            assert requests.get(f"{one.url}/login/canvas", timeout=60).status_code == 200
            # Nothing is left to wait for once the web server has gone.
            os.kill(json.loads((tmp_path / "started.json").read_text())["server"], signal.SIGTERM)
            assert one.process.wait(60) == 0

    def test_one_that_has_come_up_has_not_asked_itself_for_a_site_of_another_name(self, empty, tmp_path):
        call_command("migrate", verbosity=0, interactive=False)
        with node(tmp_path, "web", ALLOWED_HOSTS="pairing.example.org") as one:
            assert "Invalid HTTP_HOST" not in one.log.read_text()

    @pytest.mark.pooler
    def test_one_whose_jobs_would_go_through_a_pooler_says_what_to_set(self, empty, server, tmp_path):
        with pooled(server, "empty") as url, started(tmp_path, "migrate", says="Preparing", DATABASE_URL=url) as one:
            assert one.process.wait(60) == 1
            assert "Set DATABASE_DIRECT_URL" in one.log.read_text()

    def test_a_part_that_there_is_not_is_refused_with_those_there_are(self, tmp_path):
        with started(tmp_path, "play", says="usage: bin/run [all | web | work | migrate]") as one:
            assert one.process.wait(60) == 1


def test_of_several_database_servers_that_is_used_which_can_be_written_to(server):
    with own_server() as other:
        servers = [server, other]
        for one in servers:
            one.copy("template0", "twins")
        hosts = ",".join(connection_of(one.data_dir)["HOST"] for one in servers)
        url = f"postgres://postgres@:5432/twins?host={quote(hosts, safe='')}"
        for writable, read_only in (servers, servers[::-1]):
            for one, setting in ((writable, "off"), (read_only, "on")):
                with one.connect("postgres", autocommit=True) as conn:
                    conn.execute(f"ALTER DATABASE twins SET default_transaction_read_only = {setting}")
            assert host_used(url) == connection_of(writable.data_dir)["HOST"]


def host_used(url: str) -> str:
    """The server that a command of the site talks to."""
    asking = "from django.db import connection as c; c.ensure_connection(); print(c.connection.info.host)"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", asking]
    environment = {**os.environ, **SETTINGS, "DATABASE_URL": url}
    return subprocess.run(
        command, cwd=HOUSE, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


class TestTogether:
    def test_a_session_begun_at_one_goes_on_at_the_other(self, site):
        visitor = browser()
        assert sign_in(visitor, site.url(), "ada", PASSWORD).status_code == 200
        for _each in range(4):
            page = visitor.get(site.url(f"/accounts/{site.root.pk}/users"), timeout=60)
            assert page.status_code == 200

    def test_of_many_who_use_one_code_at_both_one_wins(self, site):
        student, observers = make_student(), UserFactory.create_batch(8)
        made = call(site, site.admin, f"users/{student.pk}/observer_pairing_codes")
        form = {"pairing_code": made().json()["code"]}
        asking = [call(site, one, "users/self/observees", form) for one in observers]
        assert sorted(answer.status_code for answer in all_at_once(asking)) == [200, *[422] * 7]
        assert ObservationLink.objects.filter(student=student).count() == 1

    def test_wrong_passwords_at_both_are_counted_together(self, site):
        person = with_password(UserFactory(login_id="kim"))
        before = FailedTry.objects.count()
        for _each in range(ONE_GUESSER.tries):
            sign_in(browser(), site.url(), "kim", "wrong")
        assert FailedTry.objects.count() == before + ONE_GUESSER.tries
        for _each in range(2):
            assert "Too many wrong passwords" in sign_in(browser(), site.url(), "kim", PASSWORD).text
        assert User.objects.get(pk=person.pk).last_login is None

    def test_a_roster_sent_to_one_is_imported_by_the_node_for_jobs_and_its_file_is_had_from_the_other(self, site):
        visitor = browser()
        sign_in(visitor, site.url(), "ada", PASSWORD)
        path = f"/accounts/{site.root.pk}/sis_import"
        page = visitor.get(site.url(path), timeout=60)
        roster = "user_id,login_id,status\nU1,node-u1,active\n"
        form = {"csrfmiddlewaretoken": token_of(page.text)}
        visitor.post(site.url(path), form, files={"attachment": ("users.csv", roster)}, timeout=60)
        made = SisImport.objects.latest("pk")
        until(lambda: SisImport.objects.get(pk=made.pk).has_ended, seconds=120)
        assert User.objects.filter(sis_user_id="U1").count() == 1
        until(lambda: "uploaded" not in SisImport.objects.get(pk=made.pk).stored_file)
        for _each in range(2):
            sent = visitor.get(site.url(f"{path}/{made.pk}/upload"), timeout=60)
            assert (sent.status_code, sent.text) == (200, roster)

    def test_a_list_whose_next_page_is_asked_of_the_other_goes_on_there(self, site):
        UserFactory.create_batch(7)
        headers = {"Authorization": f"Bearer {make_token(site.admin, 'test', by=None)}"}
        names, address = [], site.url("/api/v1/accounts/self/users?per_page=3")
        while address:
            page = requests.get(address, headers=headers, timeout=60)
            assert page.status_code == 200
            names += [one["id"] for one in page.json()]
            link = page.links.get("next", {}).get("url", "")
            address = site.url(link[link.index("/api/") :]) if link else ""
        assert len(set(names)) == len(names) >= 8

    def test_downloads_are_whole_at_both(self, site):
        for number in range(50):
            ObservationLink.objects.create(
                observer=UserFactory(sis_user_id=f"P{number}"),
                student=UserFactory(sis_user_id=f"S{number}"),
                origin="code",
            )
        visitor = browser()
        sign_in(visitor, site.url(), "ada", PASSWORD)
        path = f"/accounts/{site.root.pk}/user_observers"
        for _each in range(2):
            form = {"csrfmiddlewaretoken": token_of(visitor.get(site.url(path), timeout=60).text)}
            sent = visitor.post(site.url(path), form, timeout=60)
            assert sent.headers["Content-Length"] == str(len(sent.content))
            assert len([line for line in sent.text.splitlines() if line.startswith('"P')]) == 50
