"""Advisory locks: locks on what is no row of a table. Every one there is stands in this register.

PostgreSQL knows such a lock by two numbers: which of ours it is, and what it is about (a record's id, or the hash of a
text). Locks of one number, as libraries take them, never meet these. All end with their transaction: those of a session
would be lost behind a pooler that gives each transaction another one. What is longer than a transaction is a lease: see
sis/imports/turns.py.
"""

from enum import IntEnum, unique

from django.db import connection


@unique
class AdvisoryLock(IntEnum):
    """The first number of each advisory lock, by what is done one after the other. Add new ones here, and to ORDER."""

    # By what is counted, such as an account: simultaneous guesses at a secret must not outrun their count.
    TRY = 1
    # By what is counted: failures at a secret, for whoever counts those of all.
    FAILURE = 2
    # One for all (by 0): whoever makes or moves accounts. The database takes it too (accounts/guards.py).
    TREE = 3
    # One for all (by 0): the node that brings the database up to its version.
    MIGRATION = 715_001
    # By import: one process copies an upload without its passwords.
    KEPT_UPLOAD = 715_002
    # By the next id of an event, shared by all who write events: it waits for nobody, and says who is at it. Taken and
    # read by the database only (accounts/guards.py), as one number of 64 bits: this one, and 48 bits for the id.
    EVENTS = 17_750


TRY_TO_HOLD = "SELECT pg_try_advisory_xact_lock(%s, %s)"
HOLD = "SELECT pg_advisory_xact_lock(%s, %s)"
HOLD_TEXT = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"


def hold(lock: AdvisoryLock, about: int | str) -> None:
    """Wait for the lock and hold it until the transaction ends (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD if isinstance(about, int) else HOLD_TEXT, [lock, about])
