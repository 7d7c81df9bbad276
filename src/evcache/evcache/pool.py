"""Connections of the synchronous driver, and the driver itself.

A connection serves one call at a time and goes back to its pool, even with replies outstanding:
they come first on the wire, so whoever uses the connection next reads them first. Sockets never
block; one `poll` waits for all zones of a call at once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from evcache.errors import EVCacheError, NodeUnavailableError, ProtocolError, QueueFullError
from evcache.groups import Node
from evcache.ops import Compute, Flight, Flush, Plan, Receive, Send, Sleep
from evcache.protocol import Parser, Slot

T = TypeVar("T")

MAX_PENDING = 10_000
"""Unanswered commands on one connection; the next one is refused."""

_CONNECTING = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}


class Connection:
    """One socket and the replies that are still to come on it."""

    __slots__ = (
        "alive",
        "answered",
        "epoch",
        "lock",
        "node",
        "number",
        "outbox",
        "parser",
        "poll",
        "sock",
    )

    def __init__(self, node: Node) -> None:
        self.node = node
        self.epoch = node.epoch
        self.lock = threading.Lock()
        self.parser = Parser()
        self.outbox = b""
        self.answered = False
        self.alive = True
        family = socket.AF_INET6 if ":" in node.place.host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.number = self.sock.fileno()
        self.poll = _poll_for_replies(self.number)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = self.sock.connect_ex((node.place.host, node.place.port))
        if code not in _CONNECTING:
            self.fail(NodeUnavailableError(node.label, os.strerror(code)))

    def send(self, data: bytes, slots: Sequence[Slot]) -> None:
        """Send what goes out at once, keep the rest; settle the slots where nothing can."""
        if self.alive and len(self.parser.pending) + len(slots) > MAX_PENDING:
            full = QueueFullError(self.node.label, f"{MAX_PENDING} commands are unanswered")
            for slot in slots:
                slot.fail(full)
            return
        self.parser.pending.extend(slots)
        for slot in slots:
            slot.link = self
        if not self.alive:
            self.fail(NodeUnavailableError(self.node.label, "the connection is closed"))
        else:
            self.outbox += data
            if len(self.outbox) == len(data):
                self.flush()

    def flush(self) -> None:
        """Send as much of the outbox as goes out at once."""
        try:
            self.outbox = self.outbox[self.sock.send(self.outbox) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            if error.errno == errno.ENOTCONN:
                return
            self.fail(NodeUnavailableError(self.node.label, str(error)), error)

    def ready(self) -> None:
        """Do what can be done now: send, and read once."""
        if self.outbox:
            self.flush()
        if not self.alive:
            return
        try:
            data = self.sock.recv(65536)
            if not data:
                self.fail(NodeUnavailableError(self.node.label, "the node closed the connection"))
            elif self.parser.feed(data):
                self.answered = True
                self.node.heard()
                if self.parser.spoiled:
                    self.fail(NodeUnavailableError(self.node.label, "closed after an error line"))
        except (BlockingIOError, InterruptedError):
            pass
        except ProtocolError as error:
            self.answered = False
            self.fail(error)
        except OSError as error:
            self.fail(NodeUnavailableError(self.node.label, str(error)), error)

    def await_one(self, slot: Slot, until: float, clock: Callable[[], float]) -> None:
        """Wait for one reply: the road of nearly every call, with nothing left to send."""
        poll = self.poll
        while not slot.done:
            left = until - clock()
            if not poll(left * 1000.0 if left > 0 else 0):
                return
            self.ready()

    def fail(self, error: EVCacheError, cause: BaseException | None = None) -> None:
        """Close; every reply that was still to come becomes this error."""
        error.__cause__ = cause
        self.alive = False
        self.outbox = b""
        self.sock.close()
        with contextlib.suppress(IndexError):
            # Another thread may be closing it too.
            while True:
                self.parser.pending.popleft().fail(error, reused=self.answered)

    def __del__(self) -> None:
        if hasattr(self, "sock"):
            self.sock.close()


class Pool:
    """Runs plans on sockets. Serves all threads; after `fork` the child opens its own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._idle: dict[Node, deque[Connection]] = {}
        self._pid = os.getpid()

    def run(self, plan: Plan[T]) -> T:
        """Drive one plan to its end and return its result."""
        held: dict[Node, Connection] = {}
        answer: object = None
        try:
            while True:
                op = plan.send(answer)
                answer = None
                kind = type(op)
                if kind is Send:
                    self._send(op, held)  # type: ignore[arg-type]
                elif kind is Receive:
                    self._receive(op, held)  # type: ignore[arg-type]
                elif isinstance(op, Flush):
                    self._flush(op)
                elif isinstance(op, Sleep):
                    self._put_back(held)
                    _sleep(op.seconds, op.flight)
                elif isinstance(op, Compute):
                    self._put_back(held)
                    answer = _compute(op.function)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            plan.close()
            self._put_back(held)

    def close(self) -> None:
        """Close all connections that no call is using."""
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.fail(NodeUnavailableError(connection.node.label, "the cache is closed"))

    def _send(self, op: Send, held: dict[Node, Connection]) -> None:
        connection = held.get(op.node)
        if connection is None or not connection.alive or connection.epoch != op.node.epoch:
            if connection is not None:
                connection.fail(NodeUnavailableError(op.node.label, "the node had failed"))
                connection.lock.release()
                del held[op.node]
            try:
                connection = held[op.node] = self._take(op.node)
            except OSError as error:
                # This process is out of descriptors.
                for slot in op.slots:
                    slot.fail(NodeUnavailableError(op.node.label, str(error)))
                return
        connection.send(op.data, op.slots)

    def _take(self, node: Node) -> Connection:
        """An idle connection of the node, or a new one; its lock is held."""
        if self._pid != os.getpid():
            self._idle = {}
            self._pid = os.getpid()
        idle = self._idle.get(node)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:
                break
            if not connection.lock.acquire(blocking=False):
                # A latch reads from it just now.
                idle.appendleft(connection)
                break
            if connection.alive and connection.epoch == node.epoch:
                return connection
            connection.fail(NodeUnavailableError(node.label, "the node had failed"))
            connection.lock.release()
        self._forget_gone()
        connection = Connection(node)
        connection.lock.acquire()
        return connection

    def _forget_gone(self) -> None:
        """Close connections to nodes that discovery has replaced or dropped."""
        for node in [node for node in tuple(self._idle) if node.gone]:
            for connection in self._idle.pop(node, ()):
                connection.fail(NodeUnavailableError(node.label, "the node is gone"))

    def _put_back(self, held: dict[Node, Connection]) -> None:
        for node, connection in held.items():
            if connection.alive:
                idle = self._idle.get(node)
                if idle is None:
                    idle = self._idle.setdefault(node, deque())
                idle.append(connection)
            connection.lock.release()
        held.clear()

    def _receive(self, op: Receive, held: dict[Node, Connection]) -> None:
        slots, until = op.slots, op.until
        first = slots[0]
        connection = held.get(first.node)
        if connection is not None and connection is first.link and len(slots) == 1:
            connection.await_one(first, until, self._clock)
            return
        foreign: list[Connection] = []
        try:
            connections = _connections(slots)
            for connection in connections:
                if held.get(connection.node) is not connection:
                    # A latch waits: whoever has the connection reads our reply before its own.
                    if not connection.lock.acquire(timeout=max(0.0, until - self._clock())):
                        return
                    foreign.append(connection)
            while True:
                settled = 0
                for slot in slots:
                    if slot.done:
                        settled += 1
                        if settled >= op.count or slot.error is not None:
                            return
                left = until - self._clock()
                for connection in _wait(connections, left if left > 0 else 0.0):
                    connection.ready()
                if left <= 0:
                    return
        finally:
            for connection in foreign:
                connection.lock.release()

    def _flush(self, op: Flush) -> None:
        while True:
            connections = [c for c in _connections(op.slots) if c.outbox]
            left = op.until - self._clock()
            if not connections or left <= 0:
                return
            for connection in _wait(connections, left):
                connection.flush()


