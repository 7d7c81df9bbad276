"""The plan of `get_or_compute`: memcached's leases, and one computation a process.

A read with N and R tells who is to compute. The first reader of a missing key (N), or of one
whose last `stale_ttl` seconds have begun (R), gets W and computes; all others get Z. They take
the stale value where there is one, and wait only where there is none: for the winner of their
own process, or by asking again for one elsewhere. The winner writes to the zone that gave the
lease with its CAS, so that a delete in between wins over what was computed before it.

A winner that dies is waited out: a lease on nothing lasts `LEASE` seconds, one on a
stale value as long as that value.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from evcache import protocol, transcode
from evcache.errors import CodecError, DeadlineExceededError
from evcache.groups import Group
from evcache.item import Status
from evcache.keys import wire_key
from evcache.ops import Compute, Flight, Flush, Plan, Receive, Send, Signal, Sleep
from evcache.plan import Planner
from evcache.protocol import Reply, Slot
from evcache.reads import Reads, Want

LEASE = 10
"""Seconds that a lease on a missing key lasts, and that anybody waits for its winner."""

FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
"""Seconds between two looks for a value that another process computes."""


class Computed(NamedTuple):
    """How `get_or_compute` ended: a value in a tuple of one, or the error to raise."""

    value: tuple[Any] | None
    error: BaseException | None
    status: Status
    zone: str | None

    def result(self) -> Any:
        """The value; raises the error of the function, unchanged."""
        if self.error is not None:
            raise self.error
        return None if self.value is None else self.value[0]


class Leases:
    """Plans `get_or_compute` for one cache; keeps the computations under way in this process.

    Args:
        planner: the rules of all plans.
        reads: looks in other zones.
        signal: makes what waiters sleep on: `threading.Event` or `asyncio.Event`.
    """

    def __init__(self, planner: Planner, reads: Reads, signal: Callable[[], Signal]) -> None:
        self._planner = planner
        self._reads = reads
        self._signal = signal
        self._pid = os.getpid()
        self.flights: dict[bytes, Flight] = {}

    def get_or_compute(
        self, key: str, function: Callable[[], Any], ttl: int | None, stale_ttl: int | None
    ) -> Plan[Computed]:
        """The value under a key, or that of `function`."""
        planner = self._planner
        wire = wire_key(planner.prefix, key)
        if self._pid != os.getpid():
            # After a fork nobody here will ever land what the parent's threads were computing.
            self._pid, self.flights = os.getpid(), {}
        stale = 0 if not stale_ttl else planner.seconds(stale_ttl)
        expiry = planner.expiry(ttl, stale)
        give_up = planner.clock() + LEASE
        pause, mine = FIRST_PAUSE, Flight(self._signal())
        while True:
            left = planner.left()
            if left is not None and left <= 0:
                late = DeadlineExceededError(f"who computes {key!r}")
                return Computed(None, late, Status.UNAVAILABLE, None)
            slot = yield from self._lease(wire, stale)
            reply = None if slot is None else slot.reply
            zone = None if slot is None else slot.node.place.zone
            won = reply is not None and reply.won
            if reply is not None and not won and not reply.hollow:
                if (value := _decoded(reply)) is not None:
                    status = Status.STALE if reply.leased or reply.stale else Status.HIT
                    return Computed(value, None, status, zone)
                reply = None  # nobody holds a lease on what cannot be read: compute it anew
            if won or reply is None or planner.clock() >= give_up:
                flight: Flight | None = self.flights.setdefault(wire, mine)
                if won or flight is mine:
                    lease = slot if won else None
                    error = yield from self._lead(wire, mine, lease, function, expiry)
                    return Computed(mine.value, error, Status.MISS, zone)
            else:
                flight = self.flights.get(wire)
            longest = pause if flight is None else LEASE
            yield Sleep(longest if left is None else min(left, longest), flight)
            if flight is not None and flight.landed:
                return Computed(flight.value, flight.error, Status.MISS, zone)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _lease(self, wire: bytes, stale: int) -> Plan[Slot | None]:
        """Ask for value or lease, zone after zone; the first that answers decides."""
        planner = self._planner
        now = planner.clock()
        until = planner.until(now)
        groups = planner.cluster.groups(now)
        for rank, group in enumerate(groups):
            node = group.node(wire)
            if now >= until or not (yield from planner.admit(node, now)):
                continue
            opaque = planner.opaque()
            data = protocol.lease(wire, opaque, LEASE, stale)
            slot = planner.ask(node, wire, opaque, data, now)
            yield Send(node, data, (slot,))
            slot = yield from self._answer(slot, now + (until - now) / (len(groups) - rank))
            if slot.reply is not None:
                return slot
            now = planner.clock()
        return None

    def _answer(self, slot: Slot, until: float) -> Plan[Slot]:
        planner = self._planner
        while True:
            now = planner.clock()
            if slot.error is not None:
                second = planner.again(slot, now)
                if second is None:
                    return slot
                slot = second
                yield Send(slot.node, slot.data, (slot,))
            if slot.done and slot.reply is not None:
                return slot
            if now >= until:
                slot.node.silent(slot.sent, slot.epoch, now, planner.timeout)
                return slot
            if not slot.done:
                yield Receive((slot,), until)

    def _lead(
        self,
        wire: bytes,
        flight: Flight,
        lease: Slot | None,
        function: Callable[[], Any],
        expiry: int,
    ) -> Plan[BaseException | None]:
        """Compute for all who wait, then write; `lease` is the slot that won it, if one did.

        Returns the error of the function. A cancellation is that of one caller alone: whoever
        waits tries anew, as after a plan that was closed.
        """
        value: tuple[Any] | None = None
        error: BaseException | None = None
        stored = (0, b"")
        found = False
        try:
            if lease is not None and lease.reply is not None and lease.reply.hollow:
                value = yield from self._elsewhere(wire, lease)
                found = value is not None
            if not found:
                result, error = yield Compute(function)
                if error is None:
                    try:
                        stored = transcode.encode(result)
                        value = (result,)
                    except (TypeError, ValueError) as refused:
                        error = refused
        finally:
            if self.flights.get(wire) is flight:
                del self.flights[wire]
            flight.land(value, error if isinstance(error, Exception) else None)
        if error is not None:
            yield from self._release(wire, lease)
        elif not found:
            yield from self._fill(wire, lease, stored, expiry)
        return error

    def _elsewhere(self, wire: bytes, lease: Slot) -> Plan[tuple[Any] | None]:
        """A value that another zone has, written to the zone that gave the lease."""
        planner, reply = self._planner, lease.reply
        now = planner.clock()
        want = Want(wire)
        yield from self._reads.gather((want,), self._others(lease), planner.until(now), [])
        found = want.reply
        if want.item is None or found is None or found.ttl == 0 or reply is None:
            return None
        extra = b" C%d" % reply.cas
        yield from self._post(lease, wire, found.flags, found.value or b"", found.ttl or 0, extra)
        return (want.item.value,)

    def _fill(
        self, wire: bytes, lease: Slot | None, stored: tuple[int, bytes], expiry: int
    ) -> Plan[None]:
        """Write what was computed: where the lease is first, and elsewhere if that succeeds."""
        planner = self._planner
        flags, data = stored
        if not flags and not data:
            # An empty str looks like the mark of a lease; as JSON it does not.
            flags, data = transcode.JSON, b'""'
        until = planner.until(planner.clock())
        if lease is not None and lease.reply is not None:
            extra = b" C%d" % lease.reply.cas
            slot = yield from self._post(lease, wire, flags, data, expiry, extra)
            slot = yield from self._answer(slot, until)
            if slot.reply is not None and slot.reply.code != b"HD":
                return
        slots = []
        for group in self._others(lease):
            node, now = group.node(wire), planner.clock()
            if (yield from planner.admit(node, now)):
                opaque = planner.opaque()
                command = protocol.store(wire, opaque, flags, data, expiry)
                slots.append(planner.ask(node, wire, opaque, command, now))
                yield Send(node, command, slots[-1:])
        yield Flush(slots, until)

    def _release(self, wire: bytes, lease: Slot | None) -> Plan[None]:
        """Give back a lease that led to nothing, so that the next reader may win it."""
        reply = None if lease is None else lease.reply
        if lease is None or reply is None:
            return
        if reply.hollow:
            opaque = self._planner.opaque()
            data = protocol.delete(wire, opaque, reply.cas)
            slot = Slot(lease.node, wire, opaque, data, self._planner.clock())
            yield Send(lease.node, data, (slot,))
        elif reply.ttl != 0:
            extra = b" C%d" % reply.cas
            value, ttl = reply.value or b"", reply.ttl or 0
            yield from self._post(lease, wire, reply.flags, value, ttl, extra)

    def _post(
        self, lease: Slot, wire: bytes, flags: int, data: bytes, expiry: int, extra: bytes
    ) -> Plan[Slot]:
        opaque = self._planner.opaque()
        command = protocol.store(wire, opaque, flags, data, expiry, extra)
        slot = Slot(lease.node, wire, opaque, command, self._planner.clock())
        yield Send(lease.node, command, (slot,))
        return slot

    def _others(self, lease: Slot | None) -> list[Group]:
        zone = None if lease is None else lease.node.place.zone
        groups = self._planner.cluster.groups(self._planner.clock())
        return [group for group in groups if group.zone != zone]


def _decoded(reply: Reply) -> tuple[Any] | None:
    try:
        return (transcode.decode(reply.flags, reply.value or b""),)
    except CodecError:
        return None
