"""The rate of calls: each access token has a bucket, which calls fill by what they cost and time empties.

Whoever has filled theirs is answered 403 until there is room again, as in Canvas, and every answer says how much is
left: scripts go slower by that. The processes of a site share the buckets in a file, which is locked for microseconds,
so that a call costs no statement. On several machines each counts for itself: what is shared out is the time of its own
threads, half of them for one token unless it is told otherwise.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from django.conf import settings

# Of a bucket: the beginning of the token's digest, how full it was, and when (seconds since 1970).
RECORD = struct.Struct("=8sdd")
BUCKETS = 16_384
# How many places a token's bucket may be in. If others have them all, it takes that of whoever has used least.
PLACES = 8
SIZE = RECORD.size * (BUCKETS + PLACES)
KEY = 8

# A call costs the seconds that it takes; so many in advance, given back at its end, hold for calls side by side.
IN_ADVANCE = 1.0
LEAST, MOST = 0.01, 10.0


class RateLimitExceeded(Exception):
    """The bucket of a token is full; `wait` is in how many seconds there is room again."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__("Rate Limit Exceeded")


class Buckets:
    """The buckets in a file, or in memory where there is none to write to."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = None if path is None else _opened(path)
        self._memory = mmap.mmap(-1 if self._file is None else self._file, SIZE)

    def pour(self, key: bytes, cost: float, *, leak: float, now: float) -> float:
        """Let a bucket leak so much each second since it was last filled, pour in a cost, and return how full it is."""
        with self._held():
            place, level = self._found(key, leak, now)
            level = max(0.0, level + cost)
            RECORD.pack_into(self._memory, place, key, level, now)
        return level

    def _found(self, key: bytes, leak: float, now: float) -> tuple[int, float]:
        first = int.from_bytes(key, "big") % BUCKETS
        least, fewest = 0, float("inf")
        for place in range(first * RECORD.size, (first + PLACES) * RECORD.size, RECORD.size):
            whose, level, at = RECORD.unpack_from(self._memory, place)
            level = max(0.0, level - leak * max(0.0, now - at))
            if whose == key:
                return place, level
            if level < fewest:
                least, fewest = place, level
        return least, 0.0

    @contextmanager
    def _held(self) -> Iterator[None]:
        # A lock on a file holds against other processes, and not against threads of this one.
        with self._lock:
            if self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if self._file is not None:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)


def _opened(path: Path) -> int | None:
    """Open the file, and make it if it is not there; return None where nothing can be written."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(file).st_size < SIZE:
            os.ftruncate(file, SIZE)
        return file
    return None


@cache
def buckets() -> Buckets:
    """Return the buckets of this site, opened once in each process."""
    return Buckets(settings.DATA_DIR / "call_rates")


class Charge:
    """What one call is charged: so much in advance, and at its end what it has cost."""

    def __init__(self, key: bytes) -> None:
        """Charge a call. Raises RateLimitExceeded for one that finds the bucket full."""
        self._key, self._began = key[:KEY], time.perf_counter()
        level = self._pour(IN_ADVANCE) - IN_ADVANCE
        if level >= settings.API_RATE_LIMIT:
            self._pour(-IN_ADVANCE)
            over = level - settings.API_RATE_LIMIT + IN_ADVANCE
            raise RateLimitExceeded(over / settings.API_RATE_PER_SECOND if settings.API_RATE_PER_SECOND else 60)

    def settle(self) -> dict[str, str]:
        """Charge what the call has cost; return the headers that tell the client."""
        cost = min(max(time.perf_counter() - self._began, LEAST), MOST)
        left = max(0.0, settings.API_RATE_LIMIT - self._pour(cost - IN_ADVANCE))
        return {"X-Request-Cost": f"{cost:.4f}", "X-Rate-Limit-Remaining": f"{left:.4f}"}

    def _pour(self, cost: float) -> float:
        return buckets().pour(self._key, cost, leak=settings.API_RATE_PER_SECOND, now=time.time())
