"""The jobs of roster imports."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import close_old_connections

from accounts.models import Account
from background.queue import FEW_MORE_TRIES, at_start, job, regularly
from sis.imports.inbox import take_all
from sis.imports.queue import ask_for_work, work_off

# A worker that died may have left an import half way.
at_start(ask_for_work)


@job(queue="sis", retry=FEW_MORE_TRIES)
def work() -> None:
    """Work off what waits, or was interrupted."""
    _for_each_root(work_off)


@regularly(cron="* * * * *")
@job(queue="sis", queueing_lock="look_again")
def look_again(timestamp: int) -> None:
    """Work off what waits or was interrupted, should the job that was asked for have come to nothing.

    A command that runs an import may be killed, long after the job that left the import to it has ended.
    """
    work()


@regularly(cron="* * * * *")
@job(queue="sis", queueing_lock="take_from_inbox")
def take_from_inbox(timestamp: int) -> None:
    """Take in the roster files that have come since the last minute."""
    _for_each_root(lambda root: take_all(root, now=time.time()))


def _for_each_root(act: Callable[[Account], object]) -> None:
    close_old_connections()
    try:
        for root in Account.objects.filter(parent=None):
            act(root)
    finally:
        close_old_connections()
