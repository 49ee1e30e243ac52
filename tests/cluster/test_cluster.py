"""A site on several machines, by the files in deploy/: what happens to it, and what people see of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import environ
import psycopg
import pytest
from django.db import connections

from accounts.domain.password_limits import network_key
from accounts.domain.tokens import make_token
from accounts.models import Account, FailedTry, ObservationLink, User
from pairing.code_text import digest
from pairing.models import PairingCode
from sis.models import SisImport
from tests.cluster.machines import LIMIT, SITE, UNITS, Cluster, Machine, running
from tests.cluster.visitors import CUT_OFF, Seen, address, meanwhile, visitor
from tests.database_server import until, working_on
from tests.factories import RootFactory, SectionFactory, UserFactory, make_admin, make_student, make_students
from tests.nodes import sign_in
from tests.racing import at_once

pytestmark = pytest.mark.cluster
PASSWORD = "a long enough password"
LIVE_CODES = 5
FAMILIES = 3
CHILDREN = 2_000
ROSTER = 6_000


@pytest.fixture(scope="module")
def cluster(django_db_blocker, tmp_path_factory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as cluster, django_db_blocker.unblock(), used(cluster):
        yield cluster


@contextmanager
def used(cluster: Cluster) -> Iterator[None]:
    """Have Django work on the cluster's database, whichever machine has it."""
    usual, found = connections["default"].settings_dict, environ.Env.db_url_config(cluster.url)
    kept = {"ENGINE": usual["ENGINE"], "OPTIONS": {**usual["OPTIONS"], **found["OPTIONS"]}}
    with working_on({**found, **kept}):
        yield


@dataclass
class School:
    """Whom the tests know, with the tokens by which they use the API."""

    root: Account
    admin: User
    token: str
    observers: list[tuple[int, str]]
    children: Iterator[int]


@pytest.fixture(scope="module")
def school(cluster) -> School:
    root, admin = RootFactory(), make_admin(login_id="ada")
    admin.set_password(PASSWORD)
    admin.save()
    observers = [(one.pk, make_token(one, "test", by=None)) for one in UserFactory.create_batch(8)]
    children = cycle(make_students(CHILDREN, SectionFactory()))
    return School(root, admin, make_token(admin, "test", by=None), observers, children)


@dataclass
class Family:
    """An observer who pairs with one child after the other by way of one machine, and with some again after all."""

    school: School
    machine: Machine
    number: int

    def __post_init__(self) -> None:
        self.observer, token = self.school.observers[self.number]
        self.admin, self.program = visitor(self.machine, self.school.token), visitor(self.machine, token)

    def __call__(self, seen: Seen) -> None:
        child = next(self.school.children)
        path = address(self.machine, f"/api/v1/users/{child}/observer_pairing_codes")
        if answer := seen.note(lambda: self.admin.post(path, timeout=120)):
            code = answer.json()["code"]
            seen.codes.append(code)
            # As the mobile apps do, in the query string.
            path = address(self.machine, f"/api/v1/users/self/observees?pairing_code={code}")
            if seen.note(lambda: self.program.post(path, timeout=120)):
                seen.links.append((self.observer, child))


@dataclass
class Reader:
    """Somebody who has signed in and looks at a page again and again."""

    school: School
    machine: Machine

    def __post_init__(self) -> None:
        self.browser = visitor(self.machine)
        assert sign_in(self.browser, address(self.machine), "ada", PASSWORD).status_code == 200

    def __call__(self, seen: Seen) -> None:
        path = address(self.machine, f"/accounts/{self.school.root.pk}/users")
        seen.note(lambda: self.browser.get(path, timeout=120))


def everybody(school: School, machine: Machine) -> list:
    families = [Family(school, machine, number) for number in range(FAMILIES)]
    return [*families, Reader(school, machine)]


def lost(seen: Seen) -> tuple[int, int]:
    """How many codes and links are not there that were acknowledged."""
    # The one that there was may have gone with its server.
    connections["default"].close()
    codes = PairingCode.objects.filter(digest__in=[digest(code) for code in seen.codes]).count()
    links = set(ObservationLink.objects.values_list("observer", "student"))
    return len(seen.codes) - codes, len(set(seen.links) - links)


