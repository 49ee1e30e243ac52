"""What is logged: lines that can be put together by request, and error reports that cannot leak: they have no request
and no variables.
"""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.views.debug import ExceptionReporter
from pythonjsonlogger.json import JsonFormatter

# Of the request that this thread answers: see config/middleware.py.
request_id: ContextVar[str] = ContextVar("request_id", default="")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
logger = logging.getLogger(__name__)


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


class WithRequestId(logging.Filter):
    """Gives every record the id of the request it belongs to; "-" for none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        record.request_id = request_id.get() or "-"
        return True


class JsonLines(JsonFormatter):
    """Writes each record as a line of JSON: these fields, and nothing else that came along, such as a request."""

    FIELDS = ("at", "level", "logger", "request_id", "message", "exc_info")

    def __init__(self) -> None:
        names = {"asctime": "at", "levelname": "level", "name": "logger"}
        super().__init__("%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s", rename_fields=names)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {field: log_data[field] for field in self.FIELDS if field in log_data}


def report_slow_statements(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Have a new connection log the statements that take longer than SLOW_STATEMENT_SECONDS."""
    if settings.SLOW_STATEMENT_SECONDS:
        connection.execute_wrappers.insert(0, _timed)


def _timed(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        taken = time.perf_counter() - begun
        if taken >= settings.SLOW_STATEMENT_SECONDS:
            # Never the parameters: names stand in them, and digests of codes.
            logger.warning("a statement took %.3f s: %s", taken, " ".join(str(sql).split()))
