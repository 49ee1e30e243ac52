"""Turns: what one process at a time does for an account, on however many machines.

A turn is a lease. A row (sis.models.Turn) says by a token whose it is, and until when; its holder prolongs that while
at work, and whoever finds it lapsed takes it. So it needs no session of the database, and outlives a lost connection;
of a process that was killed, or a machine that is gone, it lapses within twenty seconds.

A holder may have been asleep for that long and know nothing of it. So while a turn is held, every transaction of this
connection begins by holding the token's row, and comes to nothing where the turn is somebody else's by now. Whoever
takes a lapsed turn first ends what the holder before still has open, so that the two never write side by side.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from accounts.models import Account
from sis.models import Turn

logger = logging.getLogger(__name__)
# In seconds. A busy machine may be late several times over before anybody takes the turn for lapsed.
LASTS = 20.0
PROLONGED_EVERY = 4.0
ASKED_FOR_EVERY = 1.0

LOOK = "SELECT token, until < clock_timestamp() FROM sis_turn WHERE account_id = %s AND of = %s"
END_WHAT_IS_OPEN = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()"
)
TAKE = """
INSERT INTO sis_turn (account_id, of, token, holder, until)
VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (account_id, of) DO UPDATE SET token = EXCLUDED.token, holder = EXCLUDED.holder, until = EXCLUDED.until
WHERE sis_turn.until < clock_timestamp()
RETURNING token
"""
PROLONG = "UPDATE sis_turn SET until = clock_timestamp() + make_interval(secs => %s) WHERE token = %s"
GIVE_BACK = "UPDATE sis_turn SET until = 'epoch' WHERE token = %s"
# Another token is a change of a key, and waits for whoever holds the row like this; prolonging is none, and does not.
# By its name the transaction is found by END_WHAT_IS_OPEN.
HOLD = "SELECT set_config('application_name', %s, true) FROM sis_turn WHERE token = %s FOR KEY SHARE"


class TurnLost(Exception):
    """The turn has lapsed and been taken by somebody else; what was not committed is undone."""


@contextmanager
def turn(root: Account, of: str = Turn.Of.IMPORTS, *, wait: bool = False) -> Iterator[bool]:
    """Hold the turn inside the block, over any number of transactions; give whether it is ours.

    Unless `wait`, it is not while somebody else has it. Inside the block, whatever is asked of the database raises
    TurnLost once the turn is ours no more.
    """
    token = _taken(root, of)
    while wait and token is None:
        time.sleep(ASKED_FOR_EVERY)
        token = _taken(root, of)
    if token is None:
        yield False
        return
    try:
        with _prolonged(connections[connection.alias], token), connection.execute_wrapper(_Fence(token)):
            yield True
    finally:
        # Where the database is away it lapses instead.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, [token])


def _taken(root: Account, of: str) -> uuid.UUID | None:
    """Take the turn if nobody has it, or it has lapsed; return its new token, or None."""
    token, holder = uuid.uuid4(), f"{socket.gethostname()}, process {os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [root.pk, of])
        if found := cursor.fetchone():
            before, has_lapsed = found
            if not has_lapsed:
                return None
            cursor.execute(END_WHAT_IS_OPEN, [_name(before)])
        cursor.execute(TAKE, [root.pk, of, token, holder[:255], LASTS])
        return token if cursor.fetchone() else None


def _name(token: uuid.UUID) -> str:
    return f"observer-pairing turn {token}"


@contextmanager
def _prolonged(ours: BaseDatabaseWrapper, token: uuid.UUID) -> Iterator[None]:
    """Prolong the turn now and then inside the block, whatever goes on there."""
    over = Event()
    thread = Thread(target=_prolong, args=(ours, token, over), name="turn", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PROLONGED_EVERY)


def _prolong(ours: BaseDatabaseWrapper, token: uuid.UUID, over: Event) -> None:
    """Do so by a connection of its own, to the database of `ours`, until it is `over` or the turn is lost."""
    own = ours.copy()
    try:
        while not over.wait(PROLONGED_EVERY):
            try:
                with own.cursor() as cursor:
                    cursor.execute(PROLONG, [LASTS, token])
                    if not cursor.rowcount:
                        return
            except DatabaseError as error:
                # It may be back the next time.
                logger.warning("a turn could not be prolonged: %s", type(error).__name__)
                own.close()
    finally:
        own.close()


class _Fence:
    """Lets nothing through to the database in a transaction that has not found the turn to be ours."""

    def __init__(self, token: uuid.UUID) -> None:
        self._token = token
        self._asking = False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self._asking or connection.connection.info.transaction_status is not TransactionStatus.IDLE:
            return execute(sql, params, many, context)
        # What comes now begins a transaction, or is one of its own.
        if connection.in_atomic_block:
            self._ask()
            return execute(sql, params, many, context)
        with transaction.atomic():
            self._ask()
            return execute(sql, params, many, context)

    def _ask(self) -> None:
        self._asking = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(HOLD, [_name(self._token), self._token])
                if not cursor.fetchone():
                    raise TurnLost
        finally:
            self._asking = False
