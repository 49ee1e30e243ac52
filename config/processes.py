"""The processes of the web server: how many there are, and what memory they keep."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from threading import Lock

import environ

# Each holds connections to the database, of which there are a hundred by default.
MOST = 16
M_MMAP_THRESHOLD = -3
LARGE = 1024 * 1024


def workers() -> int:
    """Return how many processes there are: WEB_WORKERS, otherwise one for each core that we may use; two at least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return environ.Env().int("WEB_WORKERS", default=min(max(2, cores), MOST))


def save_memory() -> None:
    """Hash one password at a time in this process, and have memory of a megabyte and more go back to the system as soon
    as it is free.

    To hash a password takes 19 MiB. Two at once take twice as much and, with a process for each core, no less time.
    And glibc would keep as much for each thread that has ever done so; other C libraries do not know the option.
    """
    from accounts.hashers import Argon2Hasher  # here, because the settings ask this module how many processes there are

    Argon2Hasher.turn = Lock()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)
