"""Nodes: the site as bin/run starts it, for real, on a database of the test's choice; and a browser for it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings

from tests.database_server import until

HOUSE = Path(__file__).resolve().parent.parent
# The secret of the tests, so that they and the nodes read what the other has stored.
SETTINGS = {"DEMO": "0", "SECRET_KEY": settings.SECRET_KEY, "ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "0"}
UP = "Observer Pairing is at"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass
class Node:
    """A node that runs: its process, where it answers, and the file of what it says."""

    process: subprocess.Popen[bytes]
    port: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        return requests.get(f"{self.url}/readyz", timeout=60).status_code == 200

    def is_up(self) -> bool:
        """Whether it has said where it is."""
        assert self.process.poll() is None, self.log.read_text()
        return UP in self.log.read_text()


@contextmanager
def started(data_dir: Path, *arguments: str, says: str = UP, **environment: str) -> Iterator[Node]:
    """Start a node, and wait until it says something; at the end of the block it is asked to end."""
    port = free_port()
    own = {**os.environ, **SETTINGS, "DATA_DIR": str(data_dir), "PORT": port, **environment}
    data_dir.mkdir(exist_ok=True)
    log = data_dir / f"log-{port}"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.serve", *arguments], cwd=HOUSE, env=own, stdout=file, stderr=file
        )
    try:
        until(lambda: says in log.read_text() or process.poll() is not None, seconds=120)
        assert says in log.read_text(), log.read_text()
        yield Node(process, port, log)
    finally:
        process.terminate()
        process.wait(60)


def node(data_dir: Path, role: str = "all", **environment: str) -> AbstractContextManager[Node]:
    """Start a node that serves, up to the moment at which it says where it is."""
    return started(data_dir, role, **environment)


def browser() -> requests.Session:
    """A browser's cookies, and no proxies of the machine's."""
    session = requests.Session()
    session.trust_env = False
    return session


def token_of(page: str) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page[:500]
    return found[1]


def sign_in(visitor: requests.Session, url: str, login: str, password: str) -> requests.Response:
    page = visitor.get(f"{url}/login/canvas", timeout=60)
    form = {"csrfmiddlewaretoken": token_of(page.text), "login": login, "password": password}
    return visitor.post(f"{url}/login/canvas", form, timeout=60)
