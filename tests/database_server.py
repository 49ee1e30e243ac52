"""A database server of a test's own, which may be stopped, killed and started again."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from config import serve
from embedded_postgres.server import connection, running, url


def until(happens: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what is to happen, however long a busy machine takes."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@contextmanager
def own_server(prepare: Callable[[Path], object] = lambda data: None) -> Iterator["Server"]:
    """Run a server for as long as the block lasts. `prepare` gets the folder for its data, and may put some there."""
    with tempfile.TemporaryDirectory(prefix="op-") as folder:
        data_dir = Path(folder) / "var"
        prepare(data_dir / "postgres/data")
        with running(data_dir, durable=True) as keep_running, pytest.MonkeyPatch.context() as patch:
            yield Server(data_dir, keep_running, patch)


@contextmanager
def working_on(changed: Mapping[str, Any]) -> Iterator[None]:
    """Have Django work on another database, whose settings are other than usual in these."""
    usual = connections["default"]
    other = usual.copy()
    other.settings_dict = {**usual.settings_dict, **changed}
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual


class Server:
    """A database server of its own, kept in a folder like that of a real site."""

    def __init__(self, data_dir: Path, keep_running, patch: pytest.MonkeyPatch) -> None:
        self.data_dir, self.keep_running, self._patch = data_dir, keep_running, patch

    def connect(self, database: str, **more) -> psycopg.Connection:
        to = connection(self.data_dir)
        return psycopg.connect(host=to["HOST"], port=to["PORT"], user=to["USER"], dbname=database, **more)

    def copy(self, database: str, to: str) -> None:
        # Another test may have ended before it started the server again.
        self.keep_running()
        with self.connect("postgres", autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {to} WITH (FORCE)")
            # Copied by way of its log, a sequence would go back when the server is killed.
            conn.execute(f"CREATE DATABASE {to} TEMPLATE {database} STRATEGY file_copy")
        shutil.rmtree(self.files(to), ignore_errors=True)
        if self.files(database).exists():
            shutil.copytree(self.files(database), self.files(to))

    def files(self, database: str) -> Path:
        """The DATA_DIR of the site with that database."""
        return self.data_dir.parent / database

    @contextmanager
    def used(self, database: str) -> Iterator[None]:
        """Have Django, and the processes that it starts, work on that database."""
        address = urlsplit(url(self.data_dir))._replace(path=f"/{database}").geturl()
        with self._patch.context() as patch:
            patch.setattr("django.conf.settings.DATA_DIR", self.files(database))
            patch.setenv("DATA_DIR", str(self.files(database)))
            # In another DATA_DIR a demo would make another one, and could not read the uploads that wait.
            patch.setenv("SECRET_KEY", settings.SECRET_KEY)
            patch.setenv("DATABASE_URL", address)
            patch.setenv("DEMO", "true")
            # A worker that has died waits for the next one, and we for it.
            patch.setattr(serve, "RESTART_AFTER", 0.0)
            with working_on({**connection(self.data_dir), "NAME": database}):
                yield

    def waits_for_us(self, database: str) -> bool:
        """Whether somebody waits for a lock that we hold."""
        with self.connect("postgres") as conn:
            waiting = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            return conn.execute(waiting, [database]).fetchone() is not None

    def configure(self, lines: str) -> None:
        """Put these lines into postgresql.conf, and start the server again."""
        with (self.data_dir / "postgres/data/postgresql.conf").open("a") as file:
            file.write(lines)
        self.stop()
        self.keep_running()

    def stop(self) -> None:
        """Stop it in good order; it stays away until `keep_running` is called."""
        first = self.first_process()
        os.kill(first, signal.SIGINT)
        until(lambda: not alive(first))

    def first_process(self) -> int:
        return int((self.data_dir / "postgres/data/postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """All of its processes, at once and without a word; then it is started again.

        The first process is stopped before its children are counted. So it starts no more of them, and the dead ones
        stay known to the kernel until it goes too: none of these signals can be sent to nobody.
        """
        first = self.first_process()
        os.kill(first, signal.SIGSTOP)
        until(lambda: state_of(first) == "T")
        for pid in (*children(first), first):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(first))
        self.keep_running()


def state_of(pid: int) -> str:
    """The letter that the kernel has for how a process is, such as T for stopped."""
    return stat_of(pid)[0]


def stat_of(pid: int) -> list[str]:
    """What the kernel tells of a process after its name, which may hold anything: state, parent …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # Any other process may end while we look.
        with suppress(OSError):
            if int(stat_of(int(folder.name))[1]) == parent:
                found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    """Not even as a dead process that nobody has collected yet."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
