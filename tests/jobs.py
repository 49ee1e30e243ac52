"""The jobs that were asked for, run where they were asked for."""

import json

from django.db import connection
from procrastinate.contrib.django import app


def work_off_jobs(queue: str = "mail") -> list[str]:
    """Run all of one queue that wait, in the test's own transaction; gives their names.

    Other queues may hold what earlier tests with transactions of their own have left there.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'succeeded'"
            " WHERE status = 'todo' AND queue_name = %s RETURNING task_name, args",
            [queue],
        )
        found = cursor.fetchall()
    for name, arguments in found:
        app.tasks[name].func(**json.loads(arguments))
    return [name for name, _arguments in found]


def forget_all_jobs() -> None:
    """The jobs' tables are not Django's to empty: what tests with transactions of their own asked for stays there."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
