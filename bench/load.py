"""A server like the real one, and a client that costs little, to send it requests."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

CLIENTS = 8
HOST = "127.0.0.1"


def request(method: str, path: str, *, token: str = "", cookie: str = "", body: str = "") -> bytes:
    """The bytes of one HTTP request that keeps its connection."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    if token:
        head.append(f"Authorization: Bearer {token}")
    if cookie:
        head.append(f"Cookie: {cookie}")
    if body:
        head.append("Content-Type: application/x-www-form-urlencoded")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@contextmanager
def server() -> Iterator[int]:
    """The web server of bin/run on a free port, with the bare views; gives the port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [
        *(
            sys.executable,
            "-m",
            "granian",
            "config.gateway:application",
            "--interface",
            "rsgi",
            "--http",
            "1",
            "--no-ws",
        ),
        *("--host", HOST, "--port", str(port), "--workers", "2", "--log-level", "warning"),
    ]
    process = subprocess.Popen(command, env={**os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings"})
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _try in range(200):
        with suppress(OSError, http.client.HTTPException):
            client = http.client.HTTPConnection(HOST, port, timeout=5)
            client.request("GET", "/healthz", headers={"Host": HOST})
            client.getresponse()
            return
        time.sleep(0.05)
    raise SystemExit("The server did not start.")


def send(port: int, requests: Sequence[bytes]) -> float:
    """Send them all over a few connections; the seconds it took. Anything but a 200 stops the measurement."""
    shares = [requests[start::CLIENTS] for start in range(CLIENTS)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda share: _send(port, share), shares))
    return time.perf_counter() - begun


def _send(port: int, requests: Sequence[bytes]) -> None:
    with connected(port) as ask:
        for data in requests:
            ask(data)


@contextmanager
def connected(port: int) -> Iterator[Callable[[bytes], None]]:
    """Give what sends a request over one connection, and waits for the answer: anything but a 200 ends the program."""
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def ask(data: bytes) -> None:
            connection.sendall(data)
            answer = _read(connection)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"Unexpected answer: {answer[:300]!r}")

        yield ask


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _blank, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
