"""Doing things at the same time: real threads, each with a database connection of its own."""

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import TypeVar

from django.db import connection, connections

Result = TypeVar("Result")


def at_once(actions: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Do all of these at the same moment; returns what each gave or raised, in their order."""
    start = Barrier(len(actions))

    def act(action: Callable[[], Result]) -> Result | Exception:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            return action()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One race at a time, in however many processes the tests run: the server has 200 connections."""
    with (folder / "race").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def meanwhile(action: Callable[[], Result]) -> Future[list[Result | Exception]]:
    """In a transaction: somebody else begins `action` and comes to wait for us; the result tells the end."""
    with_one = ThreadPoolExecutor(1)
    outcome = with_one.submit(at_once, [action])
    with_one.shutdown(wait=False)
    _until_somebody_waits()
    return outcome


def _until_somebody_waits() -> None:
    """Go on when another connection to this database stands still before a lock."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() != (0,):
                return
            # Inside a transaction the server shows its activity as it was at the first look.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            time.sleep(0.01)
    raise AssertionError("nobody came to wait")
