"""bin/run: what it starts ends with it, however it ends, and what does not is named."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from config import serve

HOUSE = Path(__file__).resolve().parent.parent.parent


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def started(data_dir: Path, port: str) -> Iterator[subprocess.Popen[str]]:
    """The site, started as bin/run does, up to the moment at which it says where it is."""
    own = {"DATA_DIR": str(data_dir), "PORT": port, "DEMO": "0", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "127.0.0.1"}
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "config.serve"]
    with subprocess.Popen(
        command, cwd=HOUSE, env={**environment, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as starter:
        assert starter.stdout
        said = []
        for line in starter.stdout:
            said.append(line)
            if "Observer Pairing is at" in line:
                break
        else:
            pytest.fail("".join(said))
        try:
            yield starter
        finally:
            starter.terminate()
            starter.wait(60)
            starter.stdout.close()


def processes_of(data_dir: Path) -> dict[int, str]:
    """What runs with this DATA_DIR, but for the database."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes().decode()
            if f"DATA_DIR={data_dir}".encode() in environment.split(b"\0") and command:
                found[int(folder.name)] = command
    return found


def answers(port: str) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    client.request("GET", "/healthz")
    return client.getresponse().status == 200


def test_whatever_was_started_ends_when_the_starter_is_killed_and_a_new_start_goes(tmp_path):
    port = free_port()
    with started(tmp_path, port) as starter:
        assert answers(port)
        assert len(processes_of(tmp_path)) >= 4
        refused = subprocess.run(
            [sys.executable, "-m", "config.serve"],
            cwd=HOUSE,
            env={**os.environ, "DATA_DIR": str(tmp_path), "PORT": port, "DEMO": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"The site runs here already, on port {port}: process {starter.pid}." in refused.stderr
        starter.send_signal(signal.SIGKILL)
        starter.wait(60)
        # At once: a new start waits for what is still ending.
        with started(tmp_path, port):
            assert answers(port)
    until = time.monotonic() + 120
    while processes_of(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes_of(tmp_path) == {}


def test_a_web_server_that_outlives_its_starter_is_named(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(serve, "STOPPING_MAY_TAKE", 0.0)
    deaf = "import time; print('up', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", deaf, "config.gateway"], stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        serve.Started.file().write_text(json.dumps({"starter": 2**22 + 1, "server": server.pid, "port": "8000"}))
        with pytest.raises(SystemExit, match=re.escape(f"kill -9 {server.pid}")):
            serve.wait_for_what_was_left_behind()
        server.kill()
    serve.wait_for_what_was_left_behind()
