"""The jobs of rosters, and the one at night."""

from __future__ import annotations

from django.db import close_old_connections

from accounts.domain.retention import forget_old
from accounts.jobs import FEW_MORE_TRIES, job, regularly
from accounts.models import Account
from sis.imports.queue import work_off
from sis.retention import EVERYTHING


def ask_for_work() -> None:
    """Have the imports that wait worked off soon. Within a transaction: once that is committed."""
    work.defer()


@job(queue="sis", retry=FEW_MORE_TRIES)
def work() -> None:
    """Work off what waits, or was interrupted."""
    close_old_connections()
    try:
        for root in Account.objects.filter(parent=None):
            work_off(root)
    finally:
        close_old_connections()


@regularly(cron="* * * * *")
@job(queue="sis", queueing_lock="look_again")
def look_again(timestamp: int) -> None:
    """Work off what waits or was interrupted, should the job that was asked for have come to nothing.

    A command that runs an import may be killed, long after the job that left the import to it has ended.
    """
    work()


@regularly(cron="17 3 * * *")
@job(queueing_lock="forget")
def forget(timestamp: int) -> None:
    """Remove what is kept no longer, of all apps: the table is in sis/retention.py."""
    forget_old(EVERYTHING)
