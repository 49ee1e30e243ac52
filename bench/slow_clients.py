"""`python -m bench.slow_clients [PORT]`: how long a good request takes while hundreds dawdle over head or body."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import django
from django.core.management import call_command

from bench.load import HOST, server

DAWDLERS = 200
SECONDS = 20
HEAD = b"GET /login/canvas HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = b"POST /login/canvas HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
UPLOAD = b"POST /api/v1/accounts/1/sis_imports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000000\r\n\r\n"
KINDS = {"heads": HEAD, "bodies": BODY + b"Content-Length: 2000\r\n\r\n", "uploads": UPLOAD}


class Dawdler:
    """Somebody who sends a byte a second, and begins anew when the server has had enough of it."""

    def __init__(self, port: int, beginning: bytes) -> None:
        self._port, self._beginning = port, beginning
        self._connection: socket.socket | None = None

    def go_on(self) -> None:
        """Send one byte more."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection((HOST, self._port), timeout=5)
                self._connection.sendall(self._beginning)
            self._connection.sendall(b"x")
        except OSError:
            self.stop()

    def stop(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
            self._connection = None


@contextmanager
def dawdling(port: int, beginning: bytes) -> Iterator[None]:
    """All of them dawdle, a byte a second each."""
    dawdlers = [Dawdler(port, beginning) for _each in range(DAWDLERS)]
    enough = threading.Event()

    def keep_on() -> None:
        while not enough.wait(1):
            for dawdler in dawdlers:
                dawdler.go_on()

    thread = threading.Thread(target=keep_on)
    for dawdler in dawdlers:
        dawdler.go_on()
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        for dawdler in dawdlers:
            dawdler.stop()


def good_requests(port: int, seconds: float) -> list[float]:
    """How long each of many good requests took, one after another, a connection each."""
    taken, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        client = http.client.HTTPConnection(HOST, port, timeout=30)
        with suppress(OSError, http.client.HTTPException):
            client.request("GET", "/login/canvas", headers={"Host": HOST})
            client.getresponse().read()
        client.close()
        taken.append(time.perf_counter() - begun)
        time.sleep(0.02)
    return taken


def measure(port: int) -> None:
    """Print a table for docs/performance.md."""
    print("| meanwhile | good requests | median | slowest |\n|---|---|---|---|")
    for name, kinds in {"nobody": [], **{f"{DAWDLERS} slow {kind}": [kind] for kind in KINDS}, "all": KINDS}.items():
        with ExitStack() as crowd:
            for kind in kinds:
                crowd.enter_context(dawdling(port, KINDS[kind]))
            taken = good_requests(port, SECONDS)
        print(f"| {name} | {len(taken)} | {statistics.median(taken):.3f} s | {max(taken):.3f} s |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        with server() as own_port:
            measure(own_port)
