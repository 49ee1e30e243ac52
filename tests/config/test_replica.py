"""A real standby that lists are read from: what may lag there and what may not, and that it may be away.

Its replay is paused for the tests, so that it stays behind for as long as they take.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections, router
from django.test import Client
from psycopg import sql

from accounts.models import AccountAdmin, AuditEvent, ObservationLink, User, replica
from courses.domain.observation import link, unlink
from embedded_postgres.server import connection as connection_of
from embedded_postgres.server import find_programs, url
from sis.events import LinksExported
from tests.database_server import Server, own_server, until
from tests.factories import CourseFactory, RootFactory, UserFactory, make_admin, make_student
from tests.nodes import browser, node
from tests.test_architecture import APPS, imported, modules, parsed

SITE = "replicated"


@pytest.fixture(scope="module")
def unblocked(django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def primary(unblocked) -> Iterator[Server]:
    with own_server() as server:
        # The standby's server runs as another user than root, and connects to the socket in that folder.
        for above in (server.data_dir, server.data_dir.parent):
            above.chmod(0o711)
        server.copy("template0", SITE)
        with server.used(SITE):
            call_command("migrate", verbosity=0, interactive=False)
            yield server


@pytest.fixture(scope="module")
def standby(primary) -> Iterator[Server]:
    to = connection_of(primary.data_dir)

    def copy(data: Path) -> None:
        data.mkdir(parents=True, mode=0o700)
        command = [str(find_programs() / "pg_basebackup"), "--checkpoint=fast", "--write-recovery-conf"]
        reach = ["--host", to["HOST"], "--port", to["PORT"], "--username", to["USER"]]
        subprocess.run([*command, *reach, "--pgdata", str(data)], check=True)

    with own_server(copy) as server:
        yield server


@pytest.fixture
def replicated(primary, standby, monkeypatch) -> Iterator[Server]:
    """Django knows the standby, which has all that there is."""
    standby.keep_running()
    to = {**connections["default"].settings_dict, **connection_of(standby.data_dir), "NAME": SITE}
    monkeypatch.setitem(connections.settings, replica.REPLICA, to)
    monkeypatch.setattr(router, "routers", [replica.Primary()])
    # However long the test takes.
    monkeypatch.setattr(replica, "MOST_BEHIND", 3600.0)
    monkeypatch.setitem(replica._alone, "until", 0.0)
    catch_up(standby)
    try:
        yield standby
    finally:
        on(standby, "SELECT pg_wal_replay_resume()")
        connections[replica.REPLICA].close()
        del connections[replica.REPLICA]


@pytest.fixture
def root(primary):
    return RootFactory()


@pytest.fixture
def staff(root) -> Client:
    return signed_in(make_admin())


def signed_in(person: User) -> Client:
    visitor = Client()
    visitor.force_login(person)
    return visitor


def on(server: Server, statement: str):
    with server.connect(SITE, autocommit=True) as conn:
        return conn.execute(statement).fetchall()[0][0]


def sent_all(standby: Server) -> bool:
    """Whether the standby has received all that the primary has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
        (written,) = cursor.fetchone()
    return on(standby, f"SELECT coalesce(pg_last_wal_receive_lsn() >= '{written}', false)")


def catch_up(standby: Server) -> None:
    on(standby, "SELECT pg_wal_replay_resume()")
    until(lambda: sent_all(standby))
    until(lambda: on(standby, "SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"))


@contextmanager
def asked_of_replica() -> Iterator[list[str]]:
    """The statements that reach the replica."""
    seen: list[str] = []

    def note(execute, statement, *rest):
        seen.append(str(statement))
        return execute(statement, *rest)

    with connections[replica.REPLICA].execute_wrapper(note):
        yield seen


