"""The embedded database: starting it, sharing it, and coming back after a crash."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environ
import psycopg
import pytest

from embedded_postgres.server import connection, running, url


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="op-") as folder:
        yield Path(folder) / "var"


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder that was in use before, for all tests that do not care: making one takes longer than they do.

    Whatever happens, a block of `running` leaves it with all data in order and no server.
    """
    with tempfile.TemporaryDirectory(prefix="op-") as folder:
        yield Path(folder) / "var"


def connected(data_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
    to = connection(data_dir)
    return psycopg.connect(host=to["HOST"], port=to["PORT"], user=to["USER"], dbname=to["NAME"])


def ask(data_dir: Path, question: str) -> object:
    with connected(data_dir) as conn:
        answer = conn.execute(question.encode())
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def keep(data_dir: Path) -> None:
    """Store an answer, to be asked for later."""
    ask(data_dir, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres/data/postmaster.pid").read_text().splitlines()[0])


def answers(data_dir: Path) -> bool:
    try:
        return ask(data_dir, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def kill_without_warning(data_dir: Path) -> None:
    os.kill(server_pid(data_dir), signal.SIGKILL)
    until = time.monotonic() + 10
    while answers(data_dir) and time.monotonic() < until:
        time.sleep(0.02)


def test_the_server_runs_inside_the_block_and_only_there(new_data_dir: Path) -> None:
    with running(new_data_dir, durable=False):
        assert ask(new_data_dir, "SELECT current_database()") == "main"
        assert ask(new_data_dir, "SHOW server_encoding") == "UTF8"
        assert ask(new_data_dir, "SHOW listen_addresses") == ""
        assert int(str(ask(new_data_dir, "SHOW max_connections"))) >= 200
    assert not answers(new_data_dir)
    assert list(new_data_dir.parent.iterdir()) == [new_data_dir]


def test_only_its_owner_can_get_at_the_data(new_data_dir: Path) -> None:
    with running(new_data_dir, durable=False):
        for folder in (new_data_dir, new_data_dir / "postgres", new_data_dir / "postgres/data"):
            assert folder.stat().st_mode & 0o077 == 0


def test_a_kept_database_waits_for_the_disk_and_a_throw_away_one_does_not(data_dir: Path) -> None:
    with running(data_dir):
        assert ask(data_dir, "SHOW fsync") == "on"
    with running(data_dir, durable=False):
        assert ask(data_dir, "SHOW fsync") == "off"


def test_data_are_kept_from_one_start_to_the_next(data_dir: Path) -> None:
    with running(data_dir, durable=False):
        keep(data_dir)
    with running(data_dir, durable=False):
        assert ask(data_dir, "SELECT answer FROM kept") == 42


def test_a_second_user_shares_the_running_server_and_does_not_stop_it(data_dir: Path) -> None:
    with running(data_dir, durable=False):
        first = server_pid(data_dir)
        with running(data_dir, durable=False):
            assert server_pid(data_dir) == first
        assert answers(data_dir)
        assert server_pid(data_dir) == first
    assert not answers(data_dir)


def test_whoever_started_the_server_may_leave_first(data_dir: Path) -> None:
    starter, second = running(data_dir, durable=False), running(data_dir, durable=False)
    starter.__enter__()
    second.__enter__()
    starter.__exit__(None, None, None)
    assert answers(data_dir)
    second.__exit__(None, None, None)
    assert not answers(data_dir)


def test_the_server_starts_again_after_it_was_killed(data_dir: Path) -> None:
    with running(data_dir, durable=True):
        keep(data_dir)
        kill_without_warning(data_dir)
    assert (data_dir / "postgres/data/postmaster.pid").exists()
    with running(data_dir, durable=False):
        assert ask(data_dir, "SELECT answer FROM kept") == 42


def test_whoever_keeps_it_running_starts_it_anew_when_it_was_killed(data_dir: Path) -> None:
    with running(data_dir, durable=True) as keep_running:
        keep(data_dir)
        first = server_pid(data_dir)
        keep_running()
        assert server_pid(data_dir) == first
        kill_without_warning(data_dir)
        until = time.monotonic() + 60
        while not answers(data_dir) and time.monotonic() < until:
            keep_running()
        assert server_pid(data_dir) != first
        assert ask(data_dir, "SELECT answer FROM kept") == 42


def test_a_server_that_is_recovering_is_waited_for(data_dir: Path) -> None:
    with running(data_dir, durable=True):
        keep(data_dir)
        first = server_pid(data_dir)
        with connected(data_dir) as victim, connected(data_dir) as witness:
            # The server ends all of its processes and begins anew when one of them dies like this.
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                witness.execute("SELECT pg_sleep(60)")
        with running(data_dir, durable=True):
            assert (server_pid(data_dir), ask(data_dir, "SELECT answer FROM kept")) == (first, 42)


def test_what_a_killed_server_leaves_at_work_is_waited_for(data_dir: Path) -> None:
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%series(1, 2%'"
    with running(data_dir, durable=False) as keep_running, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask, data_dir, "SELECT count(*) FROM generate_series(1, 20000000)")
        while ask(data_dir, at_work) != 2:
            time.sleep(0.02)
        kill_without_warning(data_dir)
        while not answers(data_dir):
            keep_running()
        assert answer.done()


def test_a_pid_on_file_that_is_another_program_by_now_does_not_matter(data_dir: Path) -> None:
    with running(data_dir, durable=False):
        kill_without_warning(data_dir)
    pid_file = data_dir / "postgres/data/postmaster.pid"
    rest = pid_file.read_text().splitlines(keepends=True)[1:]
    owner = pid_file.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=owner) as other:
        pid_file.write_text("".join([f"{other.pid}\n", *rest]))
        with running(data_dir, durable=False):
            assert answers(data_dir)
            assert server_pid(data_dir) != other.pid
        other.kill()


def test_an_error_inside_the_block_stops_the_server_too(data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), running(data_dir, durable=False):
        _ = 1 / 0
    assert not answers(data_dir)


def test_a_path_too_long_for_a_socket_gets_one_in_the_temporary_folder(new_data_dir: Path) -> None:
    deep = new_data_dir / ("d" * 60) / ("e" * 60)
    socket_folder = Path(connection(deep)["HOST"])
    with running(deep, durable=False):
        assert answers(deep)
        assert socket_folder.stat().st_mode & 0o077 == 0
        assert len(str(socket_folder)) < 100 < len(str(deep))
    assert not socket_folder.exists()


def test_unusual_letters_in_the_path_do_no_harm(new_data_dir: Path) -> None:
    odd = new_data_dir / "it's a, b & ü"
    with running(odd, durable=False):
        assert answers(odd)


def test_every_data_folder_has_a_server_of_its_own(new_data_dir: Path) -> None:
    assert connection(new_data_dir / "one")["HOST"] != connection(new_data_dir / "two")["HOST"]


def test_the_url_says_the_same_as_the_connection(new_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_URL", url(new_data_dir))
    to, said = connection(new_data_dir), environ.Env().db_url("SOME_URL")
    assert (said["NAME"], said["USER"], said["OPTIONS"]["host"]) == (to["NAME"], to["USER"], to["HOST"])


def test_a_server_holds_every_database_that_is_asked_for(data_dir: Path) -> None:
    with running(data_dir, durable=False), running(data_dir, database='a "second" one', durable=False):
        to = connection(data_dir, database='a "second" one')
        with psycopg.connect(host=to["HOST"], port=to["PORT"], user=to["USER"], dbname=to["NAME"]) as conn:
            assert conn.execute("SELECT current_database()").fetchone() == ('a "second" one',)
        assert ask(data_dir, "SELECT current_database()") == "main"
