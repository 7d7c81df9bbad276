"""A cluster under a fake clock: real plans, the real codec and the real server logic, no sockets.

Latency, silence, refusal, loss and corruption are set per zone. `World.run` interleaves any
number of plans, as threads or tasks would.
"""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from evcache.dialect import Session
from evcache.errors import NodeUnavailableError, ProtocolError
from evcache.groups import Cluster, Node
from evcache.lease import Leases
from evcache.ops import Compute, Flush, Plan, Receive, Send, Sleep
from evcache.plan import Planner
from evcache.protocol import Parser, Slot
from evcache.reads import Reads
from evcache.stores.memory import MemoryStore
from evcache.writes import Writes

START = 1000.0


class Zone:
    """One node behind a network that does what the test says."""

    def __init__(self, name: str, world: "World") -> None:
        self.name = name
        self.world = world
        self.latency = 0.001
        self.mute = False
        self.refuses = False
        self.mangle: Callable[[bytes], bytes] = bytes
        self.received = 0
        self.store = MemoryStore(2**20, world.clock)
        self.links: dict[int, Link] = {}

    def restart(self) -> None:
        """Empty, on the same port; connections are lost."""
        self.cut()
        self.store = MemoryStore(2**20, self.world.clock)

    def cut(self) -> None:
        for link in self.links.values():
            link.lose(NodeUnavailableError(self.name, "reset"))
        self.links.clear()

    def send(self, node: Node, data: bytes, slots: Sequence[Slot]) -> None:
        if self.refuses:
            for slot in slots:
                slot.fail(NodeUnavailableError(self.name, "refused"))
            return
        link = self.links.get(node.epoch)
        if link is None or not link.alive:
            link = self.links[node.epoch] = Link(self)
        link.parser.pending.extend(slots)
        self.received += len(slots)
        if not self.mute:
            reply = self.mangle(link.session.feed(data))
            self.world.at(self.world.now + self.latency, lambda: link.feed(node, reply))


class Link:
    def __init__(self, zone: Zone) -> None:
        self.parser = Parser()
        self.session = Session(zone.store, zone.world.clock, zone.world.wall)
        self.alive = True
        self.answered = False

    def feed(self, node: Node, data: bytes) -> None:
        if not self.alive:
            return
        try:
            if self.parser.feed(data):
                self.answered = True
                node.heard()
        except ProtocolError as error:
            self.answered = False
            self.lose(error)
        if self.parser.spoiled:
            self.lose(NodeUnavailableError(node.label, "error line"))

    def lose(self, error: Exception) -> None:
        self.alive = False
        while self.parser.pending:
            self.parser.pending.popleft().fail(error, reused=self.answered)


class Signal:
    def set(self) -> None:
        """Nobody sleeps on it here: the world looks at flights by itself."""


class Job:
    """One plan under way."""

    def __init__(self, plan: Plan[Any], now: float) -> None:
        self.plan = plan
        self.op: Any = None
        self.answer: Any = None
        self.wake_at = now
        self.result: Any = None
        self.over = False
        self.began = now
        self.ended = now

    def ready(self, now: float) -> bool:
        if isinstance(self.op, Receive):
            settled = [slot for slot in self.op.slots if slot.done]
            enough = len(settled) >= self.op.count or any(slot.error for slot in settled)
            return enough or now >= self.wake_at
        if isinstance(self.op, Sleep) and self.op.flight is not None and self.op.flight.done:
            return True
        return now >= self.wake_at


class World:
    def __init__(self, *names: str, zone: str = "a", **options: Any) -> None:
        self.now = START
        self.compute_seconds = 0.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        names = names or ("a", "b", "c")
        self.zones = {name: Zone(name, self) for name in names}
        self.cluster = Cluster({name: [f"{name}/10.0.0.1:11211"] for name in names}, zone)
        given = {"prefix": "", "ttl": None, "timeout": 0.3, "deadline": None}
        self.planner = Planner(
            self.cluster, clock=self.clock, wall=self.wall, **{**given, **options}
        )
        self.reads = Reads(self.planner)
        self.writes = Writes(self.planner, "all")
        self.leases = Leases(self.planner, self.reads, Signal)

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + 1_700_000_000

    def at(self, when: float, what: Callable[[], object]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def sleep(self, seconds: float) -> None:
        self._advance(self.now + seconds)

    def node(self, zone: str) -> Node:
        return next(g for g in self.cluster.groups(self.now) if g.zone == zone).nodes[0]

    def one(self, plan: Plan[Any]) -> Any:
        return self.run([plan])[0].result

    def run(self, plans: Sequence[Plan[Any]]) -> list[Job]:
        """Drive all plans to their ends, interleaved; time passes only where all wait."""
        jobs = [Job(plan, self.now) for plan in plans]
        while any(not job.over for job in jobs):
            ready = [job for job in jobs if not job.over and job.ready(self.now)]
            for job in ready:
                self._step(job)
            if not ready:
                times = [job.wake_at for job in jobs if not job.over]
                times += [event[0] for event in self._events[:1]]
                self._advance(min(time for time in times if time >= self.now))
        return jobs

    def _advance(self, to: float) -> None:
        while self._events and self._events[0][0] <= to:
            when, _, what = heapq.heappop(self._events)
            self.now = max(self.now, when)
            what()
        self.now = to

    def _step(self, job: Job) -> None:
        if isinstance(job.op, Compute):
            try:
                job.answer = (job.op.function(), None)
            except Exception as error:
                job.answer = (None, error)
        try:
            op = job.op = job.plan.send(job.answer)
        except StopIteration as stop:
            job.result, job.over, job.ended = stop.value, True, self.now
            return
        job.answer, job.wake_at = None, self.now
        if isinstance(op, Send):
            self.zones[op.node.place.zone].send(op.node, op.data, op.slots)
        elif isinstance(op, Receive):
            assert all(not slot.done for slot in op.slots)
            job.wake_at = op.until
        elif isinstance(op, Sleep):
            job.wake_at = self.now + op.seconds
        elif isinstance(op, Compute):
            job.wake_at = self.now + self.compute_seconds
        else:
            assert isinstance(op, Flush)
