"""Looking at the database from outside, and breaking it, for the tests."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def statements(action: Callable[[], object]) -> int:
    """The number of statements `action` sends. Compare two such numbers: savepoints are counted too.

    An import has the database look at tables that have grown much (`ANALYZE`), be it by tests before: not counted.
    """
    with CaptureQueriesContext(connection) as captured:
        action()
    return sum(not query["sql"].startswith("ANALYZE") for query in captured)


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
