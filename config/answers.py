"""Answers of the application, made whole in a thread and then left to the web server to send."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import HTTPProtocol

IN_MEMORY = 1024 * 1024
BLOCK = 64 * 1024
# The server opens a file a moment after it was told of it, and then needs its name no more.
OPENED_WITHIN = 60
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A status, headers, and the body: in memory, or at a path."""

    status: int
    headers: Headers
    body: bytes = b""
    path: str = ""
    passing: bool = False

    @classmethod
    def of_text(cls, status: int, text: str) -> Answer:
        """Return a line of text, after which the connection is closed: the rest of the request may still be on
        its way.
        """
        return cls(status, [("content-type", "text/plain; charset=utf-8"), ("connection", "close")], text.encode())

    def send(self, protocol: HTTPProtocol) -> None:
        """Hand it to the server; a passing file is removed once that has opened it."""
        if not self.path:
            return protocol.response_bytes(self.status, self.headers, self.body)
        protocol.response_file(self.status, self.headers, self.path)
        if self.passing:
            asyncio.get_running_loop().call_later(OPENED_WITHIN, _remove, self.path)
        return None


class FileOnDisk:
    """What WSGI calls a file wrapper: a file that the application answers with."""

    def __init__(self, file: IO[bytes], block_size: int = BLOCK) -> None:
        self._file = file
        self._block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(self._block_size), b"")

    def close(self) -> None:
        """Close the file, as the application wants to know."""
        if hasattr(self._file, "close"):
            self._file.close()

    def path(self) -> str:
        """Return where the very file lies, all of which is to be sent; empty when it lies nowhere."""
        name = getattr(self._file, "name", None)
        with suppress(OSError, AttributeError, ValueError):
            if isinstance(name, str) and os.path.isabs(name) and self._file.tell() == 0:
                there, here = os.stat(name), os.fstat(self._file.fileno())
                return name if os.path.samestat(there, here) else ""
        return ""


def answer_of(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Ask the application, and take all it has to say."""
    begun: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Headers, *_error: object) -> object:
        begun.append((int(status[:3]), headers))
        return None

    chunks = application(environ, start_response)  # type: ignore[arg-type]
    try:
        path = chunks.path() if isinstance(chunks, FileOnDisk) else ""
        nothing_to_take = path or environ["REQUEST_METHOD"] == "HEAD"
        body, passing = (b"", "") if nothing_to_take else _taken(iter(chunks))
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
        environ["wsgi.input"].close()
    status, headers = begun[-1]
    return Answer(status, [(name.lower(), value) for name, value in headers], body, path or passing, bool(passing))


def _taken(chunks: Iterator[bytes]) -> tuple[bytes, str]:
    """Take all of them: in memory, or the path of a file when they are many."""
    kept, size = [], 0
    for chunk in chunks:
        kept.append(chunk)
        size += len(chunk)
        # One piece is all in memory already, and need not be on a disk besides.
        if size > IN_MEMORY and len(kept) > 1:
            return b"", _written(b"".join(kept), chunks)
    return b"".join(kept), ""


def _written(head: bytes, rest: Iterator[bytes]) -> str:
    with tempfile.NamedTemporaryFile(prefix="observer-pairing-", delete=False) as file:
        try:
            file.write(head)
            file.writelines(rest)
        except BaseException:
            _remove(file.name)
            raise
        return file.name


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
