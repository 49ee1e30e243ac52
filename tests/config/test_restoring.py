"""Backup and restore, for real: the commands of docs/operations.md as they stand there, on servers of our own.

What a backup brings back is looked at twice: as it is, when much that had ended works again, and after the command
that must be run before anybody is let in.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from allauth.account.forms import default_token_generator
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

import config.settings
from accounts.domain.passwords import choose_password
from accounts.domain.site_restore import LEAP
from accounts.domain.tokens import make_token, token_owner
from accounts.domain.users import sign_out_everywhere
from accounts.models import Action, AuditEvent, ObservationLink, User
from courses.domain.observation import unlink
from embedded_postgres.server import connection as connection_of
from embedded_postgres.server import find_programs, url
from pairing.code_text import digest
from pairing.domain.codes import issue
from pairing.domain.redemption import Pairing, redeem
from pairing.models import PairingCode
from sis.imports.intake import create_import
from sis.imports.queue import abort
from sis.models import SisImport
from sis.options import Options
from tests.database_server import Server, own_server, until
from tests.factories import RootFactory, UserFactory, make_admin, make_student
from tests.nodes import HOUSE, browser, node, sign_in

DOCUMENT = HOUSE / "docs" / "operations.md"
SITE = "pairing"
PASSWORD, OTHER_PASSWORD = "a long enough password", "quite another password"
LAST_IDS = "SELECT last_value FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype"


class Backups:
    """The folder of backups, and what the document says to do with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str) -> str:
        """The lines that stand behind this mark in the document, for this folder."""
        found = re.search(rf"<!-- drill: {name} -->\n\n((?:    .*\n)+)", DOCUMENT.read_text())
        assert found, name
        return dedent(found[1]).replace("/backups", str(self.folder))

    def do(self, name: str, **environment: str) -> None:
        path = f"{find_programs()}:{os.defpath}"
        subprocess.run(["sh", "-euc", self.text(name)], env={"PATH": path, **environment}, check=True)

    def latest(self, pattern: str) -> str:
        return str(max(self.folder.glob(pattern)))


@pytest.fixture
def backups() -> Iterator[Backups]:
    with tempfile.TemporaryDirectory(prefix="op-") as name:
        folder = Path(name)
        # The server runs as another user than root, and puts its log there.
        folder.chmod(0o711)
        (folder / "wal").mkdir()
        (folder / "wal").chmod(0o777)
        yield Backups(folder)


@pytest.fixture
def unblocked(django_db_blocker, settings) -> Iterator[None]:
    # The nodes know no cheap ones.
    settings.PASSWORD_HASHERS = config.settings.PASSWORD_HASHERS
    with django_db_blocker.unblock():
        yield


@contextmanager
def site_on(server: Server) -> Iterator[None]:
    """A new site in a database of that server."""
    server.copy("template0", SITE)
    with server.used(SITE):
        call_command("migrate", verbosity=0, interactive=False)
        yield


def of(server: Server) -> dict[str, str]:
    to = connection_of(server.data_dir)
    return {"PGHOST": to["HOST"], "PGUSER": to["USER"], "PGPORT": to["PORT"], "PGDATABASE": "postgres"}


def with_password(person: User) -> User:
    choose_password(person, PASSWORD)
    return person


def asked(sql: str, *values: str) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [value for (value,) in cursor.fetchall()]


