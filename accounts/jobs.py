"""Jobs that run beside the web server: the one module that knows which library runs them.

An app that has jobs declares them with `job` in a module named `jobs` of its own; it is found by that name.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from accounts.domain.password_reset import send_reset_mails
from accounts.domain.rate_limit import hidden

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


def ask_for_reset_mail(address: str, site: str) -> None:
    """Have whoever has this e-mail address sent a link to a new password, on the site at `site`.

    A job does it, whether there is somebody or not, so that the time taken does not tell.
    """
    with suppress(AlreadyEnqueued), transaction.atomic():
        send_reset_mail.configure(queueing_lock=f"reset mail {hidden(address)}").defer(address=address, site=site)


@job(queue="mail", retry=FEW_MORE_TRIES)
def send_reset_mail(address: str, site: str) -> None:
    """Send the link, unless the address has been sent enough of them."""
    send_reset_mails(address, site)


@regularly(cron="* * * * *")
@job(queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs whose worker has died are begun again."""
    manager: Any = context.app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(stalled)


ENDED_LONG_AGO = """
DELETE FROM procrastinate_jobs j WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
AND NOT EXISTS (SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %s)
"""


def forget_jobs(before: datetime) -> None:
    """Remove the jobs that ended before that, however they ended."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED_LONG_AGO, [before])
