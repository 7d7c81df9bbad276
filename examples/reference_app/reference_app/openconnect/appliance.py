"""An Open Connect appliance: serves films by range to viewers whose network it announces.

The shell around `http1` (what is asked), `answers` (what is answered) and `pacing` (how fast): it
listens, reads heads under a time limit, sends bodies with sendfile, and tells the control plane
twice a second how it is, what it announces and what it holds. Playing sessions need no control
plane: everything an answer depends on is in the address and on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from .answers import Answer, Desk
from .errors import BadRequestError
from .heartbeat import Health, Heartbeat
from .http1 import MAX_HEAD, parse_head, render_head
from .networks import Site
from .pacing import TokenBucket
from .shelf import OpenFile, Shelf
from .signing import Claims

IDLE_SECONDS = 30.0
"""How long a connection may take to bring its next request."""
STALL_SECONDS = 30.0
"""How long a viewer may take no byte at all."""
UNPACED_CHUNK = 1 << 20
PLAYS_REMEMBERED = 4096
"""A play that is forgotten begins with a full bucket, and may be told as served again."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Play:
    """What is known of one playback session here. All its connections share one line."""

    line: TokenBucket | None = None
    served: bool = False

    def line_at(self, mbit: float | None, now: float) -> TokenBucket | None:
        """The viewer's line at the signed rate; None where no pacing is asked."""
        if mbit is None:
            self.line = None
        elif self.line is None or self.line.mbit != mbit:
            self.line = TokenBucket(mbit, now)
        return self.line