class TestWithoutTrouble:
    def test_of_many_who_use_one_code_at_both_nodes_one_wins(self, cluster, school):
        student = make_student()
        path = f"/api/v1/users/{student.pk}/observer_pairing_codes"
        made = visitor(cluster.both[0], school.token).post(address(cluster.both[0], path), timeout=60)
        form, path = {"pairing_code": made.json()["code"]}, "/api/v1/users/self/observees"
        # By both load balancers, each of which sends to both nodes.
        asking = [
            partial(visitor(machine, token).post, address(machine, path), form, timeout=60)
            for machine, (_pk, token) in zip(cluster.both * 4, school.observers, strict=True)
        ]
        assert sorted(answer.status_code for answer in at_once(asking)) == [200, *[422] * 7]
        assert ObservationLink.objects.filter(student=student).count() == 1

    def test_of_many_codes_that_are_asked_for_at_once_five_stay(self, cluster, school):
        student = make_student()
        path = f"/api/v1/users/{student.pk}/observer_pairing_codes"
        asking = [partial(visitor(at, school.token).post, address(at, path), timeout=60) for at in cluster.both * 8]
        assert {answer.status_code for answer in at_once(asking)} == {200}
        assert PairingCode.objects.live().filter(student=student).count() == LIVE_CODES

    def test_what_is_not_encrypted_is_sent_to_what_is(self, cluster):
        for machine in cluster.both:
            asking = visitor(machine)
            plain = asking.get(f"http://{machine.at('http')}/login/canvas?a=b", timeout=60, allow_redirects=False)
            assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{SITE}/login/canvas?a=b")
            assert "Secure" in asking.get(address(machine, "/login/canvas"), timeout=60).headers["Set-Cookie"]

    def test_who_asks_is_not_whom_a_visitor_claims_to_be(self, cluster):
        asking = visitor(cluster.both[0])
        asking.headers.update({"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "other.example.org"})
        before = set(FailedTry.objects.values_list("pk", flat=True))
        assert sign_in(asking, address(cluster.both[0]), "ada", "wrong").status_code == 200
        (failed,) = FailedTry.objects.exclude(pk__in=before)
        assert network_key("127.0.0.1") in failed.keys
        assert network_key("192.0.2.7") not in failed.keys


def test_machines_are_restarted_one_after_the_other_without_an_error(cluster, school, figures):
    with meanwhile(*everybody(school, cluster.both[0])) as seen:
        seen.wait_for(more=20)
        for machine in cluster.both:
            machine.stop("observer-pairing-web")
            # Nobody comes by the pooler of a machine whose node is down.
            machine.stop("pgbouncer")
            machine.start("pgbouncer", "observer-pairing-web")
            machine.stop("observer-pairing-work")
            machine.start("observer-pairing-work")
            until(machine.is_ready, seconds=LIMIT)
            machine.reload("haproxy")
            seen.wait_for(more=20)
    assert seen.statuses == {200}
    assert lost(seen) == (0, 0)
    figures.append(f"rolling restart of both machines: {len(seen.answers)} requests, none failed")


def test_the_primary_is_moved_to_the_other_machine_before_its_own_is_restarted(cluster, school, figures):
    until(cluster.is_whole, seconds=LIMIT)
    machine = cluster.primary
    with meanwhile(*everybody(school, machine)) as seen:
        seen.wait_for(more=20)
        machine.patronictl("switchover", "--force", "--candidate", cluster.other(machine).name)
        until(cluster.other(machine).is_primary, seconds=LIMIT)
        seen.wait_for(more=20)
    figures.append(line("primary moved to the other machine", seen, lost(seen)))
    assert seen.statuses <= {200, 503}
    assert lost(seen) == (0, 0)


@dataclass
class Trouble:
    """What people saw of something that happened to the primary's machine."""

    machine: Machine
    seen: Seen
    made: int = 0


@pytest.fixture(scope="module")
def crash(cluster, school, figures) -> Trouble:
    until(cluster.is_whole, seconds=LIMIT)
    machine = cluster.primary
    with meanwhile(*everybody(school, machine)) as seen:
        seen.wait_for(more=40)
        machine.kill_postgres()
        until(cluster.other(machine).is_primary, seconds=LIMIT)
        seen.wait_for(more=40)
    figures.append(line("PostgreSQL of the primary killed", seen, lost(seen)))
    return Trouble(machine, seen)


class TestDatabaseCrash:
    """PostgreSQL is killed on the machine that has the primary."""

    def test_the_standby_takes_over_and_nothing_that_was_acknowledged_is_lost(self, crash):
        assert lost(crash.seen) == (0, 0)
        assert len(crash.seen.codes) >= 20

    def test_meanwhile_people_are_told_that_it_is_not_available_and_nothing_worse(self, crash):
        assert crash.seen.statuses <= {200, 503}

    def test_load_balancers_log_what_failed_without_a_code(self, cluster, crash):
        text = "".join(machine.log("haproxy").read_text() for machine in cluster.both)
        if 503 in crash.seen.statuses:
            assert " 503 " in text
        assert [code for code in crash.seen.codes if code in text] == []

    def test_the_server_that_crashed_comes_back_as_the_standby(self, cluster, crash):
        until(cluster.is_whole, seconds=LIMIT)
        assert cluster.primary is not crash.machine


@pytest.fixture(scope="module")
def loss(cluster, school, figures) -> Trouble:
    until(cluster.is_whole, seconds=LIMIT)
    machine = cluster.primary
    other = cluster.other(machine)
    # The import is to be that machine's.
    other.stop("observer-pairing-work")
    made, keeper = import_that_waits(cluster, school, other)
    other.start("observer-pairing-work")
    # The address of the site is the other machine's by then.
    with meanwhile(*everybody(school, other)) as seen:
        seen.wait_for(more=40)
        machine.kill()
        keeper.close()
        until(other.is_primary, seconds=LIMIT)
        seen.wait_for(more=40)
    figures.append(line("machine of the primary lost", seen, lost(seen)))
    return Trouble(machine, seen, made)


class TestLostMachine:
    """The machine that has the primary loses its power, with an import at work on it."""

    def test_the_other_goes_on_alone_and_nothing_that_was_acknowledged_is_lost(self, loss):
        assert lost(loss.seen) == (0, 0)
        assert len(loss.seen.codes) >= 20

    def test_meanwhile_people_are_told_that_it_is_not_available_and_nothing_worse(self, loss):
        # What the lost machine was just answering is cut off: at most one request of each of them.
        assert loss.seen.statuses <= {200, 502, 503, CUT_OFF}
        assert loss.seen.number(502, CUT_OFF) <= FAMILIES + 1

    def test_the_import_is_finished_by_the_worker_of_the_other(self, loss):
        until(lambda: SisImport.objects.get(pk=loss.made).has_ended, seconds=LIMIT)
        assert SisImport.objects.get(pk=loss.made).workflow_state == "imported"
        assert User.objects.filter(sis_user_id__startswith="ROSTER").count() == ROSTER

    def test_a_lost_machine_that_is_back_is_the_standby_and_serves(self, cluster, loss):
        loss.machine.start(*UNITS)
        until(lambda: cluster.is_whole() and loss.machine.is_ready(), seconds=LIMIT)
        assert cluster.primary is not loss.machine


def import_that_waits(cluster: Cluster, school: School, by: Machine) -> tuple[int, psycopg.Connection]:
    """Have an import begin that waits in its middle for somebody whose row a connection holds."""
    someone = User.objects.create(sis_user_id="ROSTER0", login_id="roster0", name="Roster Zero")
    keeper = psycopg.connect(cluster.url)
    keeper.execute("SELECT FROM accounts_user WHERE id = %s FOR UPDATE", [someone.pk])
    rows = [f"ROSTER{n},roster{n},Roster {n},active" for n in reversed(range(ROSTER))]
    roster = "\n".join(["user_id,login_id,full_name,status", *rows])
    sent = visitor(by, school.token).post(
        address(by, "/api/v1/accounts/self/sis_imports"), files={"attachment": ("users.csv", roster)}, timeout=120
    )
    assert sent.status_code == 200, sent.text
    until(lambda: somebody_waits(cluster), seconds=LIMIT)
    return sent.json()["id"], keeper


def somebody_waits(cluster: Cluster) -> bool:
    with psycopg.connect(cluster.url) as conn:
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return conn.execute(waiting).fetchone() is not None


def line(what: str, seen: Seen, lost: tuple[int, int]) -> str:
    return (
        f"{what}: {seen.longest_gap():.1f} s without a success, {seen.number(503)} answers of 503,"
        f" {seen.number(502, CUT_OFF)} cut off; of {len(seen.codes)} codes and {len(seen.links)} links acknowledged"
        f" {lost[0]} and {lost[1]} lost"
    )
