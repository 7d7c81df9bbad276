"""What both clients share around their plans: construction, events, what is raised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypeVar

from evcache.events import Call, Eyes, Observer
from evcache.groups import Cluster, Servers
from evcache.item import Item, Status
from evcache.keys import MAX_CHARACTERS, keyer
from evcache.latch import Votes
from evcache.lease import Computed, Leases
from evcache.ops import Plan, Signal
from evcache.plan import Planner
from evcache.reads import Reads
from evcache.writes import Writes

T = TypeVar("T")


class Calls:
    """Makes the plan of each public call. Arguments are those of `EVCache`, and the driver's two.

    Args:
        clock: monotonic seconds, of which the driver's deadlines are times.
        signal: makes what the waiters of a computation sleep on.
    """

    def __init__(
        self,
        servers: Servers,
        *,
        zone: str | None,
        name: str,
        prefix: str,
        ttl: int | None,
        write: str,
        timeout: float,
        deadline: Callable[[], float | None] | None,
        raise_errors: bool,
        observer: Observer | None,
        trace: ContextVar[str | None] | None,
        clock: Callable[[], float],
        signal: Callable[[], Signal],
    ) -> None:
        self._planner = Planner(
            Cluster(servers, zone),
            prefix=f"{prefix}:" if prefix else "",
            ttl=ttl,
            timeout=timeout,
            deadline=deadline,
            clock=clock,
            wall=time.time,
        )
        self._reads = Reads(self._planner)
        self._writes = Writes(self._planner, write)
        self._leases = Leases(self._planner, self._reads, signal)
        self._eyes = Eyes(name, observer, trace)
        self._raise_errors = raise_errors
        self.settle = self._writes.settle

    def get(self, key: str, op: str) -> Plan[Item]:
        """Read one key."""
        plan = self._reads.get(key)
        if not (self._eyes.watching or self._raise_errors):
            return plan
        return self._watched(self._eyes.call(op, key), plan, self._saw_item)

    def get_many(self, keys: Iterable[str]) -> Plan[dict[str, Item]]:
        """Read many keys."""
        names = tuple(keys)
        call = self._eyes.call("get_many", names[0] if names else "", len(names))
        return self._watched(call, self._reads.get_many(names), self._saw_items)

    def set(self, key: str, value: object, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Write everywhere."""
        return self._write("set", key, self._writes.set(key, value, ttl, write))

    def add(self, key: str, value: object, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Write where there is nothing."""
        return self._write("add", key, self._writes.add(key, value, ttl, write))

    def delete(self, key: str, write: str | None) -> Plan[Votes]:
        """Delete everywhere."""
        return self._write("delete", key, self._writes.delete(key, write))

    def touch(self, key: str, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Give a new time to live everywhere."""
        return self._write("touch", key, self._writes.touch(key, ttl, write))

    def get_or_compute(
        self, key: str, function: Callable[[], Any], ttl: int | None, stale_ttl: int | None
    ) -> Plan[Computed]:
        """Read, or compute under a lease."""
        plan = self._leases.get_or_compute(key, function, ttl, stale_ttl)
        return self._watched(self._eyes.call("get_or_compute", key), plan, _saw_computed)

    def keyer(
        self, function: Callable[..., object], key: Callable[..., str] | None, name: str | None
    ) -> Callable[..., str]:
        """What makes the key of each call of a cached function."""
        room = MAX_CHARACTERS - len(self._planner.prefix)
        return key if key is not None else keyer(function, name, room)

    def _write(self, op: str, key: str, plan: Plan[Votes]) -> Plan[Votes]:
        if not (self._eyes.watching or self._raise_errors):
            return plan
        return self._watched(self._eyes.call(op, key), plan, self._saw_votes)

    def _watched(self, call: Call, plan: Plan[T], saw: Callable[[Call, T], None]) -> Plan[T]:
        """Run a plan between its two events. The trace variable holds the call while it runs."""
        if not self._eyes.watching:
            result = yield from plan
            saw(call, result)
            return result
        with call:
            result = yield from plan
            saw(call, result)
        return result

    def _saw_item(self, call: Call, item: Item) -> None:
        call.status, call.zone, call.tier = str(item.status), item.zone, item.tier
        if self._raise_errors and item.error is not None:
            raise item.error

    def _saw_items(self, call: Call, items: dict[str, Item]) -> None:
        """The worst status stands for all: UNAVAILABLE, then MISS, STALE, HIT."""
        worst = max(items.values(), key=lambda item: _WORSE.index(item.status), default=None)
        if worst is not None:
            self._saw_item(call, worst)

    def _saw_votes(self, call: Call, votes: Votes) -> None:
        met = votes.met()
        call.status = "MET" if met else "NOT_MET"
        call.zone = ",".join(votes.acked()) or None
        if self._raise_errors and not met:
            raise votes.error()


_WORSE = (Status.HIT, Status.STALE, Status.MISS, Status.UNAVAILABLE)


def _saw_computed(call: Call, computed: Computed) -> None:
    call.status, call.zone = str(computed.status), computed.zone
    call.tier = "ram" if computed.status in (Status.HIT, Status.STALE) else None
