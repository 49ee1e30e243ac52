"""What a request has looked up, so that it looks nothing up twice: permissions, and the root account.

Whatever is written to a table that something here was read from, it is all forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Found = TypeVar("Found")
_memory: ContextVar[dict[Any, Any] | None] = ContextVar("memory", default=None)
_read_from: set[str] = set()
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


def read_from(*models: type[Model]) -> None:
    """Say that what is remembered is read from the tables of these models."""
    _read_from.update(model._meta.db_table for model in models)


@contextmanager
def remembering() -> Iterator[None]:
    """Look things up once, for the length of one request."""
    token = _memory.set({})
    try:
        with connection.execute_wrapper(_forget_what_changes):
            yield
    finally:
        _memory.reset(token)


def _forget_what_changes(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    result = execute(sql, params, many, context)
    if isinstance(sql, str) and not _read_from.isdisjoint(_written_by(sql)):
        forget()
    return result


@lru_cache(maxsize=1_000)
def _written_by(sql: str) -> frozenset[str]:
    """Return the tables to which a statement writes."""
    return frozenset(WRITES.findall(sql))


def forget() -> None:
    """Forget what was looked up in this request, because it has changed."""
    if (memory := _memory.get()) is not None:
        memory.clear()


def remembered(kind: str, user: Model | None, ids: Iterable[int]) -> dict[int, Any]:
    """Return what is already known of this kind about these records (by their ids), for `user` or (None) for all."""
    memory, whose = _memory.get() or {}, user.pk if user else None
    return {pk: memory[kind, whose, pk] for pk in ids if (kind, whose, pk) in memory}


def remember(kind: str, user: Model | None, found: Mapping[int, Any]) -> None:
    """Keep what was found about these records for the rest of the request."""
    if (memory := _memory.get()) is not None:
        memory.update({(kind, user.pk if user else None, pk): each for pk, each in found.items()})


def once(about: str, look_up: Callable[[], Found]) -> Found:
    """Return what `look_up` finds, which is asked once for the length of one request."""
    memory = _memory.get()
    if memory is None:
        return look_up()
    if about not in memory:
        found = look_up()
        memory[about] = found
    known: Found = memory[about]
    return known


def tell(about: str, found: Any) -> None:
    """Say what `once` would find: it came along with something else."""
    if (memory := _memory.get()) is not None:
        memory[about] = found
