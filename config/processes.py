"""Ending in good order."""

import signal
from typing import NoReturn


def end_in_good_order_on_signals(status: int | None = None) -> None:
    """Turn Ctrl-C and SIGTERM into an ordinary exit, so that what was started is stopped; once is enough."""

    def end(signum: int, _frame: object) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + signum if status is None else status)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, end)
