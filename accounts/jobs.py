"""Jobs that run beside the web server: the one module that knows which library runs them.

An app that has jobs declares them with `job` in a module named `jobs` of its own; it is found by that name.
"""

from __future__ import annotations

from typing import Any

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

STALLED_AFTER = 30
# A roster is long at work; a mail must not wait for its end. Each job of these has a thread and a connection.
AT_THE_SAME_TIME = 4

job = app.task
regularly = app.periodic
FEW_MORE_TRIES = RetryStrategy(max_attempts=5, wait=2, exponential_wait=4)


def run_worker() -> None:
    """Run jobs in this process until it is told to end."""
    # Django's connections can ask for jobs, but not listen for them.
    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()):
        app.run_worker(concurrency=AT_THE_SAME_TIME, shutdown_graceful_timeout=3, name="observer-pairing")


@regularly(cron="* * * * *")
@job(queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs whose worker has died are begun again."""
    manager: Any = context.app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(stalled)


@regularly(cron="37 3 * * *")
@job(queueing_lock="forget_jobs", pass_context=True)
async def forget_jobs(context: JobContext, timestamp: int) -> None:
    """Jobs that ended more than three days ago are forgotten."""
    await context.app.job_manager.delete_old_jobs(nb_hours=72, include_failed=True)
