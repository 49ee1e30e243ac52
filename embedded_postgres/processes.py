"""Processes: ending in good order, and never without one's children."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
    """Return what a child does first, so that the kernel ends it when `parent`, our process, ends however it may.

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
    """Return the command line of a process that runs; empty when there is none, or only what is left of one."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


@contextmanager
def beside_us(*command: str, cwd: Path, may_take: float) -> Iterator[subprocess.Popen[bytes]]:
    """Run another process inside the block. It ends with us: asked to first, and killed after `may_take` seconds."""
    # In a session of its own, so that Ctrl-C reaches only us, and we end things in order.
    process = subprocess.Popen(command, cwd=cwd, start_new_session=True, preexec_fn=ending_with(os.getpid()))
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(may_take)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def kept_beside_us(*command: str, cwd: Path, may_take: float, restart_after: float) -> Iterator[Callable[[], None]]:
    """Run another process inside the block, as `beside_us` does, and give what starts it anew when it has ended.

    Call that now and then. It starts nothing within `restart_after` seconds of the last start.
    """
    with ExitStack() as started:
        running = started.enter_context(beside_us(*command, cwd=cwd, may_take=may_take))
        began = time.monotonic()

        def keep_running() -> None:
            nonlocal running, began
            if running.poll() is not None and time.monotonic() > began + restart_after:
                began = time.monotonic()
                running = started.enter_context(beside_us(*command, cwd=cwd, may_take=may_take))

        yield keep_running
