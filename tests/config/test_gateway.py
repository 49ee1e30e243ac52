"""What stands between the network and Django: senders who dawdle, broken lines, headers that pose as others."""

import http.client
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from config.answers import answer_of
from config.gateway import READ_AHEAD
from tests.config.served import LARGE

HOST = "127.0.0.1"
HOUSE = Path(__file__).resolve().parent.parent.parent
FORM = b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na=1"
UPLOAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (READ_AHEAD + 1)
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


@contextmanager
def serving(which: str) -> Iterator[int]:
    """The web server of bin/run with one of the gateways of `served`; gives the port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [*(sys.executable, "-m", "granian", f"tests.config.served:{which}", "--interface", "rsgi")]
    command += [*("--host", HOST, "--port", str(port), "--http", "1", "--no-ws", "--log-level", "critical")]
    with subprocess.Popen(command, cwd=HOUSE) as server:
        try:
            while server.poll() is None:
                with suppress(OSError, http.client.HTTPException):
                    ask(port, "GET", "/refuse")
                    break
            yield port
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Served with all the patience in the world."""
    with serving("patient") as found:
        yield found


@pytest.fixture(scope="module")
def hasty_port() -> Iterator[int]:
    """Served with next to none."""
    with serving("impatient") as found:
        yield found


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(HOST, port, timeout=120)
    try:
        client.request(method, path, body or None, headers)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def sent(port: int, request: bytes, *, hang_up: bool = False) -> bytes:
    """What the server says to these very bytes."""
    with socket.create_connection((HOST, port), timeout=120) as connection:
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        return connection.recv(65536)


@pytest.mark.parametrize("beginning", [FORM, UPLOAD, HEAD], ids=["forms", "uploads", "heads"])
def test_any_number_of_senders_who_dawdle_takes_no_thread_from_the_others(port, beginning):
    with ExitStack() as dawdlers:
        for _each in range(20):
            connection = dawdlers.enter_context(socket.create_connection((HOST, port), timeout=120))
            connection.sendall(beginning)
        # There are two threads, and those who dawdle would be waited for ten minutes.
        assert [ask(port, "POST", "/form", b"a=1")[0] for _each in range(5)] == [200] * 5


@pytest.mark.parametrize("beginning", [FORM, UPLOAD], ids=["form", "upload"])
def test_a_sender_below_the_pace_is_given_up(hasty_port, beginning):
    assert sent(hasty_port, beginning).startswith((b"HTTP/1.1 408", b"HTTP/1.1 500"))


@pytest.mark.parametrize("beginning", [FORM, UPLOAD], ids=["form", "upload"])
def test_half_a_body_is_never_taken_for_a_whole_one(port, beginning):
    assert not sent(port, beginning, hang_up=True).startswith(b"HTTP/1.1 200")


def test_a_body_without_a_length_is_refused_for_its_end_cannot_be_told(port):
    head = b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n"
    assert sent(port, head).startswith(b"HTTP/1.1 411")


def test_a_large_body_is_not_read_before_the_application_wants_to(port):
    assert sent(port, UPLOAD.replace(b"/upload", b"/refuse")).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("size", [0, 1, 100_000, READ_AHEAD, READ_AHEAD + 1, 3 * READ_AHEAD])
def test_a_body_of_any_size_arrives_whole(port, size):
    status, body = ask(port, "PUT", "/form", b"x" * size)
    assert (status, json.loads(body)["length"]) == (200, size)


def test_a_header_with_an_underscore_does_not_pose_as_the_one_with_a_hyphen(port):
    posing = {
        "X_Forwarded_For": "203.0.113.1",
        "X-Forwarded_Host": "evil.example",
        "Content_Length": "7",
        "Co_okie": "a",
    }
    _status, body = ask(port, "GET", "/x", **{"X-Forwarded-For": "198.51.100.7", **posing})
    reached = json.loads(body)
    assert reached["HTTP_X_FORWARDED_FOR"] == "198.51.100.7"
    assert not {"HTTP_X_FORWARDED_HOST", "HTTP_CONTENT_LENGTH", "HTTP_CO_OKIE"} & reached.keys()


def test_headers_that_come_twice_are_joined(port):
    lines = ["GET /x HTTP/1.1", "Host: x", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"]
    twice = "\r\n".join([*lines, "Cookie: a=1", "Cookie: b=2", "", ""]).encode()
    reached = json.loads(sent(port, twice).partition(b"\r\n\r\n")[2])
    assert reached["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"
    assert reached["HTTP_COOKIE"] == "a=1; b=2"


def test_a_path_is_what_was_meant_by_it(port):
    _status, body = ask(port, "GET", "/caf%C3%A9%20x")
    assert json.loads(body)["path"].encode("latin-1").decode() == "/café x"


def test_an_answer_that_is_in_memory_already_is_not_written_to_a_disk():
    def application(_environ, start_response):
        start_response("200 OK", [])
        return [b"x" * LARGE]

    answer = answer_of(application, {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()})
    assert (len(answer.body), answer.path) == (LARGE, "")


def test_a_large_answer_arrives_whole_and_one_that_breaks_is_an_error_and_no_half_of_it(port):
    assert ask(port, "GET", "/large") == (200, b"x" * LARGE)
    status, body = ask(port, "GET", "/breaks")
    assert (status, len(body) < 100) == (500, True)
    assert ask(port, "HEAD", "/large") == (200, b"")
