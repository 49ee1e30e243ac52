"""Jobs that run beside the web server: the one module that knows which library runs them.

An app declares its jobs with `job`, in a module of its own named `jobs`, which is found by that name:

    @job(queue="mail", retry=FEW_MORE_TRIES)
    def send_letter(person_id: int) -> None: ...

    send_letter.defer(person_id=7)  # within a transaction: once that is committed

Rules stand below the module of jobs, which calls them. A rule that wants a job done calls `ask_for` with its name.

A job that is to run by the clock is declared with `regularly(cron=...)` above `job`, and what a new worker does first
with `at_start`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

__all__ = [
    "FEW_MORE_TRIES",
    "AlreadyEnqueued",
    "ask_for",
    "ask_for_later",
    "at_start",
    "forget_jobs",
    "job",
    "regularly",
    "run_worker",
]

# A roster is long at work; a mail must not wait for its end. Each job of these has a thread and a connection.
AT_THE_SAME_TIME = 4

job = app.task
regularly = app.periodic
FEW_MORE_TRIES = RetryStrategy(max_attempts=5, wait=2, exponential_wait=4)


def ask_for(name: str, **arguments: Any) -> None:
    """Have the job of that name, such as "sis.jobs.work", done soon. Within a transaction: once that is committed.

    Raises TaskNotFound for a name that no app has declared.
    """
    app.configure_task(name, allow_unknown=False).defer(**arguments)


def ask_for_later(name: str, *, seconds: float, **arguments: Any) -> None:
    """Have the job of that name done after so many seconds, unless it waits for that already."""
    when = {"seconds": seconds}
    later = app.configure_task(name, allow_unknown=False, schedule_in=when, queueing_lock=f"{name} later")
    with suppress(AlreadyEnqueued), transaction.atomic():
        later.defer(**arguments)


_first: list[Callable[[], None]] = []


def at_start(action: Callable[[], None]) -> Callable[[], None]:
    """Have `action` called whenever a worker starts, before its first job; return `action`."""
    _first.append(action)
    return action


def prepare_worker() -> None:
    """Call what the apps have asked for with `at_start`."""
    for action in _first:
        action()


def run_worker() -> None:
    """Run jobs in this process until it is told to end."""
    prepare_worker()
    # Django's connections can ask for jobs, but not listen for them.
    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()):
        app.run_worker(concurrency=AT_THE_SAME_TIME, shutdown_graceful_timeout=3, name="observer-pairing")


ENDED_LONG_AGO = """
DELETE FROM procrastinate_jobs j WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
AND NOT EXISTS (SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %s)
"""


def forget_jobs(before: datetime) -> None:
    """Remove the jobs that ended before that, however they ended."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED_LONG_AGO, [before])