def lag(standby: Server) -> None:
    """Have the standby show what is there now, whatever comes."""
    catch_up(standby)
    on(standby, "SELECT pg_wal_replay_pause()")
    until(lambda: on(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'"))


def users(root) -> str:
    return f"/accounts/{root.pk}/users"


class TestWhatMayLag:
    def test_lists_of_people_and_courses_and_the_export_of_links_show_what_the_replica_has(
        self, replicated, root, staff
    ):
        UserFactory(sortable_name="Before, Ann")
        CourseFactory(name="Course before")
        child, parent = make_student(sis_user_id="CHILD"), UserFactory(sis_user_id="PARENT")
        made = link(parent, child, origin="sis", by=None)
        lag(replicated)
        UserFactory(sortable_name="Afterwards, Bob")
        CourseFactory(name="Course afterwards")
        unlink(made, by=None)
        for path in (users(root), f"{users(root)}?search=before", f"/accounts/{root.pk}/courses"):
            page = staff.get(path).content.decode()
            assert "efore" in page
            assert "fterwards" not in page
        sent = b"".join(staff.post(f"/accounts/{root.pk}/user_observers")).decode()
        assert '"PARENT","CHILD","active"' in sent

    def test_nothing_is_read_there_by_which_rights_sessions_or_codes_are_decided(self, replicated, root, staff):
        secret = ("accountadmin", "roleoverride", "django_session", "accesstoken", "pairingcode", "failedtry")
        with asked_of_replica() as seen:
            for path in (users(root), f"{users(root)}?search=ann", f"/accounts/{root.pk}/courses?search=c"):
                assert staff.get(path).status_code == 200
            assert staff.get(f"/accounts/{root.pk}/user_observers").status_code == 200
        assert len(seen) >= 4
        assert [one for one in seen if any(table in one for table in secret)] == []

    def test_only_these_pages_read_there(self):
        readers = {
            module
            for module in modules(*APPS)
            if any(name.startswith("accounts.models.replica") for name in imported(module, parsed(module)))
        }
        assert readers == {Path("courses/views/accounts.py"), Path("sis/views/files.py")}

    def test_what_came_from_there_is_looked_up_further_and_saved_in_the_database_itself(self, replicated, root, staff):
        course = CourseFactory(name="Old")
        catch_up(replicated)
        found = replica.lagging(lambda name: type(course).objects.using(name).get(pk=course.pk))
        assert found._state.db == replica.REPLICA
        with asked_of_replica() as seen:
            assert found.account.name == course.account.name
            found.name = "New"
            found.save()
        assert seen == []
        course.refresh_from_db()
        assert course.name == "New"


class TestWhatMayNotLag:
    def test_whoever_has_lost_the_right_is_refused_though_the_replica_still_has_it(self, replicated, root):
        admin = make_admin()
        visitor = signed_in(admin)
        lag(replicated)
        assert visitor.get(users(root)).status_code == 200
        AccountAdmin.objects.filter(user=admin).update(workflow_state="deleted")
        assert visitor.get(users(root)).status_code == 403
        assert visitor.post(f"/accounts/{root.pk}/user_observers").status_code == 403

    def test_an_observer_whose_link_has_ended_sees_nothing_more_though_the_replica_still_has_it(self, replicated, root):
        child, parent = make_student(), UserFactory()
        made = link(parent, child, origin="code", by=None)
        visitor, course = signed_in(parent), child.enrollments.get().section.course
        lag(replicated)
        assert visitor.get(f"/courses/{course.pk}").status_code == 200
        unlink(made, by=None)
        with asked_of_replica() as seen:
            assert visitor.get(f"/courses/{course.pk}").status_code in (403, 404)
            assert child.name not in visitor.get("/profile/observees").content.decode()
        assert seen == []

    def test_whoever_has_just_changed_something_finds_it_in_the_list(self, replicated, root, staff):
        lag(replicated)
        form = {"name": "Nora Newcomer", "login_id": "nora@example.org"}
        assert staff.post(f"{users(root)}/new", form).status_code == 302
        assert "Newcomer, Nora" in staff.get(f"{users(root)}?search=nora").content.decode()
        assert "Newcomer, Nora" not in signed_in(make_admin()).get(f"{users(root)}?search=nora").content.decode()


class TestReplicaAway:
    @pytest.fixture(autouse=True)
    def _left_alone_for_long(self, monkeypatch):
        monkeypatch.setattr(replica, "PAUSE", 3600.0)

    def test_lists_come_from_the_database_itself_and_it_is_not_asked_again_for_a_while(
        self, replicated, root, staff, monkeypatch
    ):
        UserFactory(sortable_name="Present, Pia")
        assert staff.get(users(root)).status_code == 200
        replicated.stop()
        with asked_of_replica() as seen:
            for _each in range(2):
                page = staff.get(f"{users(root)}?search=pia")
                assert (page.status_code, "Present, Pia" in page.content.decode()) == (200, True)
        # One was sent into the lost connection.
        assert len(seen) <= 1
        recorded = AuditEvent.objects.of(LinksExported).count()
        assert staff.post(f"/accounts/{root.pk}/user_observers").status_code == 200
        assert AuditEvent.objects.of(LinksExported).count() == recorded + 1
        replicated.keep_running()
        monkeypatch.setitem(replica._alone, "until", 0.0)
        with asked_of_replica() as seen:
            assert signed_in(make_admin()).get(users(root)).status_code == 200
        assert seen

    def test_a_file_that_the_replica_breaks_off_is_made_whole_from_the_database_itself(self, replicated, root, staff):
        children = [make_student(sis_user_id=f"C{number}") for number in range(3)]
        for number, child in enumerate(children):
            link(UserFactory(sis_user_id=f"P{number}"), child, origin="sis", by=None)
        catch_up(replicated)
        recorded = AuditEvent.objects.of(LinksExported).count()
        wanted = ObservationLink.objects.live().count()

        def end_it_then(execute, *statement):
            found = execute(*statement)
            pid = connections[replica.REPLICA].connection.info.backend_pid
            on(replicated, f"SELECT pg_terminate_backend({pid}, 60000)")
            return found

        # From here on it is known to be fresh, so that the next statement is that which opens the file's rows.
        staff.get(f"/accounts/{root.pk}/user_observers")
        with connections[replica.REPLICA].execute_wrapper(end_it_then):
            sent = staff.post(f"/accounts/{root.pk}/user_observers")
        assert sent.status_code == 200
        assert len(b"".join(sent).decode().splitlines()) == wanted + 1
        assert AuditEvent.objects.of(LinksExported).count() == recorded + 1

    def test_one_that_is_too_far_behind_is_left_alone(self, replicated, root, staff, monkeypatch):
        lag(replicated)
        UserFactory(sortable_name="Later, Lea")
        until(lambda: sent_all(replicated))
        monkeypatch.setattr(replica, "MOST_BEHIND", 0.0)
        assert "Later, Lea" in staff.get(f"{users(root)}?search=lea").content.decode()

    def test_one_to_which_nothing_is_sent_any_more_is_left_alone(self, replicated, root, staff):
        with replicated.connect(SITE, autocommit=True) as conn:
            (usual,) = conn.execute("SHOW primary_conninfo").fetchone()

            def send_from(where: str) -> None:
                conn.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(sql.Literal(where)))
                conn.execute("SELECT pg_reload_conf()")
                until(lambda: conn.execute("SELECT count(*) FROM pg_stat_wal_receiver").fetchone() == (bool(where),))

            send_from("")
            UserFactory(sortable_name="Unsent, Uwe")
            assert "Unsent, Uwe" in staff.get(f"{users(root)}?search=uwe").content.decode()
            send_from(usual)


def test_a_node_reads_from_the_replica_that_its_settings_name_and_does_without_when_it_goes(primary, standby, root):
    standby.keep_running()
    person = UserFactory(sortable_name="Node, Nele")
    session = signed_in(make_admin()).cookies["sessionid"].value
    catch_up(standby)
    with node(primary.files(SITE), "web", DATABASE_REPLICA_URL=url(standby.data_dir, database=SITE)) as site:
        visitor = browser()
        visitor.cookies.set("sessionid", session)

        def listed() -> bool:
            page = visitor.get(f"{site.url}{users(root)}?search=nele", timeout=60)
            assert page.status_code == 200
            return person.listed_name in page.text

        assert listed()
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert on(standby, others) > 0
        standby.stop()
        assert [listed() for _each in range(5)] == [True] * 5
