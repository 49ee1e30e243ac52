"""The way from the web server to Django: `granian --interface rsgi config.gateway:application`.

Handed a request as soon as its head is there, Django would take a thread for it and wait for the body: a dozen senders
who dawdle would stop the site. So a body is received here, by a deadline and at a minimum rate, before a thread is
taken. Large ones, which only uploads of rosters may be and which nobody reads before knowing who sends them, have
threads of their own. Answers are handed to the server whole, so that nobody who reads slowly holds a thread either,
and a download that fails half way is an error and no half file.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from accounts.pieces import PieceReader
from config.answers import Answer, FileOnDisk, answer_of
from config.processes import save_memory
from config.stack_room import with_room

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import HTTPProtocol, Scope

logger = logging.getLogger(__name__)

READ_AHEAD = 2_621_440  # as much as Django takes into memory (DATA_UPLOAD_MAX_MEMORY_SIZE)
IN_MEMORY = 64 * 1024


class Unfit(Exception):
    """A request that goes no further: the status to answer, and why, for whoever sent it."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Pace:
    """How slow a sender may be: `grace` seconds for nothing, then so many bytes a second, and `longest` in all."""

    grace: float
    rate: float
    longest: float = float("inf")

    def allows(self, received: int) -> float:
        """Return for how many seconds a sender may be waited for who has sent so much, all waiting counted."""
        return min(self.grace + received / self.rate, self.longest)


class Arriving:
    """The body of one request: as many bytes as were announced, or Unfit."""

    def __init__(self, protocol: HTTPProtocol, length: int, pace: Pace) -> None:
        self._chunks = aiter(protocol)
        self._length = length
        self._pace = pace
        self._received = 0
        self._waited = 0.0

    async def more(self) -> bytes:
        """The next piece; empty at the end. Raises Unfit for a sender who is too slow or stops too early.

        Only waiting for the sender counts, so that it may take time to deal with what came.
        """
        loop = asyncio.get_running_loop()
        chunk = b""
        while not chunk and self._received < self._length:
            begun = loop.time()
            try:
                async with asyncio.timeout(self._pace.allows(self._received) - self._waited):
                    chunk = await anext(self._chunks)
            except TimeoutError:
                raise Unfit(408, "The request came in too slowly.") from None
            except StopAsyncIteration:
                raise Unfit(400, "The request ended too early.") from None
            self._waited += loop.time() - begun
            self._received += len(chunk)
        return chunk

    async def whole(self) -> IO[bytes]:
        """All of it, from its beginning. Raises Unfit."""
        if not self._length:
            return io.BytesIO()
        kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 whoever reads it closes it
        while chunk := await self.more():
            kept.write(chunk)
        kept.seek(0)
        return kept

    def in_pieces(self) -> IO[bytes]:
        """Return a file that a thread reads while the body comes in; an OSError says that no more is coming."""
        loop = asyncio.get_running_loop()

        def more() -> bytes:
            try:
                return asyncio.run_coroutine_threadsafe(self.more(), loop).result()
            except Unfit as refusal:
                raise OSError(refusal.reason) from None

        return io.BufferedReader(PieceReader(more), IN_MEMORY)


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
    """Return the head of a request as WSGI wants it, without headers whose name holds an underscore.

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
    """Return how long the body is. Raises Unfit where that is not said: then its end could not be told from a broken
    line.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise Unfit(411, "Please say in Content-Length how long the body is.")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal() and len(length) < 19):
        raise Unfit(400, "The Content-Length is no number.")
    return int(length)


def _application() -> Gateway:
    from config.wsgi import application  # here, because it sets up Django

    save_memory()
    return Gateway(application, int(os.environ.get("WEB_THREADS", "4")))


def __getattr__(name: str) -> Gateway:
    """Make the application of the server when it asks for it, so that tests can import the rest."""
    if name == "application":
        globals()[name] = _application()
        return globals()[name]
    raise AttributeError(name)
