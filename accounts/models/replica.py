"""Lists that may lag: read from a replica of the database, where the installation has one (DATABASE_REPLICA_URL).

A replica shows the database as it was a moment ago. That will do for whole lists that staff look through, and these
cost the database most. It will not do for what decides: rights, sessions, codes, links of an observer, or what a form
or a program has just written. So nothing is read there but what is handed to `lagging` with the name of the connection;
objects that come from there are looked up further, and saved, in the database itself (`Primary`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

logger = logging.getLogger(__name__)
Found = TypeVar("Found")

REPLICA = "replica"
# In seconds: how far behind it may be, how often we look, and for how long it is left alone when it did not serve.
MOST_BEHIND = 10.0
LOOK_EVERY = 2.0
PAUSE = 10.0

# A replica that has all it was sent is up to date, if it is being sent anything. One that has become the database
# itself is too. What it was sent and has not carried out is at least as old as the last that it has.
BEHIND = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 0
    WHEN NOT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN NULL
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
END
"""

_wants_primary: ContextVar[bool] = ContextVar("wants_primary", default=False)
# By time.monotonic(): until when what each connection leads to is known to be fresh, for it may be one of several
# replicas; and until when this process leaves them alone.
_fresh: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
_alone = {"until": 0.0}


class _Behind(DatabaseError):
    """The replica is too far behind, or nothing is sent to it any more."""


class Primary:
    """Has Django use the database itself for all that does not name the replica, be it about what came from there."""

    def db_for_read(self, *_about: Any, **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    db_for_write = db_for_read

    def allow_relation(self, *_objects: Any, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, *_about: Any, **_hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def lagging(read: Callable[[str], Found]) -> Found:
    """Return what `read` finds, given the name of the connection to ask (`queryset.using(name)`).

    It must come back with the rows, and not with a query. It is asked of the replica; and of the database itself where
    there is none, where the replica is away or too far behind, and after the reader has changed something.
    """
    if REPLICA not in connections or _wants_primary.get() or time.monotonic() < _alone["until"]:
        return read(DEFAULT_DB_ALIAS)
    try:
        _check_is_fresh()
        return read(REPLICA)
    except DatabaseError as error:
        # It may lack even a table that this version has; and what is wrong with the question will be told again.
        logger.warning("the replica is left alone for %s s: %s", PAUSE, error.__class__.__name__.strip("_"))
        _alone["until"] = time.monotonic() + PAUSE
        connections[REPLICA].close()
        return read(DEFAULT_DB_ALIAS)


def _check_is_fresh() -> None:
    connection = connections[REPLICA]
    connection.ensure_connection()
    if time.monotonic() < _fresh.get(connection.connection, 0.0):
        return
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        (behind,) = cursor.fetchone()
    if behind is None or behind > MOST_BEHIND:
        raise _Behind
    _fresh[connection.connection] = time.monotonic() + LOOK_EVERY


@contextmanager
def wanting_primary() -> Iterator[None]:
    """Have `lagging` read the database itself inside the block: for whoever has just changed something."""
    mark = _wants_primary.set(True)
    try:
        yield
    finally:
        _wants_primary.reset(mark)
