"""Looking at the database from outside, and breaking it, for the tests."""

import time
from collections.abc import Callable
from functools import cache

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Role


def statements(action: Callable[[], object]) -> int:
    """The number of statements `action` sends. Compare two such numbers: savepoints are counted too.

    An import has the database look at tables that have grown much (`ANALYZE`), be it by tests before: not counted.
    """
    with CaptureQueriesContext(connection) as captured:
        action()
    return sum(not query["sql"].startswith("ANALYZE") for query in captured)


def empty_all_tables() -> None:
    """Delete the rows that a test on real connections has left, and make those the software relies on anew.

    What Django does about it, TRUNCATE, makes some 300 files, however little there was: ten times as long. As it does,
    this waits for whoever still uses the tables, and takes no notice of triggers and foreign keys.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_emptying())
        Role.objects.make_built_in()


@cache
def _emptying() -> str:
    # What migrating has put there and nobody changes: Django's own lists of models and their permissions.
    kept = {model._meta.db_table for model in (ContentType, Permission)}
    tables = [
        table
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False)
        if table not in kept
    ]
    return "; ".join(
        [
            f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE",
            "SET LOCAL session_replication_role = replica",
            *(f"DELETE FROM {table}" for table in tables),  # noqa: S608
            "SET LOCAL session_replication_role = origin",
        ]
    )


def let_everybody_leave() -> None:
    """End all other connections to the database: that of a process that a test has killed lives for a while."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        cursor.execute(others, [connection.settings_dict["NAME"]])
        while cursor.rowcount:
            assert time.monotonic() < deadline, "somebody goes on using the test database"
            time.sleep(0.05)
            cursor.execute(others, [connection.settings_dict["NAME"]])


def refuse_new_rows(table: str) -> None:
    """From now on, for this test, every INSERT into `table` fails as if something were wrong with it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT out_of_order CHECK (false) NOT VALID")


def places_with(text: str) -> list[str]:
    """Every column of every table in which `text` stands, as text or as bytes."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'character', 'bytea', 'json', 'jsonb', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            # Bytes are shown in hexadecimal by the cast to text.
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE ANY(%s)',  # noqa: S608
                [[f"%{text}%", f"%{text.encode().hex()}%"]],
            )
            if cursor.fetchone() != (0,):
                found.append(f"{table}.{column}")
    return found
