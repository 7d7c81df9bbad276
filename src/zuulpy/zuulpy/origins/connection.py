"""One connection to one server: requests written, answers read, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from zuulpy.config import Limits
from zuulpy.errors import (
    DeadlineError,
    FramingError,
    OriginError,
    ProtocolError,
    ResetError,
    TryTimeoutError,
)
from zuulpy.message import Headers, Response
from zuulpy.wire.heads import ResponseHead
from zuulpy.wire.messages import ResponseReader
from zuulpy.wire.stream import BodyStream

if TYPE_CHECKING:
    from zuulpy.origins.pool import ServerPool

_LIMITS: Final = Limits()


class OriginConnection(asyncio.Protocol):
    """A pooled connection. `used` counts its requests, `idle_since` is in loop time.

    An answer that is whole in the first read is a plain `Response`; any other gets a `BodyStream`,
    and the connection returns to its pool with the last byte, read by the consumer or not.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: ServerPool) -> None:
        self._loop = loop
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._waiter: asyncio.Future[Response] | None = None
        self._stream: BodyStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expires = 0.0
        self._by_try = False
        self._done: Callable[[bool | None], None] | None = None
        self.used = 0
        self.idle_since = 0.0

    def send(
        self,
        data: bytes,
        method: str,
        *,
        try_until: float,
        expires: float,
        done: Callable[[bool | None], None],
    ) -> asyncio.Future[Response]:
        """Write a request; the future has the answer's head, or an `OriginError`.

        `try_until` and `expires` (loop time) bound head and body. `done` is called once, when the
        exchange is over: True the server did its part, False it failed, None neither.
        """
        assert self._transport is not None  # noqa: S101 - made by create_connection
        self.used += 1
        self._reader = ResponseReader(method, _LIMITS)
        self._waiter = self._loop.create_future()
        self._done = done
        self._expires = expires
        self._by_try = try_until < expires
        self._timer = self._loop.call_at(min(try_until, expires), self._timed_out)
        self._transport.write(data)
        return self._waiter

    def stale(self, now: float, max_idle: float) -> bool:
        """Whether it is too old, too long idle or already closing."""
        closing = self._transport is None or self._transport.is_closing()
        return closing or now - self.idle_since > max_idle

    def abort(self) -> None:
        """Close at once; an unanswered exchange is over without a verdict on the server."""
        self._end(ok=self._answered, reusable=False)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # A cast, no isinstance: uvloop's transports are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        reader = self._reader
        if reader is None:
            # An answer that nobody asked for: the next one could be mistaken for another's.
            self._pool.forget(self)
            self.abort()
            return
        try:
            chunk = reader.feed(data)
        except FramingError as error:
            self._fail(ProtocolError(*self._who(), f"bad answer: {error.reason}"), error)
            return
        if reader.head is None:
            return
        if self._stream is not None:
            self._stream.push(chunk)
        elif self._waiter is not None:
            self._deliver(reader.head, chunk, whole=reader.done)
        if reader.done:
            self._finish(reusable=reader.reusable)

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        if self._reader is None:
            return
        try:
            self._reader.feed_eof()
        except FramingError as error:
            self._fail(ResetError(*self._who(), "connection closed inside an answer"), error)
            return
        self._finish(reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._pool.forget(self)
        if self._reader is not None:
            self._fail(ResetError(*self._who(), "connection lost"), exc)

    @property
    def _answered(self) -> bool | None:
        """True once the server has sent a head, else None: a verdict when it is not at fault."""
        return True if self._reader is not None and self._reader.head is not None else None

    def _deliver(self, head: ResponseHead, chunk: bytes, *, whole: bool) -> None:
        waiter, self._waiter = self._waiter, None
        response = Response(head.status, chunk, Headers.parsed(head.fields))
        if not whole:
            length = head.length if head.length >= 0 else None
            self._stream = response.stream = BodyStream(length, self._pause, self.abort)
            self._stream.push(chunk)
            if self._timer is not None:
                self._timer.cancel()
            self._by_try = False
            self._timer = self._loop.call_at(self._expires, self._timed_out)
        if waiter is not None and not waiter.done():
            waiter.set_result(response)

    def _finish(self, *, reusable: bool) -> None:
        # An answer before the request was taken whole leaves the rest of it in the pipe.
        unsent = self._transport.get_write_buffer_size() if self._transport is not None else 0
        stream, self._stream = self._stream, None
        if stream is not None:
            self._pause(False)
            stream.finish()
        self._end(ok=True, reusable=reusable and not unsent)

    def _fail(self, error: OriginError, cause: BaseException | None = None) -> None:
        error.__cause__ = cause
        waiter, self._waiter = self._waiter, None
        stream, self._stream = self._stream, None
        verdict = False if error.blames else self._answered
        silent = self._reader is not None and not self._reader.started
        if isinstance(error, ResetError) and self.used > 1 and silent:
            # It died while it was idle, and its fellows with it: no fault of the server.
            verdict = None
            self._pool.drop_idle()
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        if stream is not None:
            stream.finish(error)
        self._end(ok=verdict, reusable=False)

    def _end(self, *, ok: bool | None, reusable: bool) -> None:
        if self._reader is None:
            return
        self._reader = None
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.finish(ResetError(*self._who(), "given up"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        done, self._done = self._done, None
        if not reusable and self._transport is not None:
            self._transport.abort()
        if done is not None:
            done(ok)
        if reusable:
            self._pool.give_back(self)

    def _timed_out(self) -> None:
        # Not by the clock: timers may fire a little early, and the two mean different things.
        if self._by_try:
            self._fail(TryTimeoutError(*self._who(), "no answer within try_timeout"))
        else:
            self._fail(DeadlineError(*self._who(), "out of time"))

    def _pause(self, paused: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _who(self) -> tuple[str, str]:
        return self._pool.origin, self._pool.server.address
