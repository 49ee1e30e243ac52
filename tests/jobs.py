"""The jobs that were asked for, run where they were asked for."""

import json

from django.db import connection
from procrastinate.contrib.django import app


def work_off_jobs(queue: str | None = None) -> list[str]:
    """Run all that wait, or those of one queue, in the test's own transaction; gives their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'succeeded'"
            " WHERE status = 'todo' AND queue_name = coalesce(%s, queue_name) RETURNING task_name, args",
            [queue],
        )
        found = cursor.fetchall()
    for name, arguments in found:
        app.tasks[name].func(**json.loads(arguments))
    return [name for name, _arguments in found]