def everything() -> dict[str, list[str]]:
    """All rows of all tables, as text."""
    tables = asked("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    return {table: sorted(asked(f'SELECT t::text FROM "{table}" t')) for table in tables}  # noqa: S608 our tables


def settle() -> str:
    said = StringIO()
    call_command("after_restore", stdout=said)
    return said.getvalue()


def test_a_dump_restored_on_a_fresh_server_is_the_same_database(backups, unblocked):
    with own_server() as server:
        with site_on(server):
            call_command("seed_demo", students=6, verbosity=0, stdout=StringIO())
            before = everything()
            assert before["accounts_user"]
            backups.do("dump", DATABASE_URL=url(server.data_dir, database=SITE))
        with own_server() as fresh:
            backups.do("restore_dump", **of(fresh), DUMP=backups.latest("*.dump"))
            with fresh.used(SITE):
                assert everything() == before
                is_whole()
                # What the database computes and guards came along.
                with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
                    AuditEvent.objects.update(action="other")
                assert redeemed(issue(make_student(), by=make_admin()).text, UserFactory()).is_new


def is_whole() -> None:
    """The site of this version would start on it."""
    call_command("check", databases=["default"], fail_level="WARNING", verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0, interactive=False)


def redeemed(code: str, by: User) -> Pairing:
    return redeem(code, observer=by, by=by, network="192.0.2.1")


class Before:
    """Who and what was there at the moment to which the site goes back."""

    def __init__(self) -> None:
        self.root, self.admin = RootFactory(), with_password(make_admin(login_id="ada"))
        self.parent, self.child = UserFactory(), make_student()
        redeemed(issue(self.child, by=self.admin).text, self.parent)

    def and_after_the_base_backup(self, folder: Path) -> None:
        """Only the log has these."""
        self.stranger = with_password(UserFactory(email="stranger@example.org", login_id="sid"))
        self.wrong = redeemed(issue(self.child, by=self.admin).text, self.stranger).link
        self.code, self.untouched = (issue(self.child, by=self.admin).text for _each in range(2))
        self.token = make_token(self.admin, "a script", by=None)
        self.mailed = default_token_generator.make_token(self.stranger)
        visitor = Client()
        visitor.force_login(self.admin)
        self.session = visitor.cookies["sessionid"].value
        roster = folder / "users.csv"
        roster.write_text("user_id,login_id,status\nU1,from-the-roster,active\n")
        with roster.open("rb") as upload:
            create_import(self.root, upload, roster.name, Options(), by=self.admin)

    def it_all_works(self) -> list[bool]:
        """Whether each of what ended afterwards still does what it did: the code, the token, the session, the link
        to a new password, and the import that waits."""
        visitor = Client()
        visitor.cookies["sessionid"] = self.session
        return [
            PairingCode.objects.live().filter(digest=digest(self.code)).exists(),
            token_owner(self.token) is not None,
            visitor.get(f"/accounts/{self.root.pk}/users").status_code == 200,
            default_token_generator.check_token(User.objects.get(pk=self.stranger.pk), self.mailed),
            SisImport.objects.get().workflow_state == SisImport.State.CREATED,
        ]


def test_the_events_to_look_for_among_what_is_lost_are_recorded_under_these_names():
    advice = DOCUMENT.read_text().partition("### Before anyone is let in")[2]
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", advice))
    assert named - set(Action.values) == set()
    assert len(named) >= 10


def end_it_all(before: Before) -> User:
    """What happens after that moment; return a person who is created then."""
    newcomer = UserFactory(login_id="newcomer")
    redeemed(before.code, newcomer)
    unlink(before.wrong, by=before.admin)
    sign_out_everywhere(before.admin, by=before.admin)
    choose_password(before.stranger, OTHER_PASSWORD)
    abort(SisImport.objects.get(), by=before.admin)
    return newcomer


def test_a_site_that_goes_back_to_a_moment_has_all_of_before_and_nothing_that_had_ended_since(backups, unblocked):
    with own_server() as server:
        server.configure(backups.text("archive"))
        with site_on(server):
            before = Before()
            backups.do("base", **of(server))
            before.and_after_the_base_backup(backups.folder)
            (moment,) = asked("SELECT clock_timestamp()::text")
            assert before.it_all_works() == [True] * 5
            newcomer = end_it_all(before)
            assert before.it_all_works() == [False] * 5
            backups.do("lost", OLD_DATABASE_URL=url(server.data_dir, database=SITE), MOMENT=moment)
            (written,) = asked("SELECT pg_walfile_name(pg_switch_wal())")
            until(lambda: asked("SELECT last_archived_wal >= %s FROM pg_stat_archiver", written) == [True])
            backups.do("watch", DATABASE_URL=url(server.data_dir, database=SITE))
    # That server is gone, and its folder too.
    lost = (backups.folder / "lost.csv").read_text()
    assert all(action in lost for action in ("code.redeemed", "observing.ended", "sessions.ended", "password.changed"))

    def restore(data: Path) -> None:
        data.mkdir(parents=True, mode=0o700)
        backups.do("restore_moment", PGDATA=str(data), BASE=backups.latest("base-*"), MOMENT=moment)

    with own_server(restore) as restored, restored.used(SITE):
        until(lambda: asked("SELECT pg_is_in_recovery()") == [False])
        is_whole()
        # What was acknowledged by then is there, what came later is not, and so what had ended works again.
        observers = ObservationLink.objects.filter(state="active").values_list("observer", flat=True)
        assert set(observers) == {before.parent.pk, before.stranger.pk}
        assert not User.objects.filter(login_id="newcomer").exists()
        assert before.it_all_works() == [True] * 5
        said = settle()
        assert "Ended: 2 pairing codes." in said
        assert before.it_all_works() == [False] * 5
        assert min(asked(LAST_IDS)) >= LEAP > newcomer.pk
        it_runs(restored, before)


def it_runs(server: Server, before: Before) -> None:
    """The site starts on it, lets nobody in by what had ended, and goes on from there."""
    with node(server.files(SITE), "web") as site:
        assert site.is_ready()
        earlier, visitor, program = browser(), browser(), browser()
        earlier.cookies.set("sessionid", before.session)
        page = f"{site.url}/accounts/{before.root.pk}/users"
        assert "/login" in earlier.get(page, timeout=60).url
        program.headers["Authorization"] = f"Bearer {before.token}"
        assert program.get(f"{site.url}/api/v1/users/self", timeout=60).status_code == 401
        home = sign_in(visitor, site.url, "ada", PASSWORD)
        assert "The database was restored from a backup" in home.text
        assert visitor.get(page, timeout=60).status_code == 200
        someone = UserFactory(login_id="someone-new")
        assert someone.pk > LEAP
        program.headers["Authorization"] = f"Bearer {make_token(someone, 'test', by=None)}"
        observees = f"{site.url}/api/v1/users/self/observees"
        for code, status in [
            (before.code, 422),
            (before.untouched, 422),
            (issue(before.child, by=before.admin).text, 200),
        ]:
            assert program.post(observees, {"pairing_code": code}, timeout=60).status_code == status
        connection.close()
