"""The listening side: client connections, their limits, and a drain that finishes what it began."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, cast

from zuulpy.answers import failure
from zuulpy.config import Limits
from zuulpy.errors import FramingError, ZuulError
from zuulpy.message import Headers, Request, Response
from zuulpy.wire.heads import RequestHead
from zuulpy.wire.messages import RequestReader
from zuulpy.wire.serialise import carries_body, http_date, response_head

_log = logging.getLogger("zuulpy")
_PIPELINED: Final = 65_536
"""Bytes of further requests that may wait behind one in progress."""
_LINGER: Final = 2.0
_HALF_CLOSED: Final = 1.0
"""Seconds for which an answer is still worked on after the client has closed its sending half: a
client that went away looks just the same, and work for nobody is load for nothing."""
_SWEPT_EVERY: Final = 0.5

Respond = Callable[[Response], Awaitable[None]]
Handler = Callable[[Request, Respond], Awaitable[None]]


class Listener:
    """Accepts connections and has `handler` answer their requests, one at a time for each.

    `rejected` is told of each connection whose bytes broke a rule of HTTP/1.1 or of `limits`.
    """

    def __init__(
        self, handler: Handler, limits: Limits, rejected: Callable[[FramingError], None]
    ) -> None:
        self.handler = handler
        self.limits = limits
        self.rejected = rejected
        self.draining = False
        self.connections: set[ClientConnection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._date = (0, "")

    async def start(self, host: str, port: int) -> int:
        """Bind and accept; returns the port (`port` 0: a free one). Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ClientConnection(loop, self), host, port)
        self._sweeper = loop.call_later(_SWEPT_EVERY, self._sweep)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace: float) -> None:
        """Accept no more, let what is in flight end within `grace` seconds, then cut it off."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.drain()
        try:
            async with asyncio.timeout(grace):
                while self.connections:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            self.abort()
            await asyncio.sleep(0)
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            await self._server.wait_closed()

    def abort(self) -> None:
        """Cut every connection off."""
        for connection in tuple(self.connections):
            connection.abort()

    def gone(self, connection: ClientConnection) -> None:
        """A connection has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    def date(self) -> str:
        """The current Date field, made once a second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, http_date(now))
        return self._date[1]

    def _sweep(self) -> None:
        # One timer for all connections: a timer each would cost more than the requests.
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in tuple(self.connections):
            connection.check(now)
        self._sweeper = loop.call_later(_SWEPT_EVERY, self._sweep)


class ClientConnection(asyncio.Protocol):
    """One client: reads whole requests, has them answered in order, streams the answers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        self._loop = loop
        self._listener = listener
        self._reader = RequestReader(listener.limits)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._head: RequestHead | None = None
        self._remote = ""
        self._phase = "idle"
        self._since = loop.time()
        self._keep = True
        self._eof = False
        self._eof_at = 0.0
        self._answering = False
        self._reading_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._blocked_since = 0.0

    # transport events

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # A cast, no isinstance: uvloop's transports are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = peer[0] if isinstance(peer, tuple) else ""
        self._listener.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._phase == "linger":
            return
        self._reader.feed(data)
        if self._task is None:
            self._advance()
        elif self._reader.buffered > _PIPELINED and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """See `asyncio.Protocol`: a client may close its half and still wait for answers."""
        self._eof = True
        self._eof_at = self._loop.time()
        return self._task is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._listener.gone(self)
        self.resume_writing()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._writable = self._loop.create_future()
        self._blocked_since = self._loop.time()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # what the listener asks

    def check(self, now: float) -> None:
        """End a connection that has kept us waiting for longer than the limits allow."""
        limits = self._listener.limits
        waited = now - self._since
        stuck = self._writable is not None and now - self._blocked_since > limits.write_seconds
        if stuck or (self._phase == "linger" and waited > _LINGER):
            self.abort()
        elif self._phase == "busy":
            unheard = min(waited, now - self._eof_at) if self._eof else 0.0
            if unheard > _HALF_CLOSED and not self._answering:
                self.abort()
        elif self._phase == "idle" and (waited > limits.idle_seconds or self._listener.draining):
            self._close()
        elif self._phase == "head" and waited > limits.head_seconds:
            self._reject(FramingError(408, "no whole head in time"))
        elif self._phase == "body" and waited > limits.body_seconds:
            self._reject(FramingError(408, "no whole body in time"))

    def drain(self) -> None:
        """Answer what has been asked and close."""
        self._keep = False
        if self._phase == "idle":
            self._close()

    def abort(self) -> None:
        """Cut the connection off."""
        if self._transport is not None:
            self._transport.abort()

    # requests

    def _advance(self) -> None:
        try:
            message = self._reader.take()
            if message is not None:
                self._begin(*message)
                return
        except FramingError as error:
            self._reject(error)
            return
        if self._eof or (self._listener.draining and self._reader.phase == "idle"):
            self._close()
            return
        if self._reader.phase != self._phase:
            self._phase = self._reader.phase
            self._since = self._loop.time()
            if self._phase == "body" and self._reader.wants_continue:
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _begin(self, head: RequestHead, body: bytes) -> None:
        request = Request(
            head.method, head.target, Headers.parsed(head.fields), body, remote=self._remote
        )
        request.path  # noqa: B018 - refuses a path that can be read in two ways
        self._phase = "busy"
        self._since = self._loop.time()
        self._answering = False
        self._head = head
        self._task = self._loop.create_task(self._run(request))

    async def _run(self, request: Request) -> None:
        head = self._head
        try:
            await self._listener.handler(request, self._respond)
        except ZuulError as error:
            # The head is out: cutting the connection is the only way left to say that it failed.
            _log.warning("zuulpy.answer_cut_off target=%s: %s", request.path, error)
            self.abort()
            return
        finally:
            self._task = None
        if not self._keep or head is None or not head.keep_alive:
            self._close()
            return
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()
        self._advance()

    async def _respond(self, response: Response) -> None:
        self._answering = True
        request_head = self._head
        assert request_head is not None  # noqa: S101 - set with the task that calls
        if self._listener.draining:
            self._keep = False
        keep = self._keep and request_head.keep_alive
        stream = response.stream
        sends = carries_body(request_head.method, response.status)
        if not sends:
            response.close()
            stream = None
        chunked = stream is not None and stream.length is None and request_head.minor == 1
        if stream is not None and stream.length is None and not chunked:
            keep = self._keep = False
        connection = "" if keep and request_head.minor else "keep-alive" if keep else "close"
        body = response.body if stream is None else b""
        length = len(body) if stream is None else stream.length
        data = response_head(
            response,
            request_head.method,
            length,
            chunked=chunked,
            connection=connection,
            date=self._listener.date(),
        )
        self._write(data + body if sends else data)
        if stream is not None:
            await self._pump(response, chunked=chunked)
        if self._writable is not None:
            await self._writable

    async def _pump(self, response: Response, *, chunked: bool) -> None:
        stream = response.stream
        assert stream is not None  # noqa: S101 - the caller has looked
        try:
            while chunk := await stream.read():
                self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                if self._writable is not None:
                    await self._writable
            if chunked:
                self._write(b"0\r\n\r\n")
        finally:
            response.close()

    # endings

    def _reject(self, error: FramingError) -> None:
        """Answer a broken message and read on for a while, so that the answer is not reset away."""
        self._listener.rejected(error)
        response = failure(error.status, error.category, error.reason)
        date = self._listener.date()
        data = response_head(
            response, "GET", len(response.body), chunked=False, connection="close", date=date
        )
        self._write(data + response.body)
        self._phase = "linger"
        self._since = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            if self._eof or not self._transport.can_write_eof():
                self._transport.close()
            else:
                self._transport.write_eof()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
