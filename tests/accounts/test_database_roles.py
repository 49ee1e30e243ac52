"""In production the site runs as another role than the owner of its tables, and the record is out of its reach."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts.domain.audit import record
from accounts.domain.events import UserCreated
from tests.factories import UserFactory

HOUSE = Path(__file__).resolve().parent.parent.parent
ROLES = HOUSE / "docs/database-roles.sql"
NAME = "two_roles"
FORBIDDEN = {
    "emptied": "TRUNCATE accounts_auditevent",
    "emptied along with others": "TRUNCATE accounts_user CASCADE",
    "changed": "UPDATE accounts_auditevent SET action = 'x'",
    "shortened": "DELETE FROM accounts_auditevent",
    "left unguarded": "ALTER TABLE accounts_auditevent DISABLE TRIGGER ALL",
    "stripped of a guard": "DROP TRIGGER audit_is_not_emptied ON accounts_auditevent",
    "taken for a replica's": "SET session_replication_role = replica",
    "replaced": "DROP TABLE accounts_auditevent",
    "robbed of its rule": "CREATE OR REPLACE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NULL; END $$",
    "given away": "ALTER TABLE accounts_auditevent OWNER TO pairing",
}


def test_nobody_empties_the_record_not_even_the_owner_of_the_tables(root):
    record(UserCreated(), by=None, subject=UserFactory())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises((IntegrityError, InternalError), match="cannot be changed or removed"), transaction.atomic():
            cursor.execute("TRUNCATE accounts_auditevent")


def connected(name: str, user: str) -> psycopg.Connection[tuple[object, ...]]:
    to = connection.get_connection_params()
    return psycopg.connect(host=to["host"], port=to["port"], user=user, dbname=name, autocommit=True)


def manage(user: str, *arguments: str) -> None:
    """A command of the site, on the database of the two roles, as one of them."""
    to = connection.get_connection_params()
    url = f"postgres://{user}@:{to['port']}/{NAME}?host={quote(to['host'], safe='')}"
    environment = {**os.environ, "DATABASE_URL": url, "DEMO": "0", "SECRET_KEY": "x" * 50}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=HOUSE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def two_roles(db) -> Iterator[None]:
    """A database made as docs/database-roles.sql says."""
    superuser = connection.get_connection_params()["user"]
    drop = [f"DROP DATABASE IF EXISTS {NAME}", "DROP ROLE IF EXISTS pairing", "DROP ROLE IF EXISTS pairing_owner"]
    make = [
        "CREATE ROLE pairing_owner LOGIN",
        "CREATE ROLE pairing LOGIN",
        f"CREATE DATABASE {NAME} OWNER pairing_owner",
    ]
    with connected("postgres", superuser) as server:
        for statement in [*drop, *make]:
            server.execute(statement.encode())
        try:
            manage("pairing_owner", "migrate", "--verbosity", "0")
            with connected(NAME, "pairing_owner") as owner:
                owner.execute(ROLES.read_bytes())
            yield
        finally:
            for statement in drop:
                server.execute(statement.encode())


# One test, for roles are the whole server's: two processes cannot have them at the same time.
def test_the_site_works_with_what_it_is_granted_and_the_record_is_out_of_its_reach(two_roles, tmp_path):
    manage("pairing", "migrate", "--verbosity", "0")
    manage("pairing", "create_admin", "--login", "head", "--name", "Hedda Head", "--password", "a long password")
    users = tmp_path / "users.csv"
    users.write_text("user_id,login_id,full_name,status\nA,ana,Ana Ito,active\n")
    manage("pairing", "sis_import", str(users))
    with connected(NAME, "pairing") as site:
        assert site.execute("SELECT count(*) FROM accounts_user WHERE sis_user_id = 'A'").fetchone() == (1,)
        done = []
        for what, statement in FORBIDDEN.items():
            try:
                site.execute(statement.encode())
                done.append(what)
            except psycopg.errors.InsufficientPrivilege:
                pass
    assert done == []
