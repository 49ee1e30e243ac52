"""The function calls of Python that a request costs: the same on a busy machine as on a quiet one."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.wsgi import get_wsgi_application

from bench.load import HOST


def calls(path: str, cookie: str) -> Counter[str]:
    """Return how many functions are called within each function for a GET, built-in ones too, once all is warm.

    Under "" stands how many there are.
    """
    ask = _asking(path, cookie)
    for _time in range(3):
        ask()
    found, running, stack = Counter[str](), Counter[str](), list[tuple[str, int]]()
    number = 0

    def note(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        if event in ("call", "c_call"):
            number += 1
        if event == "call":
            code = frame.f_code
            name = f"{code.co_filename}:{code.co_firstlineno} {code.co_qualname}"
            stack.append((name, number))
            running[name] += 1
        elif event == "return" and stack:
            name, before = stack.pop()
            running[name] -= 1
            # Of a function that calls itself only the outermost call counts.
            if not running[name]:
                found[name] += number - before + 1

    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(None)
    found[""] = number
    return found


def _asking(path: str, cookie: str) -> Callable[[], None]:
    """Return what asks for a page in this process, through the WSGI application. Raises for anything but a 200."""
    application: Any = get_wsgi_application()
    path, _mark, query = path.partition("?")

    def ask() -> None:
        environ = {
            **{"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie},
            **{"SERVER_NAME": HOST, "SERVER_PORT": "80", "REMOTE_ADDR": HOST, "SERVER_PROTOCOL": "HTTP/1.1"},
            **{"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()},
        }
        said: list[str] = []
        answer = application(environ, lambda status, _headers: said.append(status))
        list(answer)
        answer.close()
        if said != ["200 OK"]:
            raise SystemExit(f"{path}: {said}")

    return ask
