"""Ending in good order, and never without one's children."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
# The status to end with, once a signal has asked for the end.
_asked: list[int] = []


def end_in_good_order_on_signals(status: int | None = None) -> None:
    """Turn Ctrl-C and SIGTERM into an ordinary exit, so that what was started is stopped; once is enough."""

    def end(signum: int, _frame: object) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        _asked.append(128 + signum if status is None else status)
        raise SystemExit(_asked[0])

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, end)


def end_if_asked() -> None:
    """Raise SystemExit once a signal has asked for the end.

    Whoever waits for long asks now and then: what a signal raises is lost where Python reports an exception and goes
    on, as it does in what runs around the start of a child.
    """
    if _asked:
        raise SystemExit(_asked[0])


def ending_with(parent: int) -> Callable[[], None] | None:
    """What a child does first, so that the kernel ends it when `parent`, our process, ends however it may.

    None where the kernel does not offer that: only Linux does.
    """
    if sys.platform != "linux":
        return None
    set_option = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        set_option(PR_SET_PDEATHSIG, signal.SIGTERM)
        # Our process may have ended just before.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return tie


def command_of(pid: int) -> str:
    """The command line of a process that runs; empty when there is none, or only what is left of one."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
