"""What becomes of a request whose transaction the database ended: tried again, or answered with "not just now".

Two who change the same things at the same moment may end up waiting for each other, for all the order of
accounts/domain/locks.py; then the database ends one of the two, of which nothing is kept. That one is carried out anew.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest, HttpResponseBase

from accounts.memory import remembering
from sis.upload.parts import StoreAway

TRIES = 3
AGAIN = {"40001": "serialization failure", "40P01": "deadlock"}
# Nothing is wrong with the request, and later it may well go: the classes of SQLSTATE for connections, for resources
# (a full disk), for somebody stepping in (a restart) and for failures of the system; and what cannot be written.
LATER = ("08", "53", "57P", "58")
READ_ONLY = "25006"
# Internal ones are of the driver, where the database has not said so itself: what came back was no answer to what it
# asked. So it is where server and pooler both report the end of a connection.
ABOUT_CONNECTIONS = (
    *(OperationalError, InterfaceError, InternalError),
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError),
)
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE (?:\S+ )+?SET|DELETE FROM|COPY|CREATE)\b", re.IGNORECASE)


def state_of(error: BaseException | None) -> str:
    """Return the SQLSTATE of a database's error; empty for one that the database never got to answer."""
    return getattr(_said_by_database(error), "sqlstate", None) or ""


def _said_by_database(error: BaseException | None) -> psycopg.Error | None:
    """Return the error of the database that another was raised from, be it by Django or by the library of jobs."""
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    return error


def is_worth_another_try(error: BaseException) -> bool:
    """Return whether the database ended a transaction only because of another one."""
    return state_of(error) in AGAIN


def is_out_of_order(error: BaseException) -> bool:
    """Return whether the database is away, full, or open to readers only, or where uploads are kept is away: a matter
    for later, or for whoever runs it.
    """
    if isinstance(error, StoreAway):
        return True
    state = state_of(error)
    if state:
        return state.startswith(LATER) or state in (READ_ONLY, *AGAIN)
    return isinstance(_said_by_database(error) or error, ABOUT_CONNECTIONS)


class Kept:
    """Whether anything that a request wrote has been committed, so that it cannot be carried out anew."""

    def __init__(self) -> None:
        self.anything = False
        self._asked = False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not self.anything and isinstance(sql, str) and WRITES.search(sql):
            if not connection.in_atomic_block:
                self.anything = True
            else:
                connection.on_commit(self._note)
        return execute(sql, params, many, context)

    def _note(self) -> None:
        self.anything = True


@contextmanager
def noting_what_is_kept(request: HttpRequest) -> Iterator[None]:
    """Have the request know whether it has committed anything."""
    request.kept = Kept()  # type: ignore[attr-defined]
    with connection.execute_wrapper(request.kept):  # type: ignore[attr-defined]
        yield


def carry_out_again(request: HttpRequest, error: Exception) -> HttpResponseBase | None:
    """Return the answer of the view, called again where that may help and nothing was kept; None where it may not.

    Raises what the view raises.
    """
    match = request.resolver_match
    for tried in range(1, TRIES):
        if not is_worth_another_try(error) or request.kept.anything or match is None:  # type: ignore[attr-defined]
            return None
        if getattr(match.func, "takes_files", False):
            return None
        # The other one is probably still at it.
        time.sleep(random.uniform(0, 0.05 * tried))  # noqa: S311 no secret
        try:
            with remembering():
                return match.func(request, *match.args, **match.kwargs)
        except DatabaseError as another:
            error = another
    return None
