"""bin/run: what it starts ends with it, however it ends, and what does not is named."""

import copy
import http.client
import io
import json
import logging
import logging.config
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http.request import validate_host
from django.test import Client

from config import serve
from tests.factories import UserFactory

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


@pytest.mark.parametrize("command", [["-m", "config.serve"], ["manage.py", "migrate"]], ids=["bin/run", "a command"])
def test_an_installation_without_a_secret_is_told_in_a_sentence_what_to_set(tmp_path, command):
    assert (
        refusal(tmp_path, command)
        == "Set SECRET_KEY to 50 random characters: it signs sessions, and only a demo makes its own."
    )


@pytest.mark.parametrize("names", [["pairing.example.org"], [".example.org", "localhost"], ["*"]])
def test_the_name_that_it_asks_itself_for_is_one_it_answers_to(settings, names):
    settings.ALLOWED_HOSTS = names
    assert validate_host(serve.name(), names)


def test_one_without_its_names_is_told_so_too(tmp_path):
    said = refusal(tmp_path, ["-m", "config.serve"], SECRET_KEY="x" * 50)
    assert said == "Set ALLOWED_HOSTS to the names the site answers to, such as pairing.example.org."


def refusal(data_dir: Path, command: list[str], **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "ALLOWED_HOSTS")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=HOUSE,
        env={**kept, "DEMO": "0", "DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.strip()


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_given: object) -> None:
        raise error

    return fail


def test_a_refusal_is_a_line_in_the_log_and_a_fault_a_traceback(root, monkeypatch):
    written = io.StringIO()
    config = copy.deepcopy(settings.LOGGING)
    config["handlers"]["console"]["stream"] = written
    before = logging.root.handlers[:]
    logging.config.dictConfig(config)
    try:
        browser = Client(raise_request_exception=False)
        browser.force_login(UserFactory())
        assert browser.get(f"/accounts/{root.pk}/users").status_code == 403
        assert (
            browser.post("/terms", "a=1", content_type="application/x-www-form-urlencoded; charset=utf-16").status_code
            == 400
        )
        monkeypatch.setattr("accounts.views.settings.render", raising(OperationalError("the database is away")))
        assert browser.get("/terms").status_code == 503
        refused = written.getvalue()
        monkeypatch.setattr("accounts.views.settings.render", raising(ZeroDivisionError()))
        assert browser.get("/terms").status_code == 500
    finally:
        logging.root.handlers = before
    assert f"Forbidden (Permission denied): /accounts/{root.pk}/users" in refused
    assert "Service Unavailable: /terms (OperationalError)" in refused
    assert "Traceback" not in refused
    assert "ZeroDivisionError" in written.getvalue()
