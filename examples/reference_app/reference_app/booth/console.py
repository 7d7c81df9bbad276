"""The booth's heart: takes in spans, asks the scheduler, publishes the topics, breaks and restores.

The only stateful part; what it knows how to do lies in the pure modules beside it. The scheduler's
callables are synchronous and may hang: they run in threads, one look at a time, and the stream
goes on without them. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence

from .collector import Span
from .errors import BoothError
from .faults import Faults, Order, catalogue
from .hub import Hub, Subscription
from .instances import Slot, TaskDict, slots
from .plays import detail
from .rates import Rates
from .records import BrokenItem, FaultEntry, TraceDetail, TraceLine
from .slo import slo_topic
from .topics import broken_topic, plays_topic, zones_topic
from .traces import TraceStore

__all__ = ["TOPICS", "Console", "OrderFailedError"]

TOPICS = ("zones", "plays", "broken", "slo")
PLAYS_SHOWN = 50
IDLE = 2.0
"""Seconds between looks at the scheduler while nobody watches and nothing is broken."""
_log = logging.getLogger(__name__)


class OrderFailedError(BoothError):
    """The scheduler did not carry out ``order``; the cause is chained."""

    def __init__(self, order: Order, reason: str) -> None:
        super().__init__(f"{order.signal} of {order.target} failed: {reason}")
        self.order = order


class Console:
    """Everything the booth knows.

    Args:
        tasks: the scheduler's tasks; may block, may raise.
        agents: its agents; may block, may raise.
        fault: sends a signal to a target for seconds (None: for good); may block, may raise.
        restore_zone: starts the agent of a zone again; may block, may raise.
        clock: unix seconds.
        tick: seconds between publications, default 0.5.
    """

    def __init__(
        self,
        *,
        tasks: Callable[[], Sequence[TaskDict]],
        agents: Callable[[], Sequence[TaskDict]],
        fault: Callable[[str, str, float | None], object],
        restore_zone: Callable[[str], object],
        clock: Callable[[], float],
        tick: float = 0.5,
    ) -> None:
        self._ask_tasks, self._ask_agents = tasks, agents
        self._fault, self._restore_zone = fault, restore_zone
        self._clock = clock
        self._tick = tick
        self._slots: list[Slot] = []
        self._agents: list[TaskDict] = []
        self._last_zone: dict[str, str] = {}
        self._heard = clock()
        self._looked = False
        self._orders = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._watched = asyncio.Event()
        self._rates, self._store, self._faults = Rates(), TraceStore(), Faults()
        self.hub = Hub(TOPICS)

    def ingest(self, spans: Iterable[Span]) -> None:
        """Take in finished spans."""
        spans, now = list(spans), self._clock()
        self._store.add(spans, now)
        self._rates.add(spans, now)

    async def look(self) -> None:
        """Ask the scheduler once; if it does not answer, what it said last stands."""
        async with self._looking:
            try:
                tasks = await asyncio.to_thread(self._ask_tasks)
                agents = await asyncio.to_thread(self._ask_agents)
                for task in tasks:
                    if task.get("zone"):
                        self._last_zone[str(task["name"])] = str(task["zone"])
                self._slots, self._agents = slots(tasks, self._last_zone), list(agents)
            except Exception as error:
                # Whatever the scheduler's side raises or sends, the booth goes on.
                _log.warning("booth.scheduler_silent: %r", error)
                return
            self._heard, self._looked = self._clock(), True

    def publish(self, topics: Iterable[str]) -> None:
        """Publish ``topics`` as they are now; one that cannot be built is logged and left."""
        now = self._clock()
        for topic in topics:
            try:
                self.hub.publish(topic, self._build(topic, now), now)
            except Exception:
                _log.exception("booth.topic_failed: %s", topic)

    async def watch(self, topics: Iterable[str]) -> Subscription:
        """A reader of ``topics`` whose snapshots are fresh."""
        chosen = frozenset(topics)
        if not self._looked:
            await self.look()
        self.publish(sorted(chosen))
        reader = self.hub.subscribe(chosen)
        self._watched.set()
        return reader

    async def run(self) -> None:
        """Look, publish and revert until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_on())
            group.create_task(self._publish_on())

    def catalogue(self) -> list[FaultEntry]:
        """What can be broken now."""
        return catalogue(self._slots, self._agents)

    def broken(self) -> list[BrokenItem]:
        """What is broken now."""
        return self._faults.items()

    async def break_target(self, target: str, action: str, seconds: float) -> str:
        """Break ``target``; returns the id of the broken item.

        Raises:
            UnknownFaultError: see :meth:`Faults.begin`.
            AlreadyBrokenError: see :meth:`Faults.begin`.
            OrderFailedError: the scheduler refused or did not answer.
        """
        await self.look()
        async with self._orders:
            now = self._clock()
            order = self._faults.begin(target, action, seconds, self._slots, self._agents, now)
            try:
                await self._carry_out(order)
            except OrderFailedError:
                self._faults.forget(order.item)
                raise
        self._watched.set()
        return order.item

    async def restore(self) -> None:
        """End everything that is broken.

        Raises:
            OrderFailedError: the first order that failed; its item stays, the others are ended.
        """
        failed: OrderFailedError | None = None
        async with self._orders:
            with_order = {order.item: order for order in self._faults.restore()}
            for item in self._faults.items():
                try:
                    if item["id"] in with_order:
                        await self._carry_out(with_order[item["id"]])
                    self._faults.finish(item["id"], self._clock())
                except OrderFailedError as error:
                    failed = failed or error
        if failed is not None:
            raise failed

    def trace(self, trace: str) -> TraceDetail | None:
        """Everything about one trace, None if it is not known (any more)."""
        spans = self._store.get(trace)
        return detail(trace, spans) if spans else None

    def last_play(self) -> str | None:
        """The trace of the newest play."""
        plays = self._store.plays(1)
        return plays[0]["trace"] if plays else None

    def lines(self, limit: int) -> list[TraceLine]:
        """The last ``limit`` traces, newest first."""
        return self._store.lines(limit)

    def _build(self, topic: str, now: float) -> object:
        if topic == "zones":
            return zones_topic(
                self._slots,
                self._agents,
                self._rates.report(now),
                now=now,
                recovered=self._faults.recovered(),
                silent_for=now - self._heard,
            )
        if topic == "plays":
            self._store.expire(now)
            return plays_topic(self._store.plays(PLAYS_SHOWN), now)
        if topic == "broken":
            return broken_topic(self._faults.items())
        return slo_topic(self._rates, now)

    async def _carry_out(self, order: Order) -> None:
        try:
            if order.signal == "RESTORE":
                await asyncio.to_thread(self._restore_zone, order.target.removeprefix("zone-"))
            else:
                await asyncio.to_thread(self._fault, order.target, order.signal, order.seconds)
        except Exception as error:
            raise OrderFailedError(order, str(error) or type(error).__name__) from error

    async def _revert_due(self) -> None:
        async with self._orders:
            for order in self._faults.due(self._slots, self._agents, self._clock()):
                try:
                    await self._carry_out(order)
                except OrderFailedError as error:
                    _log.warning("booth.revert_failed: %s", error)
                else:
                    self._faults.finish(order.item, self._clock())

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await self._revert_due()
            self._rates.forget(self._clock())
            if self.hub.wanted() or self._faults.items():
                await asyncio.sleep(self._tick)
                continue
            self._watched.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._watched.wait(), IDLE)

    async def _publish_on(self) -> None:
        while True:
            await asyncio.sleep(self._tick)
            self.publish(sorted(self.hub.wanted()))
