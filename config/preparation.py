"""Bringing the database and the static files up to this version, on however many nodes start at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder

from accounts.advisory_locks import HOLD, TRY_TO_HOLD, AdvisoryLock
from config.health import newest_migrations
from config.retries import state_of
from embedded_postgres.processes import end_if_asked
from sis.upload.parts import StoreAway
from sis.upload.storage import lost_lately

LOOK_AGAIN = 1.0
# Pages wait for that long, and no longer, behind a change of a table that is in use.
LOCK_MAY_TAKE = "2s"
LOCK_NOT_AVAILABLE = "55P03"


def prepare_database() -> None:
    """Bring the database up to this version, one node after the other; with nothing to do, nothing happens.

    Raises SystemExit, with a sentence, where the database does not answer or cannot be reached directly.
    """
    print("Preparing the database ...", flush=True)
    try:
        check_is_reached_directly()
        with _alone():
            _migrate()
            if settings.DEMO:
                call_command("seed_demo", if_empty=True)
    except OperationalError as error:
        raise SystemExit(f"The database does not answer: {error}".strip()) from None
    connections.close_all()


def _migrate() -> None:
    """Apply the migrations. Where one would have to wait for a table that is in use, it gives way and is tried again.

    Otherwise everybody else who comes to that table would wait behind it: during a dump, for as long as that takes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_MAY_TAKE])
    while True:
        try:
            call_command("migrate", interactive=False, verbosity=0)
            return
        except OperationalError as error:
            if state_of(error) != LOCK_NOT_AVAILABLE:
                raise
        print("A table that has to be changed is in use; trying again ...", flush=True)
        end_if_asked()
        time.sleep(LOOK_AGAIN)


def check_is_reached_directly() -> None:
    """Raises SystemExit where a pooler stands between: jobs and migrations need sessions of their own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    # A pooler answers the question in the place of the server, and with a number of its own.
    if pid != connection.connection.info.backend_pid:
        raise SystemExit(
            "DATABASE_URL leads to a pooler of connections. Set DATABASE_DIRECT_URL to an address of the database"
            " itself, for the jobs and for changes of its tables."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Have every other node wait that wants to prepare the database, until the block ends or we die."""
    own = connections["default"].copy()
    own.set_autocommit(False)
    try:
        with own.cursor() as cursor:
            # Whatever the server allows others.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute(TRY_TO_HOLD, [AdvisoryLock.MIGRATION, 0])
            if cursor.fetchone() != (True,):
                print("Another node is preparing the database; waiting until it has ended ...", flush=True)
                cursor.execute(HOLD, [AdvisoryLock.MIGRATION, 0])
        yield
    finally:
        own.close()


def wait_until_prepared() -> None:
    """Wait for the node that brings the database up to this version, and for the database itself."""
    told = ""
    while why := why_not_prepared():
        if why != told:
            print(why, flush=True)
            told = why
        end_if_asked()
        time.sleep(LOOK_AGAIN)
    connections.close_all()


def why_not_prepared() -> str:
    """Return why this version cannot work on the database yet; empty when it can."""
    try:
        if newest_migrations() <= MigrationRecorder(connection).applied_migrations().keys():
            return ""
    except DatabaseError:
        connection.close()
        return "Waiting for the database, which does not answer ..."
    return "Waiting for the database to be brought up to this version: bin/run migrate does that."


LOST = """\
{number} of the latest uploads of rosters are not where UPLOADS says: {where}.
If other machines run the site, all must have the same folder there; or leave UPLOADS unset, for the database."""


def tell_of_lost_uploads() -> None:
    """Say so where uploads of other machines are not to be found on this one: imports would fail by chance."""
    try:
        if number := lost_lately():
            print(LOST.format(number=number, where=settings.UPLOADS), file=sys.stderr, flush=True)
    except StoreAway as error:
        print(f"Uploads of rosters cannot be kept in {settings.UPLOADS}: {error}", file=sys.stderr, flush=True)
    connections.close_all()


def collect_static_files() -> None:
    """Have the static files of this version in DATA_DIR."""
    call_command("collectstatic", interactive=False, verbosity=0)
