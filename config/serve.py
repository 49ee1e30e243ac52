"""Run the whole site from one process, or a part of it on each of several nodes: `bin/run` ends here.

Starts the embedded database unless DATABASE_URL names one, brings it up to date, starts the web server and the
jobs beside it, and says where the site is. Ctrl-C or SIGTERM ends all of it, and so does the end of this process by
any other means. The environment may set HOST, PORT, WEB_WORKERS and WEB_THREADS. With an argument it does only that
part: `web` serves, `work` runs the jobs, `migrate` brings the database up to date and ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import embedded_database
from config.drain import drained
from config.processes import workers
from embedded_postgres.ports import address_to_visit, wait_until_it_answers, why_not_free
from embedded_postgres.processes import (
    beside_us,
    command_of,
    end_if_asked,
    end_in_good_order_on_signals,
    kept_beside_us,
)

STARTING_MAY_TAKE = 60.0
STOPPING_MAY_TAKE = 15.0
JOBS = (sys.executable, "manage.py", "work")
JOBS_STOPPING_MAY_TAKE = 5.0
RESTART_AFTER = 5.0
WORKS = "The jobs run. Ctrl-C ends them."


def main(role: str = "all") -> int:
    """Run a node in one of ROLES until it is told to end; return its exit status."""
    if role not in ROLES:
        raise SystemExit(f"usage: bin/run [{' | '.join(ROLES)}]")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    end_in_good_order_on_signals(status=0)
    check_settings()
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ROLES[role]()


def migrate() -> int:
    """Bring the database up to this version."""
    with database():
        django.setup()
        # Here, because an app can be imported only once Django is set up.
        from config.preparation import prepare_database

        prepare_database()
    return 0


def work() -> int:
    """Run the jobs, once the database is up to this version."""
    with database() as keep_database:
        django.setup()
        from config.preparation import check_is_reached_directly, tell_of_lost_uploads, wait_until_prepared

        wait_until_prepared()
        check_is_reached_directly()
        tell_of_lost_uploads()
        with worker() as keep_working:
            print(WORKS, flush=True)
            while True:
                end_if_asked()
                keep_database()
                keep_working()
                time.sleep(0.5)


def serve(*, alone: bool) -> int:
    """Serve pages and the API; `alone`, also do all that other nodes would do: migrate, and run the jobs."""
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    wait_for_what_was_left_behind()
    check_free(host, port)
    with database() as keep_database:
        django.setup()
        from config.preparation import (
            collect_static_files,
            prepare_database,
            tell_of_lost_uploads,
            wait_until_prepared,
        )

        (prepare_database if alone else wait_until_prepared)()
        tell_of_lost_uploads()
        collect_static_files()
        count_in_files()
        with web_server(host, port) as server, recorded(Started(os.getpid(), server.pid, port)), drained(server):
            wait_until_it_answers(server, host, port, name=name(), path="/healthz", seconds=STARTING_MAY_TAKE)
            if server.poll() is None:
                print(welcome(host, port), flush=True)
            with worker() if alone else nullcontext(lambda: None) as keep_working:
                while (status := server.poll()) is None:
                    end_if_asked()
                    keep_database()
                    keep_working()
                    time.sleep(0.5)
            print(f"The web server ended with status {status}.", file=sys.stderr)
            return status if status >= 0 else 128 - status


ROLES: dict[str, Callable[[], int]] = {
    "all": partial(serve, alone=True),
    "web": partial(serve, alone=False),
    "work": work,
    "migrate": migrate,
}


def check_settings() -> None:
    """Say in a sentence what an installation that is no demo still has to set."""
    try:
        hosts = settings.ALLOWED_HOSTS
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
    if not hosts:
        raise SystemExit("Set ALLOWED_HOSTS to the names the site answers to, such as pairing.example.org.")


def name() -> str:
    """Return a name that the site answers to."""
    first: str = settings.ALLOWED_HOSTS[0]
    return "localhost" if first == "*" else first.removeprefix(".")


def check_free(host: str, port: str) -> None:
    """Find out before anything heavy starts; the web server itself would share a port with another one."""
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        raise SystemExit(f"PORT must be a number from 1 to 65535, not {port!r}.")
    if reason := why_not_free(host, port):
        found = Started.found()
        if found and found.port == port and found.is_whole():
            raise SystemExit(f"The site runs here already, on port {port}: process {found.starter}.")
        raise SystemExit(f"Cannot listen on {host}, port {port}: {reason}. Set another PORT.")


@dataclass(frozen=True)
class Started:
    """What has been started on this DATA_DIR: the process of the starter, that of its web server, and the port."""

    starter: int
    server: int
    port: str

    @staticmethod
    def file() -> Path:
        """Return where it is written down while it runs."""
        return Path(settings.DATA_DIR) / "started.json"

    @classmethod
    def found(cls) -> Started | None:
        """Return what was written down last; None when nothing was, or nothing that can be read."""
        try:
            return cls(**json.loads(cls.file().read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_whole(self) -> bool:
        """Return whether the starter runs."""
        return "config.serve" in command_of(self.starter)

    def is_left_behind(self) -> bool:
        """Return whether the web server runs, though its starter was killed."""
        return not self.is_whole() and "config.gateway" in command_of(self.server)


@contextmanager
def recorded(started: Started) -> Iterator[None]:
    """Write down what was started, as long as it runs."""
    started.file().write_text(json.dumps(asdict(started)))
    try:
        yield
    finally:
        started.file().unlink(missing_ok=True)


def wait_for_what_was_left_behind() -> None:
    """Wait until the children of a killed starter have ended by themselves, or say which one does not."""
    found = Started.found()
    if not found or not found.is_left_behind():
        return
    print(f"The starter before this one, process {found.starter}, was killed; its web server is ending ...", flush=True)
    until = time.monotonic() + STOPPING_MAY_TAKE
    while found.is_left_behind() and time.monotonic() < until:
        time.sleep(0.1)
    if found.is_left_behind():
        raise SystemExit(
            f"A web server whose starter was killed still runs: process {found.server}, on port {found.port}."
            f" End it (kill -9 {found.server}) and start again."
        )


def database() -> AbstractContextManager[Callable[[], None]]:
    """Have the database run; call what is given now and then: it starts the embedded one again when it has died."""
    if "DATABASE_URL" in os.environ:
        return nullcontext(lambda: None)
    return embedded_database.running(settings.DATA_DIR)


def count_in_files() -> None:
    """Have the web workers count in files of one folder, so that whichever is asked for /metrics can tell for all."""
    from config.metrics import FOLDER  # here, because it needs the settings

    folder = settings.DATA_DIR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ[FOLDER] = str(folder)


def web_server(host: str, port: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return beside_us(
        *(sys.executable, "-m", "granian", "config.gateway:application", "--interface", "rsgi"),
        *("--host", host, "--port", port, "--http", "1", "--no-ws"),
        # Many senders who dawdle cost little: what is slow takes no thread, and a head must be there in ten seconds.
        *("--backlog", "2048", "--backpressure", "2048", "--http1-header-read-timeout", "10000"),
        *("--workers", str(workers())),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
        *("--log-level", "warning", "--no-access-log"),  # addresses asked for may carry secrets
        cwd=settings.BASE_DIR,
        may_take=STOPPING_MAY_TAKE,
    )


def worker() -> AbstractContextManager[Callable[[], None]]:
    """Run the jobs beside the site; call what is given now and then: it starts them again when they have ended.

    They may be killed at any moment, and go on where they were.
    """
    return kept_beside_us(*JOBS, cwd=settings.BASE_DIR, may_take=JOBS_STOPPING_MAY_TAKE, restart_after=RESTART_AFTER)


def welcome(host: str, port: str) -> str:
    visit = address_to_visit(host)
    lines = ["", f"Observer Pairing is at http://{f'[{visit}]' if ':' in visit else visit}:{port}/"]
    if settings.DEMO:
        from accounts import demo  # here, because an app can be imported only once Django is set up

        people = list(demo.PEOPLE_TO_TRY)
        width = max((len(login) for login, _ in people), default=0)
        lines += ["", f"A demo with invented people. The password of each is {demo.PASSWORD}"]
        lines += [f"    {login:<{width}}  {who}" for login, who in people]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
