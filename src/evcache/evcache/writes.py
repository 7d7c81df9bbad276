"""Writes: one command to all zones at once, until the policy is met or cannot be."""

from __future__ import annotations

from evcache import protocol, transcode
from evcache.errors import DeadlineExceededError, NodeUnavailableError
from evcache.keys import wire_key
from evcache.latch import Votes, needed
from evcache.ops import Flush, Plan, Receive, Send
from evcache.plan import Planner

STORED = frozenset((b"HD",))
GONE = frozenset((b"HD", b"NF"))


class Writes:
    """Plans the writes of one cache.

    Args:
        planner: the rules of all plans.
        policy: what is waited for where a call does not say.

    Raises:
        ValueError: the policy is none of the words.
    """

    def __init__(self, planner: Planner, policy: str) -> None:
        needed(policy, 3)
        self._planner = planner
        self._policy = policy

    def set(self, key: str, value: object, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Write to every zone."""
        flags, data = transcode.encode(value)
        return self._store(key, flags, data, ttl, write, b"")

    def add(self, key: str, value: object, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Write in each zone that has nothing under the key."""
        flags, data = transcode.encode(value)
        return self._store(key, flags, data, ttl, write, b" ME")

    def _store(
        self, key: str, flags: int, data: bytes, ttl: int | None, write: str | None, extra: bytes
    ) -> Plan[Votes]:
        wire, opaque = wire_key(self._planner.prefix, key), self._planner.opaque()
        command = protocol.store(wire, opaque, flags, data, self._planner.expiry(ttl), extra)
        return self._everywhere(wire, opaque, command, STORED, write)

    def delete(self, key: str, write: str | None) -> Plan[Votes]:
        """Delete in every zone; one that has nothing acknowledges too."""
        wire, opaque = wire_key(self._planner.prefix, key), self._planner.opaque()
        return self._everywhere(wire, opaque, protocol.delete(wire, opaque), GONE, write)

    def touch(self, key: str, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Give a new expiry in every zone that has the key."""
        wire, opaque = wire_key(self._planner.prefix, key), self._planner.opaque()
        command = protocol.touch(wire, opaque, self._planner.expiry(ttl))
        return self._everywhere(wire, opaque, command, STORED, write)

    def _everywhere(
        self, key: bytes, opaque: int, data: bytes, accepted: frozenset[bytes], write: str | None
    ) -> Plan[Votes]:
        """Send one command to all zones and wait until its policy is met or cannot be."""
        now = self._planner.clock()
        until = self._planner.until(now)
        groups = self._planner.cluster.groups(now)
        policy = self._policy if write is None else write
        need = needed(policy, len(groups))
        votes = Votes(accepted, policy)
        for group in groups:
            node = group.node(key)
            if now >= until:
                votes.refused[group.zone] = DeadlineExceededError(node.label)
            elif not (yield from self._planner.admit(node, now)):
                votes.refused[group.zone] = NodeUnavailableError(node.label, "marked down")
            else:
                slot = self._planner.ask(node, key, opaque, data, now)
                votes.slots[group.zone] = slot
                yield Send(node, data, (slot,))
        yield from self._count(votes, need, until)
        if unsettled := votes.open():
            yield Flush(unsettled, until)
        return votes

    def settle(self, votes: Votes, need: int, timeout: float | None) -> Plan[None]:
        """Wait for further zones of a write that was sent before."""
        now = self._planner.clock()
        return self._count(
            votes, need, self._planner.until(now) if timeout is None else now + timeout
        )

    def _count(self, votes: Votes, need: int, until: float) -> Plan[None]:
        """Wait for votes until there are enough, or cannot be, or the time is spent."""
        while True:
            now = self._planner.clock()
            acked, unsettled = 0, []
            for zone, slot in votes.slots.items():
                if slot.error is not None and not slot.judged:
                    slot.judged = True
                    second = self._planner.again(slot, now)
                    if second is not None:
                        votes.slots[zone] = slot = second
                        yield Send(slot.node, slot.data, (slot,))
                if not slot.done:
                    unsettled.append(slot)
                elif slot.reply is not None and slot.reply.code in votes.accepted:
                    acked += 1
            if acked >= need or acked + len(unsettled) < need:
                return
            if now >= until:
                for slot in unsettled:
                    slot.node.silent(slot.sent, slot.epoch, now, self._planner.timeout)
                return
            yield Receive(unsettled, until, need - acked)
