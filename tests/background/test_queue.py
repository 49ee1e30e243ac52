"""The jobs beside the site, whichever app they are of."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import module_has_submodule
from procrastinate.contrib.django import app
from procrastinate.exceptions import TaskNotFound

from background.jobs import take_up_stalled
from background.queue import ask_for, ask_for_later, forget_jobs, prepare_worker
from sis.imports.queue import ask_for_work
from tests.jobs import forget_all_jobs

STALL = """
WITH dead AS (
    INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id
)
UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead
"""


MAKE_OLDER = """
UPDATE procrastinate_events SET at = now() - interval '2 days'
WHERE job_id = (SELECT min(id) FROM procrastinate_jobs)
"""


@pytest.fixture
def jobs(transactional_db):
    forget_all_jobs()
    yield lambda: _fetch("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
    forget_all_jobs()


def _fetch(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def _run(job):
    async def with_a_connection():
        with app.replace_connector(app.connector.get_worker_connector()):
            async with app.open_async():
                await job.func(SimpleNamespace(app=app), 0)

    # In a thread: a browser test before this one leaves a loop running in its own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, with_a_connection()).result()


def test_a_job_whose_worker_has_died_is_begun_again(jobs):
    ask_for_work()
    _fetch(STALL)
    _run(take_up_stalled)
    assert jobs() == [("sis.jobs.work", "todo")]


def test_jobs_that_ended_long_ago_are_forgotten(jobs):
    ask_for_work()
    _fetch("UPDATE procrastinate_jobs SET status = 'succeeded'")
    ask_for_work()
    now = timezone.now()
    _fetch(MAKE_OLDER)
    forget_jobs(now - timedelta(days=3))
    assert len(jobs()) == 2
    forget_jobs(now - timedelta(days=1))
    assert jobs() == [("sis.jobs.work", "todo")]


def test_a_job_asked_for_in_a_transaction_that_fails_was_never_asked_for(jobs):
    with pytest.raises(ZeroDivisionError):
        _ask_and_fail()
    assert jobs() == []


@transaction.atomic
def _ask_and_fail():
    ask_for_work()
    raise ZeroDivisionError


def test_a_job_that_no_app_has_is_not_taken(jobs):
    with pytest.raises(TaskNotFound):
        ask_for("sis.jobs.play")
    assert jobs() == []


def test_a_job_that_waits_for_later_already_is_not_asked_for_twice(jobs):
    for _each in range(2):
        ask_for_later("sis.jobs.work", seconds=600)
    assert jobs() == [("sis.jobs.work", "todo")]
    ((waits,),) = _fetch("SELECT scheduled_at > now() + interval '5 minutes' FROM procrastinate_jobs")
    assert waits


def test_the_jobs_of_every_app_are_found():
    with_jobs = {
        config.name
        for config in apps.get_app_configs()
        if config.module and module_has_submodule(config.module, "jobs")
    }
    assert {"accounts", "background", "sis"} <= with_jobs
    assert with_jobs <= {name.partition(".")[0] for name in app.tasks}


def test_a_worker_first_asks_for_what_another_may_have_left_undone(jobs):
    prepare_worker()
    assert jobs() == [("sis.jobs.work", "todo")]
