"""Jobs that run beside the web server. The only module that knows which library runs them."""

from __future__ import annotations

from typing import Any

from django.db import close_old_connections
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from accounts.models import Account
from sis.keeping import forget_old
from sis.turns import work_off

STALLED_AFTER = 30


def ask_for_work() -> None:
    """Have the imports that wait worked off soon. Within a transaction: once that is committed."""
    work.defer()


def run_worker() -> None:
    """Run jobs in this process until it is told to end."""
    # Django's connections can ask for jobs, but not listen for them.
    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()):
        app.run_worker(concurrency=1, shutdown_graceful_timeout=3, name="observer-pairing")


@app.task(queue="sis", retry=RetryStrategy(max_attempts=5, wait=2, exponential_wait=4))
def work() -> None:
    """Work off what waits, or was interrupted."""
    close_old_connections()
    try:
        for root in Account.objects.filter(parent=None):
            work_off(root)
    finally:
        close_old_connections()


@app.periodic(cron="* * * * *")
@app.task(queue="sis", queueing_lock="look_again")
def look_again(timestamp: int) -> None:
    """Work off what waits or was interrupted, should the job that was asked for have come to nothing.

    A command that runs an import may be killed, long after the job that left the import to it has ended.
    """
    work()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs whose worker has died are begun again."""
    manager: Any = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="tidy")
def tidy(timestamp: int) -> None:
    """What is kept no longer goes; jobs that ended long ago too."""
    close_old_connections()
    forget_old()


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="forget_jobs", pass_context=True)
async def forget_jobs(context: JobContext, timestamp: int) -> None:
    """Jobs that ended more than three days ago are forgotten."""
    await context.app.job_manager.delete_old_jobs(nb_hours=72, include_failed=True)
