"""`python manage.py sis_import`, and the worker: real processes, one of them killed in the middle."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from courses.models import Term
from sis.models import SisImport
from sis.options import Options
from tests.database_server import until
from tests.factories import RootFactory, make_admin
from tests.jobs import forget_all_jobs
from tests.sis.conftest import make

USERS = "user_id,login_id,status"


@pytest.fixture
def file(root, tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"

    def file(*rows: str) -> str:
        path = tmp_path / "users.csv"
        path.write_text("\n".join([USERS, *rows]))
        return str(path)

    return file


def command(*arguments, **options):
    """Its exit status."""
    with pytest.raises(SystemExit) as ended:
        call_command("sis_import", *arguments, **options)
    return ended.value.code


class TestCommand:
    def test_the_command_imports_and_prints_a_summary(self, file, capsys):
        admin = make_admin(login_id="alex")
        assert command(file("U1,u1,active", "U2,,active"), user="alex") == 0
        said = capsys.readouterr().out
        assert "users" in said
        assert "warning: users.csv, row 3: The login_id of user U2 is missing" in said
        assert "Done, with warnings" in said
        assert SisImport.objects.get().user == admin

    def test_its_status_tells_failures_and_stops(self, file, tmp_path, capsys):
        strange = tmp_path / "strange.csv"
        strange.write_text("nothing\n1")
        assert command(str(strange)) == 1
        command(file(*(f"U{n},u{n},active" for n in range(20))))
        workbook = tmp_path / "users.xlsx"
        workbook.write_bytes(b"PK\x03\x04 a workbook")
        with ZipFile(tmp_path / "nothing.zip", "w") as archive:
            archive.writestr("users.xlsx", "a workbook")
        with ZipFile(tmp_path / "empty.zip", "w"):
            pass
        for name in ("users.xlsx", "nothing.zip", "empty.zip"):
            assert command(str(tmp_path / name)) == 1
            assert f"ERROR: {name}: Nothing was read." in capsys.readouterr().out
        gone = file(*(f"U{n},u{n},deleted" for n in range(20)))
        assert command(gone) == 2
        assert "20 of 20" in capsys.readouterr().out
        assert command(gone, "--ignore-deletion-brake") == 0

    def test_equal_messages_are_printed_once(self, file, tmp_path, capsys):
        path = tmp_path / "enrollments.csv"
        rows = [f"150_49,S{n},student,active" for n in range(40)]
        path.write_text("\n".join(["section_id,user_id,role,status", *rows]))
        command(file(*(f"S{n},s{n},active" for n in range(40))))
        assert command(str(path)) == 0
        said = capsys.readouterr().out
        rows = "rows 2, 3, 4, 5, 6 and 35 more"
        assert f"warning: enrollments.csv, {rows}: The section 150_49 is unknown. Import it first." in said
        assert said.count("150_49") == 1
        assert "more messages" not in said

    def test_a_dry_run_by_command_keeps_nothing(self, file, capsys, transactional_db):
        RootFactory()
        assert command(file("U1,u1,active"), "--dry-run") == 0
        assert not User.objects.filter(sis_user_id="U1").exists()
        said = capsys.readouterr().out
        assert "1 created, such as u1 (U1)" in said
        assert "Nothing was saved" in said

    def test_options_and_what_is_wrong_with_them(self, file):
        Term.objects.create(name="Fall", sis_term_id="T1")
        assert command(file("U1,u1,active"), "--batch-mode", batch_mode_term_id="sis_term_id:T1") == 0
        assert SisImport.objects.get().options["batch_mode"] is True
        for wrong in ({"batch_mode_term_id": "nowhere"}, {"user": "nobody"}, {"change_threshold": 200}):
            with pytest.raises(CommandError):
                call_command("sis_import", file("U1,u1,active"), **wrong)
        with pytest.raises(CommandError):
            call_command("sis_import", "/nowhere/users.csv")


def environment(data_dir: Path) -> dict[str, str]:
    """Of a process that works on the test database."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    own = {"DATABASE_URL": url, "DATA_DIR": str(data_dir), "SECRET_KEY": settings.SECRET_KEY}
    return {**os.environ, **own, "DEMO": "true", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def worker(transactional_db, settings, tmp_path):
    """Start a worker; whatever still runs at the end is killed."""
    settings.DATA_DIR = tmp_path / "data"
    forget_all_jobs()
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "manage.py", "work"],
            cwd=settings.BASE_DIR,
            env=environment(settings.DATA_DIR),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    forget_all_jobs()


def test_an_import_is_gone_on_with_by_another_worker_when_its_own_was_killed_in_the_middle(worker, tmp_path):
    root, admin = RootFactory(), make_admin()
    rows = 30_000
    text = "\n".join([USERS, *(f"U{n},u{n},active" for n in range(rows)), ",nobody,active"])
    made = make(root, admin, Options(), tmp_path, {"users": text})
    first = worker()
    until(lambda: (SisImport.objects.get(pk=made.pk).resume_n or 0) >= 10_000)
    # Another one that is there already, as on another machine, has nothing to do with it while the first is at it.
    second = worker()
    until(lambda: waits_for_the_turn_to_lapse())
    first.send_signal(signal.SIGKILL)
    first.wait()
    in_the_middle = SisImport.objects.get(pk=made.pk)
    assert in_the_middle.workflow_state == "importing"
    # No half chunk: as many people as rows it says it has applied.
    assert User.objects.filter(sis_import_id=made.pk).count() == in_the_middle.resume_n
    until(lambda: SisImport.objects.get(pk=made.pk).has_ended, seconds=180)
    assert second.poll() is None
    ended = SisImport.objects.get(pk=made.pk)
    assert (ended.workflow_state, ended.data["counts"]["users"]) == ("imported_with_messages", rows)
    assert User.objects.filter(sis_import_id=made.pk).count() == rows
    assert ended.data["statistics"]["Pseudonym"]["created"] == rows
    assert [(error.row, error.kind) for error in ended.sis_import_errors.all()] == [(rows + 2, "no_user_id")]


def waits_for_the_turn_to_lapse() -> bool:
    """Whether a worker has found an import that another is at, and will look after it again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM procrastinate_jobs WHERE queueing_lock = 'sis.jobs.work later' AND status = 'todo'")
        return cursor.rowcount > 0


def test_a_worker_ends_when_it_is_told_to(worker):
    RootFactory()
    process = worker()
    with connection.cursor() as cursor:

        def is_there():
            cursor.execute("SELECT count(*) FROM procrastinate_workers")
            return cursor.fetchone() == (1,)

        until(is_there)
    process.terminate()
    assert process.wait(15) == 0
