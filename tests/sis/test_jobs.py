"""The jobs beside the site."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.jobs import forget_jobs, take_up_stalled
from sis.imports.queue import turn
from sis.jobs import ask_for_work, look_again, work
from sis.models import SisImport
from sis.options import Options
from tests.factories import RootFactory, make_admin
from tests.sis.conftest import forget_all_jobs, make

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


def test_an_import_that_nobody_is_at_any_more_is_gone_on_with(jobs, tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    root, admin = RootFactory(), make_admin()
    made = make(root, admin, Options(), tmp_path, {"users": "user_id,login_id,status\nU1,u1,active"})
    with turn(root):
        # As while a command runs it: the job leaves the import to that, and ends. Then the command is killed.
        with ThreadPoolExecutor(1) as worker:
            worker.submit(work).result()
        assert SisImport.objects.get(pk=made.pk).workflow_state == "created"
    look_again(0)
    assert SisImport.objects.get(pk=made.pk).workflow_state == "imported"


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
