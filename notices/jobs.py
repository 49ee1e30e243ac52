"""The jobs of alerts."""

from __future__ import annotations

from background.queue import job, regularly
from notices.domain.defaults import give_new_observers_defaults


@regularly(cron="* * * * *")
@job(queueing_lock="alert_defaults")
def give_defaults(timestamp: int) -> None:
    """Turn on, for those who have begun to observe since the last minute, what they are told of by default."""
    give_new_observers_defaults()
