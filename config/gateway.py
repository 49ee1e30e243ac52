"""The way from the web server to Django: `granian --interface rsgi config.gateway:application`.

Handed a request as soon as its head is there, Django would take a thread for it and wait for the body: a dozen senders
who dawdle would stop the site. So a body is received here, by a deadline and at a minimum rate, before a thread is
taken. Large ones, which only uploads of rosters may be and which nobody reads before knowing who sends them, have
threads of their own. Answers are handed to the server whole, so that nobody who reads slowly holds a thread either,
and a download that fails half way is an error and no half file.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from config.answers import Answer, FileOnDisk, answer_of
from config.request_bodies import Arriving, Pace, Unfit
from config.stack_room import with_room

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import HTTPProtocol, Scope

logger = logging.getLogger(__name__)

READ_AHEAD = 2_621_440  # as much as Django takes into memory (DATA_UPLOAD_MAX_MEMORY_SIZE)
FORMS = Pace(grace=10, rate=1024, longest=60)
UPLOADS = Pace(grace=20, rate=8 * 1024)
UPLOAD_THREADS = 2


class Gateway:
    """Answers requests with a WSGI application, in threads of which none ever waits for a form."""

    def __init__(
        self, application: WSGIApplication, threads: int, forms: Pace = FORMS, uploads: Pace = UPLOADS
    ) -> None:
        self._application = application
        self._forms, self._uploads = forms, uploads
        self._threads = ThreadPoolExecutor(threads, "request")
        self._upload_threads = ThreadPoolExecutor(UPLOAD_THREADS, "upload")

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request: what the server calls."""
        try:
            answer = await self._answer(scope, protocol)
        except Unfit as refusal:
            answer = Answer.of_text(refusal.status, refusal.reason)
        except Exception:
            logger.exception("The application failed.")
            answer = Answer.of_text(500, "Something went wrong on our side.")
        answer.send(protocol)

    async def _answer(self, scope: Scope, protocol: HTTPProtocol) -> Answer:
        environ = environ_of(scope)
        length = _length(environ)
        if length > READ_AHEAD:
            threads, body = self._upload_threads, Arriving(protocol, length, self._uploads).in_pieces()
        else:
            threads, body = self._threads, await Arriving(protocol, length, self._forms).whole()
        environ["wsgi.input"] = body
        answering = partial(with_room, answer_of, self._application, environ)
        return await asyncio.get_running_loop().run_in_executor(threads, answering)


def environ_of(scope: Scope) -> WSGIEnvironment:
    """The head of a request as WSGI wants it, without headers whose name holds an underscore.

    In WSGI's spelling those could not be told from the ones with a hyphen: a client's `X_Forwarded_For` would stand
    beside, or for, what our proxy wrote into `X-Forwarded-For`.
    """
    host, _colon, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": FileOnDisk,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        between = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{between}{value}" if key in environ else value
    return environ


def _length(environ: WSGIEnvironment) -> int:
    """How long the body is. Raises Unfit where that is not said: then its end could not be told from a broken line."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise Unfit(411, "Please say in Content-Length how long the body is.")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal() and len(length) < 19):
        raise Unfit(400, "The Content-Length is no number.")
    return int(length)


def _application() -> Gateway:
    from config.wsgi import application  # here, because it sets up Django

    return Gateway(application, int(os.environ.get("WEB_THREADS", "4")))


def __getattr__(name: str) -> Gateway:
    """Make the application of the server when it asks for it, so that tests can import the rest."""
    if name == "application":
        globals()[name] = _application()
        return globals()[name]
    raise AttributeError(name)
