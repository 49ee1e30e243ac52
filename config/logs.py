"""What is logged: error reports that cannot leak (no request, no variables), and ordinary refusals in a line."""

import logging
from typing import Any

from django.views.debug import ExceptionReporter


class BareExceptionReporter(ExceptionReporter):
    """Reports the traceback alone: query strings, forms and variables may hold codes or passwords."""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)

    def get_traceback_frames(self) -> list[dict[str, Any]]:
        frames = super().get_traceback_frames()
        for frame in frames:
            frame["vars"] = []
        return frames


class WithoutTracebackOfRefusals(logging.Filter):
    """Leaves of a request that was refused or not understood only the line: a traceback is for faults of ours.

    So it is of one that the database was away for: there may be thousands of them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        not_now = getattr(record, "status_code", None) == 503
        refused = record.name == "django.request" and (record.levelno < logging.ERROR or not_now)
        if refused and not_now and record.exc_info and record.exc_info[0]:
            record.msg = f"{record.msg} ({record.exc_info[0].__name__})"
        if refused or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
