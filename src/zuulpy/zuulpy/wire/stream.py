"""A body on its way from an origin, pulled by whoever sends it on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from zuulpy.errors import BodyTooLargeError

HIGH_WATER = 262_144


class BodyStream:
    """Chunks between a connection that pushes and one consumer that awaits.

    `length` is the declared length in bytes or None. Beyond `HIGH_WATER` waiting bytes the
    connection is paused, so that a slow client costs a bounded amount of memory.
    """

    __slots__ = ("_abort", "_chunks", "_done", "_error", "_pause", "_size", "_waiter", "length")

    def __init__(
        self, length: int | None, pause: Callable[[bool], None], abort: Callable[[], None]
    ) -> None:
        self.length = length
        self._pause = pause
        self._abort = abort
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._done = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def push(self, chunk: bytes) -> None:
        """Add bytes (called by the connection)."""
        if chunk:
            self._chunks.append(chunk)
            self._size += len(chunk)
            if self._size > HIGH_WATER:
                self._pause(True)
            self._wake()

    def finish(self, error: Exception | None = None) -> None:
        """No more bytes will come; `error` says that some are missing."""
        self._done = True
        self._error = error
        self._wake()

    def abort(self) -> None:
        """The consumer wants no more: an unfinished connection is closed."""
        if not self._done:
            self._abort()

    async def read(self) -> bytes:
        """The next bytes, or b"" at the end. Raises the `OriginError` that cut the body off."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._done:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        # Once done, the connection may be at another's answer already.
        if self._size > HIGH_WATER and not self._done:
            self._pause(False)
        self._size = 0
        return chunk

    async def read_all(self, limit: int) -> bytes:
        """Everything, at most `limit` bytes, else `BodyTooLargeError`."""
        parts: list[bytes] = []
        size = 0
        while chunk := await self.read():
            size += len(chunk)
            if size > limit:
                self.abort()
                raise BodyTooLargeError(limit)
            parts.append(chunk)
        return b"".join(parts)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