class Appliance:
    """One appliance in this event loop.

    Use as an async context manager, or `start` and `close`. `on_served` is called when the first
    media segment of a session has been sent: `{session, traceparent, title, oca, started (unix
    seconds), ms, bytes}`. `on_heartbeat` is awaited every `heartbeat` seconds with a heartbeat's
    JSON; where it fails, the next one is tried. `secret` is the one that URLs are signed with.
    """

    def __init__(
        self,
        site: Site,
        contents_dir: Path,
        secret: str,
        *,
        on_served: Callable[[dict[str, Any]], None],
        on_heartbeat: Callable[[dict[str, Any]], Awaitable[None]],
        heartbeat: float = 0.5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.site = site
        self._shelf = Shelf(contents_dir)
        self._desk = Desk(site, secret, self._shelf)
        self._on_served, self._on_heartbeat = on_served, on_heartbeat
        self._heartbeat, self._clock = heartbeat, clock
        self._health: Health = "ok"
        self._connections: set[asyncio.Task[None]] = set()
        self._plays: OrderedDict[str, _Play] = OrderedDict()
        self._sent = 0
        self._load_mbit = 0.0
        self._counted_at = 0.0
        self._beats_lost = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen (port 0: any free one, then found in `port`) and begin to send heartbeats."""
        self._look()
        self._server = await asyncio.start_server(self._connected, host, port, limit=MAX_HEAD)
        self.host, self.port = self._server.sockets[0].getsockname()[:2]
        self._counted_at = asyncio.get_running_loop().time()
        self._beating = asyncio.create_task(self._beat_forever())

    async def close(self) -> None:
        """Say goodbye to the control plane, hang up on everybody, and leave the port."""
        self._beating.cancel()
        self._server.close()
        self._health = "closing"
        for task in self._connections:
            task.cancel()
        await asyncio.gather(self._beating, *self._connections, return_exceptions=True)
        await self._server.wait_closed()
        await self._beat()

    async def __aenter__(self) -> Appliance:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    def report(self) -> Heartbeat:
        """How this appliance is now."""
        return Heartbeat(
            name=self.site.name,
            zone=self.site.zone,
            host=self.host,
            port=self.port,
            health=self._health,
            place=self.site.place,
            routes=self.site.routes,
            contents=self._shelf.titles,
            capacity_mbit=self.site.capacity_mbit,
            load_mbit=self._load_mbit,
            connections=len(self._connections),
            at=self._clock(),
        )

    # Heartbeats

    async def _beat_forever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._look()
            self._count(loop.time())
            await self._beat()
            due = max(due + self._heartbeat, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _beat(self) -> None:
        try:
            async with asyncio.timeout(max(1.0, self._heartbeat)):
                await self._on_heartbeat(self.report().as_json())
        except Exception as error:  # whatever the control plane does, films go on
            if not self._beats_lost:
                _log.warning("%s: heartbeats do not arrive: %r", self.site.name, error)
            self._beats_lost += 1
        else:
            if self._beats_lost:
                _log.info("%s: heartbeats arrive again", self.site.name)
            self._beats_lost = 0

    def _look(self) -> None:
        try:
            self._shelf.look()
        except OSError as error:
            if self._health == "ok":
                _log.warning("%s: the films cannot be read: %s", self.site.name, error)
            self._health = "failing"
        else:
            self._health = "ok"

    def _count(self, now: float) -> None:
        # Half of the new value, half of the past: a second or two of memory.
        passed = max(now - self._counted_at, 1e-3)
        self._load_mbit = round(0.5 * self._load_mbit + 0.5 * self._sent / passed / 125_000, 3)
        self._sent, self._counted_at = 0, now

    # Connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the viewer went away, or came to nothing
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        keep_alive, with_body = False, True
        started = self._clock()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            started = self._clock()
            request = parse_head(head)
            keep_alive, with_body = request.keep_alive, request.method != "HEAD"
            answer = self._desk.answer(request, started)
        except asyncio.LimitOverrunError:
            answer = self._desk.error(431, "head_too_large", f"A head is at most {MAX_HEAD} bytes.")
        except BadRequestError as error:
            answer = self._desk.error(error.status, "bad_request", str(error))
        try:
            writer.write(render_head(answer.status, answer.headers, keep_alive=keep_alive))
            if with_body:
                await self._send_body(writer, answer)
            async with asyncio.timeout(STALL_SECONDS):
                await writer.drain()
        finally:
            if answer.file:
                answer.file.file.close()
        if with_body and answer.is_media and answer.claims:
            self._tell_served(answer.claims, started, answer.span.length)
        return keep_alive

    async def _send_body(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        writer.write(answer.body)
        if answer.file is None or answer.claims is None:
            return
        now = asyncio.get_running_loop().time
        line = self._play(answer.claims).line_at(answer.claims.mbit, now())
        at, stop = answer.span.start, answer.span.stop
        while at < stop:
            count = min(line.chunk if line else UNPACED_CHUNK, stop - at)
            if line and (wait := line.take(count, now())):
                await asyncio.sleep(wait)
            async with asyncio.timeout(STALL_SECONDS):
                await self._send_chunk(writer, answer.file, at, count)
            at += count
            self._sent += count

    async def _send_chunk(
        self, writer: asyncio.StreamWriter, file: OpenFile, at: int, count: int
    ) -> None:
        try:
            await asyncio.get_running_loop().sendfile(writer.transport, file.file, at, count)
        except NotImplementedError:  # uvloop has none
            writer.write(os.pread(file.file.fileno(), count, at))
            await writer.drain()

    def _play(self, claims: Claims) -> _Play:
        play = self._plays.setdefault(claims.session, _Play())
        self._plays.move_to_end(claims.session)
        if len(self._plays) > PLAYS_REMEMBERED:
            self._plays.popitem(last=False)
        return play

    def _tell_served(self, claims: Claims, started: float, count: int) -> None:
        play = self._play(claims)
        if play.served:
            return
        play.served = True
        served = {
            "session": claims.session,
            "traceparent": claims.traceparent,
            "title": claims.title,
            "oca": self.site.name,
            "started": started,
            "ms": round((self._clock() - started) * 1000, 3),
            "bytes": count,
        }
        try:
            self._on_served(served)
        except Exception:
            _log.exception("%s: on_served failed", self.site.name)
