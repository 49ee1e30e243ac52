"""The job that looks after the others."""

from __future__ import annotations

from typing import Any

from procrastinate import JobContext

from background.queue import job, regularly

STALLED_AFTER = 30


@regularly(cron="* * * * *")
@job(queueing_lock="take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Begin jobs again whose worker has died."""
    manager: Any = context.app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(stalled)
