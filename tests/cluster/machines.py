"""A cluster on this machine: what deploy/ configures, installed for machines that are addresses of the loopback.

Each machine has folders of its own, filled as docs/operations.md says, from the examples in deploy/; addresses, ports
and passwords are put into those. Ports are the kernel's choice, the same on every machine.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import requests
from django.conf import settings

from tests.cluster.certificates import write_certificate
from tests.cluster.units import HOUSE, Unit, is_user
from tests.database_server import alive, children, until

SITE = "pairing.example.org"
NUMBERS = (1, 2, 3)
# By the numbers of the examples.
PORTS = {
    "2379": "etcd",
    "2380": "etcd_peers",
    "5432": "postgres",
    "8008": "patroni",
    "6432": "pgbouncer",
    "5000": "database",
}
MORE_PORTS = ("http", "https", "web")
UNITS = ("etcd", "patroni", "haproxy", "pgbouncer", "observer-pairing-web", "observer-pairing-work")
# A busy machine may take its time.
LIMIT = 240.0


def programs() -> Path:
    """The folder of the newest PostgreSQL there is."""
    found = Path("/usr/lib/postgresql").glob("*/bin/pg_rewind")
    return max(found, key=lambda path: int(path.parts[-3])).parent


def free_ports(count: int) -> list[str]:
    """Ports that are free on every address."""
    with ExitStack() as probing:
        probes = [probing.enter_context(socket.socket()) for _each in range(count)]
        for probe in probes:
            probe.bind(("", 0))
        return [str(probe.getsockname()[1]) for probe in probes]


class Values:
    """What is put into the examples."""

    def __init__(self) -> None:
        names = [*PORTS.values(), *MORE_PORTS]
        self.port = dict(zip(names, free_ports(len(names)), strict=True))
        self._secrets: dict[str, str] = {
            "50-random-characters": settings.SECRET_KEY,
            # The tests' own, so that they know a code again.
            "50-other-random-characters": os.environ.get("PAIRING_CODE_KEY", f"pairing-code:{settings.SECRET_KEY}"),
        }

    @staticmethod
    def address(number: int | str) -> str:
        return f"127.0.9.{number}"

    def secret(self, name: str) -> str:
        return self._secrets.setdefault(name, secrets.token_hex(16))

    def put_into(self, text: str, machine: Machine) -> str:
        text = re.sub(r"\b127\.0\.0\.1\b", machine.address, text)
        text = re.sub(r"\b10\.0\.0\.(\d)\b", lambda found: self.address(found[1]), text)
        text = re.sub(r"(:|\bport=)(\d{4})\b", lambda found: found[1] + self.port[PORTS[found[2]]], text)
        text = re.sub(r"\bCHANGE-([\w-]+)", lambda found: self.secret(found[1]), text)
        text = text.replace("/usr/lib/postgresql/15/bin", str(programs()))
        return text.replace("/var/lib/postgresql", str(machine.folder / "var/lib/postgresql"))


@dataclass
class Machine:
    """A machine: its folders, and what runs on it by the names of its units."""

    number: int
    folder: Path
    values: Values
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"machine{self.number}"

    @property
    def address(self) -> str:
        return self.values.address(self.number)

    def at(self, port: str) -> str:
        return f"{self.address}:{self.values.port[port]}"

    @property
    def etc(self) -> Path:
        return self.folder / "etc/observer-pairing"

    @cached_property
    def places(self) -> dict[str, str]:
        """Where the folders are that units name."""
        installed = self.folder.parent / "deploy"
        own = {name: str(self.folder / name.strip("/")) for name in ("/etc/observer-pairing", "/etc/pgbouncer")}
        own |= {name: str(self.folder / name.strip("/")) for name in ("/var/lib/etcd", "/var/lib/observer-pairing")}
        own["/run/haproxy"] = str(self.folder / "run")
        own["/opt/observer-pairing/.venv/bin/python"] = sys.executable
        return {**own, "/opt/observer-pairing/deploy": str(installed), "/opt/observer-pairing": str(HOUSE)}

    def install(self) -> None:
        """Fill the folders from the examples."""
        for name, owner in (
            ("etc/observer-pairing", None),
            ("etc/pgbouncer", "postgres"),
            ("run", "haproxy"),
            ("var/lib/etcd", "etcd"),
            ("var/lib/postgresql", "postgres"),
            ("var/lib/observer-pairing", None),
        ):
            (self.folder / name).mkdir(parents=True)
            if owner and os.geteuid() == 0 and is_user(owner):
                shutil.chown(self.folder / name, owner, owner)
        for example in sorted((HOUSE / "deploy/examples").glob("*.env")):
            (self.etc / example.name).write_text(self.values.put_into(example.read_text(), self))
        self.write_for_cluster()
        self.write_for_machine()
        self.write_for_pgbouncer()

    def write_for_cluster(self) -> None:
        """Add what has a default in HAProxy's files."""
        port = self.values.port
        add(
            self.etc / "cluster.env",
            {"DATABASE_PORT": port["postgres"], "PATRONI_PORT": port["patroni"], "WEB_PORT": port["web"]}
            | {"HTTP_BIND": self.at("http"), "HTTPS_BIND": self.at("https"), "DATABASE_BIND": self.at("database")}
            | {"CERTIFICATE": str(self.folder.parent / "site.pem")},
        )

    def write_for_machine(self) -> None:
        """Make machine 1's example this machine's, with one process that serves: the others run here too."""
        file = self.etc / "machine.env"
        first = self.values.address(1)
        file.write_text(file.read_text().replace("machine1", self.name).replace(first, self.address))
        add(file, {"PORT": self.values.port["web"], "WEB_WORKERS": "1"})

    def write_for_pgbouncer(self) -> None:
        folder = self.folder / "etc/pgbouncer"
        users = self.values.put_into((HOUSE / "deploy/examples/userlist.txt").read_text(), self)
        (folder / "userlist.txt").write_text(users)
        ours = Path(self.places["/opt/observer-pairing/deploy"]) / "pgbouncer/pgbouncer.ini"
        (database,) = re.findall(r"^pairing = .*$", self.values.put_into(ours.read_text(), self), re.MULTILINE)
        (folder / "pgbouncer.ini").write_text(
            f"%include {ours}\nauth_file = {folder}/userlist.txt\n"
            f"listen_addr = {self.address}\nlisten_port = {self.values.port['pgbouncer']}\n"
            f"[databases]\n{database}\n"
        )
        for file in folder.iterdir():
            file.chmod(0o644)

    def unit(self, name: str) -> Unit:
        return Unit(f"{name}.service", self.places)

    def log(self, name: str) -> Path:
        return self.logs / f"{self.name}-{name}.log"

    def start(self, *names: str) -> None:
        """As `systemctl start`."""
        for name in names:
            unit = self.unit(name)
            (command,) = unit.commands()
            self.processes[name] = unit.start(command, self.log(name))

    def run(self, name: str) -> None:
        """As `systemctl start` of a unit that does something once, to its end."""
        unit = self.unit(name)
        for command in unit.commands():
            assert unit.start(command, self.log(name)).wait(LIMIT) == 0, self.log(name).read_text()

    def stop(self, name: str) -> None:
        """As `systemctl stop`."""
        number = self.unit(name).settings["KillSignal"] or ["SIGTERM"]
        self.processes[name].send_signal(signal.Signals[number[-1]])
        # As systemd does, and what ends by the signal has not failed.
        assert self.processes[name].wait(60) in (0, -signal.SIGTERM), self.log(name).read_text()
        del self.processes[name]

    def reload(self, name: str) -> None:
        """As `systemctl reload`."""
        (number,) = re.findall(r"kill -(\w+)", self.unit(name).settings["ExecReload"][-1])
        self.processes[name].send_signal(signal.Signals[f"SIG{number}"])

    def patronictl(self, *what: str) -> None:
        """As an administrator on this machine, with the environment of its Patroni."""
        patroni = self.unit("patroni")
        ((_program, configuration),) = patroni.commands()
        command = ["patronictl", "--config-file", configuration, *what]
        done = subprocess.run(command, env=patroni.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def answers(self, path: str, port: str) -> bool:
        """Whether it does with 200."""
        with suppress(requests.RequestException):
            address = f"http://{self.at(port)}{path}"
            return requests.get(address, headers={"Host": SITE}, timeout=20).status_code == 200
        return False

    def is_primary(self) -> bool:
        return self.answers("/primary", "patroni")

    def is_standby(self) -> bool:
        """Whether it has all that is acknowledged."""
        return self.answers("/synchronous", "patroni")

    def is_ready(self) -> bool:
        """Whether its node serves."""
        return self.answers("/readyz", "web")

    def postgres(self) -> list[int]:
        """The server's first process, if there is one; whoever else has its number by now is not it."""
        file = Path(self.unit("patroni").environment()["PATRONI_POSTGRESQL_DATA_DIR"]) / "postmaster.pid"
        with suppress(OSError, ValueError):
            pid = int(file.read_text().split()[0])
            if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return [pid]
        return []

    def kill(self) -> None:
        """Kill all that runs here, at once and without a word, as when the power fails."""
        kill_with_children([process.pid for process in self.processes.values()] + self.postgres())
        self.forget()

    def kill_all_but_postgres(self) -> None:
        kill_with_children([process.pid for process in self.processes.values()])
        self.forget()

    def forget(self) -> None:
        """Have the kernel forget what has ended."""
        while self.processes:
            _name, process = self.processes.popitem()
            process.wait(60)

    def kill_postgres(self) -> None:
        kill_with_children(self.postgres())


def add(file: Path, values: dict[str, str]) -> None:
    """Set more in a file of an environment."""
    with file.open("a") as end:
        end.writelines(f"{name}={value}\n" for name, value in values.items())


def kill_with_children(firsts: list[int]) -> None:
    """Stop them before they are killed, so that none starts another meanwhile."""
    found: list[int] = []
    waiting = list(firsts)
    while waiting:
        pid = waiting.pop()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            found.append(pid)
            waiting += children(pid)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Cluster:
    """Machines 1 and 2, which do all there is to do, and machine 3, which is a witness."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder = folder
        self.values = Values()
        self.machines = [Machine(number, folder / f"machine{number}", self.values, logs) for number in NUMBERS]
        self.both = self.machines[:2]

    def install(self) -> None:
        shutil.copytree(HOUSE / "deploy", self.folder / "deploy")
        write_certificate(self.folder, SITE, *[self.values.address(number) for number in NUMBERS])
        for machine in self.machines:
            machine.install()

    def start(self) -> None:
        """In the order of docs/operations.md."""
        for machine in self.machines:
            machine.start("etcd")
        until(lambda: all(machine.answers("/health", "etcd") for machine in self.machines), seconds=LIMIT)
        for machine in self.both:
            machine.start("patroni")
        until(self.is_whole, seconds=LIMIT)
        self.make_database()
        for machine in self.both:
            machine.start("haproxy", "pgbouncer")
        self.both[0].run("observer-pairing-migrate")
        for machine in self.both:
            machine.start("observer-pairing-web", "observer-pairing-work")
        until(lambda: self.has(2, Machine.is_ready), seconds=LIMIT)

    def has(self, count: int, is_so: Callable[[Machine], bool]) -> bool:
        """Whether so many of the two are so."""
        return sum(map(is_so, self.both)) == count

    def is_whole(self) -> bool:
        """Whether there are a primary and a standby that has all of its."""
        return self.has(1, Machine.is_primary) and self.has(1, Machine.is_standby)

    @property
    def primary(self) -> Machine:
        (found,) = [machine for machine in self.both if machine.is_primary()]
        return found

    def other(self, machine: Machine) -> Machine:
        return self.both[1 - self.both.index(machine)]

    def make_database(self) -> None:
        """Make roles and database by the file for it."""
        host = [f"--host={self.primary.address}", f"--port={self.values.port['postgres']}", "--username=postgres"]
        passwords = [
            f"--set={role}={self.values.secret(name)}" for role, name in (("owner", "owner"), ("site", "pairing"))
        ]
        file = self.folder / "deploy/patroni/database.sql"
        environment = {**os.environ, "PGPASSWORD": self.values.secret("superuser")}
        command = ["psql", "--quiet", "--no-psqlrc", *host, *passwords, f"--file={file}", "postgres"]
        subprocess.run(command, env=environment, check=True)

    def end(self) -> None:
        """Clean up. PostgreSQL is told to give up at once; if it were killed, it would leave memory behind."""
        for machine in self.machines:
            machine.kill_all_but_postgres()
        servers = [pid for machine in self.machines for pid in machine.postgres()]
        for pid in servers:
            os.kill(pid, signal.SIGQUIT)
        with suppress(AssertionError):
            until(lambda: not any(map(alive, servers)), seconds=60)
        kill_with_children(servers)

    @property
    def url(self) -> str:
        """The address of the database itself, whichever machine has it."""
        return self.both[0].unit("observer-pairing-work").environment()["DATABASE_DIRECT_URL"]


@contextmanager
def running(logs: Path) -> Iterator[Cluster]:
    """Run a cluster inside the block. Nothing of it is left but its logs, however the block ends."""
    with tempfile.TemporaryDirectory(prefix="op-cluster-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        cluster = Cluster(Path(name), logs)
        try:
            cluster.install()
            cluster.start()
            yield cluster
        finally:
            cluster.end()
