"""The drain of a node that serves: told to end, it goes on until load balancers have seen so on its /readyz."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def is_ending() -> bool:
    """Return whether this node has been told to end."""
    return _file().exists()


@contextmanager
def drained(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """Told to end inside the block, go on for DRAIN_SECONDS, as long as the web server runs."""
    _file().unlink(missing_ok=True)
    try:
        yield
    except SystemExit:
        _file().touch()
        until = time.monotonic() + settings.DRAIN_SECONDS
        while server.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        raise


def _file() -> Path:
    """Return the file in DATA_DIR by which the web workers, processes of their own, know."""
    return Path(settings.DATA_DIR) / "ending"
