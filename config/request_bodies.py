"""Request bodies as they come in: complete before a thread is taken for them, or read by a thread at a fair pace."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from granian.rsgi import HTTPProtocol

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
        """For how many seconds a sender may be waited for who has sent so much, all waiting counted."""
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
        """A file that a thread reads while the body comes in; an OSError says that no more is coming."""
        return io.BufferedReader(_Pieces(self, asyncio.get_running_loop()), IN_MEMORY)


class _Pieces(io.RawIOBase):
    """The side of a body that a thread reads, while the loop receives it."""

    def __init__(self, arriving: Arriving, loop: asyncio.AbstractEventLoop) -> None:
        self._arriving = arriving
        self._loop = loop
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._rest:
            try:
                chunk = asyncio.run_coroutine_threadsafe(self._arriving.more(), self._loop).result()
            except Unfit as refusal:
                raise OSError(refusal.reason) from None
            self._rest = memoryview(chunk)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
