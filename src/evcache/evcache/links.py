"""Connections of the asyncio driver, and the driver itself.

All calls of a loop share one connection a node: commands go out as they come, replies come back
in order. A call that is cancelled or out of time leaves its slot behind; the reply is read,
checked and dropped when it comes.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from evcache.errors import EVCacheError, NodeUnavailableError, ProtocolError, QueueFullError
from evcache.groups import Node
from evcache.ops import Compute, Flight, Plan, Receive, Send, Sleep
from evcache.protocol import Parser, Slot

T = TypeVar("T")

MAX_PENDING = 10_000
"""Unanswered commands on one connection; the next one is refused."""


class Link(asyncio.Protocol):
    """One connection to one node."""

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self.node = node
        self.epoch = node.epoch
        self.alive = True
        self._answered = False
        self._parser = Parser()
        self._outbox: list[bytes] = []
        self._transport: asyncio.WriteTransport | None = None
        self._opening = loop.create_task(self._open(loop))

    async def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await loop.create_connection(lambda: self, self.node.place.host, self.node.place.port)
        except OSError as error:
            self.fail(NodeUnavailableError(self.node.label, str(error)), error)

    def send(self, data: bytes, slots: Sequence[Slot]) -> None:
        """Hand bytes to the transport, or keep them until it is there."""
        pending = self._parser.pending
        if len(pending) + len(slots) > MAX_PENDING:
            full = QueueFullError(self.node.label, f"{MAX_PENDING} commands are unanswered")
            for slot in slots:
                slot.fail(full)
            return
        pending.extend(slots)
        if self._transport is not None:
            self._transport.write(data)
        else:
            self._outbox.append(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: send what was kept."""
        # A cast: uvloop's transports are no subclass of asyncio's.
        writable = cast("asyncio.WriteTransport", transport)
        if not self.alive:
            writable.abort()
            return
        self._transport = writable
        writable.write(b"".join(self._outbox))
        self._outbox.clear()

    def data_received(self, data: bytes) -> None:
        """Take replies and wake who waits for them."""
        if not self.alive:
            return
        try:
            settled = self._parser.feed(data)
        except ProtocolError as error:
            self._answered = False
            self.fail(error)
            return
        if settled:
            self._answered = True
            self.node.heard()
            for slot in settled:
                _wake(slot)
        if self._parser.spoiled:
            self.fail(NodeUnavailableError(self.node.label, "closed after an error line"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The node or the network ended it."""
        self.fail(NodeUnavailableError(self.node.label, str(exc or "the node closed it")), exc)

    def fail(self, error: EVCacheError, cause: BaseException | None = None) -> None:
        """Close; every reply that was still to come becomes this error."""
        if not self.alive:
            return
        error.__cause__ = cause
        self.alive = False
        self._outbox.clear()
        if self._transport is not None:
            self._transport.abort()
        elif self._opening is not asyncio.current_task():
            self._opening.cancel()
        pending = self._parser.pending
        while pending:
            slot = pending.popleft()
            slot.fail(error, reused=self._answered)
            _wake(slot)


def _wake(slot: Slot) -> None:
    if isinstance(slot.wake, Turn):
        slot.wake.settled(slot)


class Links:
    """Runs plans on the connections of one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._links: dict[Node, Link] = {}

    async def run(self, plan: Plan[T]) -> T:
        """Drive one plan to its end and return its result."""
        answer: object = None
        try:
            while True:
                op = plan.send(answer)
                answer = None
                if isinstance(op, Send):
                    self._send(op)
                elif isinstance(op, Receive):
                    await self._receive(op)
                elif isinstance(op, Sleep):
                    await _sleep(op.seconds, op.flight)
                elif isinstance(op, Compute):
                    answer = await _compute(op.function)
                # Flush: a transport sends by itself.
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            plan.close()

    async def close(self) -> None:
        """Close all connections."""
        links, self._links = self._links, {}
        for link in links.values():
            link.fail(NodeUnavailableError(link.node.label, "the cache is closed"))
        # Transports tell their loss, and cancelled tasks end, in the next round of the loop.
        await asyncio.sleep(0)

    def _send(self, op: Send) -> None:
        link = self._links.get(op.node)
        if link is None or not link.alive or link.epoch != op.node.epoch:
            if link is not None:
                link.fail(NodeUnavailableError(op.node.label, "the node had failed"))
            self._forget_gone()
            link = self._links[op.node] = Link(op.node, asyncio.get_running_loop())
        link.send(op.data, op.slots)

    def _forget_gone(self) -> None:
        """Close connections to nodes that discovery has replaced or dropped; forget lost ones."""
        for node, link in tuple(self._links.items()):
            if node.gone:
                link.fail(NodeUnavailableError(node.label, "the node is gone"))
            if not link.alive:
                del self._links[node]

    async def _receive(self, op: Receive) -> None:
        loop = asyncio.get_running_loop()
        turn = Turn(loop.create_future(), op.count)
        for slot in op.slots:
            slot.wake = turn
        timer = loop.call_later(max(0.0, op.until - self._clock()), turn.over)
        try:
            await turn.future
        finally:
            timer.cancel()


class Turn:
    """One wait of one call for some of its slots."""

    __slots__ = ("_left", "future")

    def __init__(self, future: asyncio.Future[None], count: int) -> None:
        self.future = future
        self._left = count

    def settled(self, slot: Slot) -> None:
        """One of the slots has its outcome."""
        self._left -= 1
        if self._left <= 0 or slot.error is not None:
            self.over()

    def over(self) -> None:
        """Let the call go on."""
        if not self.future.done():
            self.future.set_result(None)


async def _compute(function: Callable[[], object]) -> tuple[object, BaseException | None]:
    try:
        value = function()
        return (await value if inspect.isawaitable(value) else value), None
    except BaseException as error:
        # The plan gives the lease back; then the error, a cancellation too, goes on unchanged.
        return None, error


async def _sleep(seconds: float, flight: Flight | None) -> None:
    if flight is None or not isinstance(flight.signal, asyncio.Event):
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await flight.signal.wait()
    except TimeoutError:
        pass
