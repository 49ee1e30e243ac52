"""Ports: whether one is free, and when a web server answers on it."""

import http.client
import socket
import subprocess
import time
from contextlib import suppress

from embedded_postgres.processes import end_if_asked


def why_not_free(host: str, port: str) -> str | None:
    """Return why nothing can listen there; None when something can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None


def wait_until_it_answers(
    server: subprocess.Popen[bytes], host: str, port: str, *, name: str, path: str, seconds: float
) -> None:
    """Wait until the web server answers a request for `path` of the site of this name, has ended, or the seconds are
    over.
    """
    until = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            client = http.client.HTTPConnection(address_to_visit(host), int(port), timeout=5)
            client.request("GET", path, headers={"Host": name})
            client.getresponse()
            client.close()
            return
        end_if_asked()
        time.sleep(0.05)


def address_to_visit(host: str) -> str:
    """Return an address at which a server that listens on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