def _connections(slots: Iterable[Slot]) -> list[Connection]:
    found: list[Connection] = []
    for slot in slots:
        link = slot.link
        if isinstance(link, Connection) and link.alive and link not in found:
            found.append(link)
    return found


def _compute(function: Callable[[], object]) -> tuple[object, BaseException | None]:
    try:
        return function(), None
    except BaseException as error:
        # The plan gives the lease back; then the error goes on to the caller, unchanged.
        return None, error


def _sleep(seconds: float, flight: Flight | None) -> None:
    if flight is not None and isinstance(flight.signal, threading.Event):
        flight.signal.wait(seconds)
    else:
        time.sleep(seconds)


if hasattr(select, "poll"):
    _BOTH = select.POLLIN | select.POLLOUT

    def _poll_for_replies(number: int) -> Callable[[float], Sequence[object]]:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return poll.poll

    def _wait(connections: Sequence[Connection], seconds: float) -> Sequence[Connection]:
        poll = select.poll()
        for connection in connections:
            poll.register(connection.number, _BOTH if connection.outbox else select.POLLIN)
        ready = poll.poll(seconds * 1000.0)
        if len(ready) == len(connections):
            return connections
        numbers = [number for number, _ in ready]
        return [connection for connection in connections if connection.number in numbers]

else:

    def _poll_for_replies(number: int) -> Callable[[float], Sequence[object]]:
        return lambda ms: select.select([number], [], [number], ms / 1000.0)[0]

    def _wait(connections: Sequence[Connection], seconds: float) -> Sequence[Connection]:
        writing = [c for c in connections if c.outbox]
        reading, sending, broken = select.select(
            [c.sock for c in connections],
            [c.sock for c in writing],
            [c.sock for c in writing],
            seconds,
        )
        ready = {*reading, *sending, *broken}
        return [c for c in connections if c.sock in ready]
