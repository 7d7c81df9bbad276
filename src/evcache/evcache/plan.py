"""Plans: what a call sends, whom it waits for and how long, without I/O.

Each public call of the cache is one generator here. Both drivers run the same generators, and
the tests run them under a fake clock with no socket at all.

Reads ask the own zone, then the others. Each zone gets an equal share of the time that is left
before the next one is asked as well; whoever answers first with a value is believed. A zone that
misses is given the value that another had, by an ``add`` that nobody waits for, as Java EVCache
does: a node that restarted empty looks healthy and would go on missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count

from evcache import protocol, transcode
from evcache.errors import (
    CodecError,
    DeadlineExceededError,
    EVCacheError,
    NodeUnavailableError,
    QueueFullError,
    RefusedError,
)
from evcache.groups import Cluster, Group, Node
from evcache.item import Item, Status
from evcache.keys import wire_key
from evcache.latch import Votes, needed
from evcache.ops import Flush, Plan, Receive, Send
from evcache.protocol import Reply, Slot

THIRTY_DAYS = 30 * 86400
"""Seconds from which memcached takes an expiry for a unix time."""

STORED = frozenset((b"HD",))
GONE = frozenset((b"HD", b"NF"))


class Want:
    """One key of a read: who was asked, who missed, what was found."""

    __slots__ = ("error", "item", "key", "missed", "reply", "slot")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.slot: Slot | None = None
        self.item: Item | None = None
        self.reply: Reply | None = None
        self.missed: list[Node] = []
        self.error: EVCacheError | None = None

    def outcome(self) -> Item:
        """The item as it is told to the caller."""
        if self.item is not None:
            return self.item
        if self.missed:
            return Item(None, Status.MISS, self.missed[0].place.zone)
        error = self.error or NodeUnavailableError("cluster", "no zone is known or up")
        return Item(None, Status.UNAVAILABLE, error=error)


Asked = tuple[int, Want, Slot]
"""Who was asked: the rank of the zone, the want and the slot."""


class Planner:
    """Makes the plans of one cache.

    Args:
        cluster: where the nodes are.
        prefix: text before every key, its colon included.
        ttl: default seconds to live; None never expires.
        write: default write policy.
        timeout: seconds a call may take.
        deadline: seconds the caller has left, asked at every call.
        clock: monotonic seconds.
        wall: unix seconds, for expiries beyond thirty days.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        prefix: str,
        ttl: int | None,
        write: str,
        timeout: float,
        deadline: Callable[[], float | None] | None,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        needed(write, 3)
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout!r}; allowed are seconds above 0")
        self.cluster = cluster
        self.prefix = prefix
        self.timeout = timeout
        self.clock = clock
        self._write = write
        self._deadline = deadline
        self._wall = wall
        self._opaque = count(1)
        self._ttl = None if ttl is None else self.seconds(ttl)

    def expiry(self, ttl: int | None, stale: int = 0) -> int:
        """What goes after T on the wire: 0 is never, beyond thirty days a unix time.

        Raises:
            ValueError: `ttl` is no whole number of seconds above 0.
        """
        ttl = self._ttl if ttl is None else self.seconds(ttl)
        if ttl is None:
            return 0
        ttl += stale
        return ttl if ttl <= THIRTY_DAYS else int(self._wall()) + ttl

    @staticmethod
    def seconds(ttl: int) -> int:
        """Check a time to live: memcached knows whole seconds, and takes 0 for eternity."""
        if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 1:
            raise ValueError(f"ttl is {ttl!r}; allowed are whole seconds above 0, or None")
        return ttl

    def left(self) -> float | None:
        """Seconds the caller has left."""
        return None if self._deadline is None else self._deadline()

    def until(self, now: float) -> float:
        """When a call that begins now must be over."""
        left = None if self._deadline is None else self._deadline()
        return now + (self.timeout if left is None else min(left, self.timeout))

    def opaque(self) -> int:
        """A number that no other command in flight has."""
        return next(self._opaque) & 0x7FFFFFFF

    # Reads

    def get(self, key: str) -> Plan[Item]:
        """Read one key."""
        want = Want(wire_key(self.prefix, key))
        now = self.clock()
        until = self.until(now)
        groups = self.cluster.groups(now)
        if groups and until > now and not (node := groups[0].node(want.key)).down_until:
            # The road of nearly every call: the own zone has it.
            opaque = self.opaque()
            data = protocol.get(want.key, opaque)
            slot = Slot(node, want.key, opaque, data, now)
            yield Send(node, data, (slot,))
            if not slot.done:
                yield Receive((slot,), now + (until - now) / len(groups))
            reply = slot.reply
            if reply is not None and reply.code == b"VA" and not reply.hollow:
                self._found(want, slot, reply)
                if want.item is not None:
                    return want.item
            yield from self.gather((want,), groups, until, [(0, want, slot)])
        else:
            yield from self.gather((want,), groups, until, [])
        return want.outcome()

    def get_many(self, keys: Iterable[str]) -> Plan[dict[str, Item]]:
        """Read many keys: all commands of a zone go out before any reply is awaited."""
        wants = {key: Want(wire_key(self.prefix, key)) for key in keys}
        now = self.clock()
        groups = self.cluster.groups(now)
        yield from self.gather(tuple(wants.values()), groups, self.until(now), [])
        return {key: want.outcome() for key, want in wants.items()}

    def gather(
        self, wants: Sequence[Want], groups: Sequence[Group], until: float, pending: list[Asked]
    ) -> Plan[None]:
        """Ask zone after zone until each want has its item, or the time is spent.

        `pending` holds what the first zone was asked already, if it was.
        """
        first = 1 if pending else 0
        now = yield from self._listen(pending, 0, float("-inf"))
        for rank in range(first, len(groups)):
            open_wants = [want for want in wants if want.item is None]
            if now >= until or not open_wants:
                break
            before = len(pending)
            yield from self._ask(groups[rank], rank, open_wants, now, pending)
            zones = len(groups) - rank
            if zones > 1:
                doubted = all(slot.node.doubtful for _, _, slot in pending[before:])
                share = now if doubted else now + (until - now) / zones
                now = yield from self._listen(pending, rank, share)
        now = yield from self._listen(pending, 0, until)
        for _, want, slot in pending:
            want.error = DeadlineExceededError(slot.node.label)
            slot.node.silent(slot.sent, slot.epoch, now, self.timeout)
        if now >= until and not pending:
            for want in wants:
                want.error = want.error or DeadlineExceededError("cluster")
        yield from self._write_back(wants)

    def _ask(
        self, group: Group, rank: int, wants: Sequence[Want], now: float, pending: list[Asked]
    ) -> Plan[None]:
        """Send the reads of one zone, in one piece a node."""
        nodes: dict[Node, list[Slot]] = {}
        admitted: dict[Node, bool] = {}
        for want in wants:
            node = group.node(want.key)
            if node not in admitted:
                admitted[node] = node.admit(now)
            if not admitted[node]:
                want.error = NodeUnavailableError(node.label, "marked down")
                continue
            opaque = self.opaque()
            slot = Slot(node, want.key, opaque, protocol.get(want.key, opaque), now)
            nodes.setdefault(node, []).append(slot)
            pending.append((rank, want, slot))
        for node, slots in nodes.items():
            yield Send(node, b"".join([slot.data for slot in slots]), slots)

    def _listen(self, pending: list[Asked], rank: int, until: float) -> Plan[float]:
        """Take replies until nobody asked at `rank` or later is waited for, or time is spent.

        Late ones of earlier ranks are taken in too. Leaves in `pending` who has not answered.
        """
        while True:
            now = self.clock()
            still: list[Asked] = []
            for asked_at, want, slot in pending:
                waits: Slot | None = slot
                if slot.done:
                    waits = None if want.item is not None else self._settle_read(want, slot, now)
                    if waits is not None:
                        yield Send(waits.node, waits.data, (waits,))
                if waits is not None:
                    still.append((asked_at, want, waits))
            pending[:] = still
            open_slots = [entry for entry in still if entry[1].item is None]
            if now >= until or not any(entry[0] >= rank for entry in open_slots):
                return now
            if not any(slot.done for _, _, slot in open_slots):
                yield Receive([slot for _, _, slot in open_slots], until)

    def _settle_read(self, want: Want, slot: Slot, now: float) -> Slot | None:
        """Take in one settled slot; return the slot that takes its place, where one does."""
        if slot.error is not None:
            again = self.again(slot, now)
            if again is None:
                want.error = slot.error
            return again
        reply = slot.reply
        if reply is not None and reply.code == b"VA" and not reply.hollow:
            self._found(want, slot, reply)
        else:
            want.missed.append(slot.node)
        return None

    def again(self, slot: Slot, now: float) -> Slot | None:
        """Judge a failed slot: a second one to send in its place, or the node has failed.

        A connection that had been in use says little when it is lost: the node may be back
        already. Each command here may be sent twice, so it is, once, over a new connection.
        """
        if isinstance(slot.error, (RefusedError, QueueFullError)):
            return None
        if slot.reused and not slot.retried:
            slot.node.renew(slot.epoch)
            second = Slot(slot.node, slot.key, slot.opaque, slot.data, now)
            second.retried = True
            return second
        slot.node.failed(slot.epoch, now)
        return None

    def _found(self, want: Want, slot: Slot, reply: Reply) -> None:
        try:
            value = transcode.decode(reply.flags, reply.value or b"")
        except CodecError as error:
            want.error = error
            return
        renewing = reply.stale or reply.leased or reply.won
        status = Status.STALE if renewing else Status.HIT
        want.reply = reply
        want.item = Item(value, status, slot.node.place.zone, reply.ttl, "ram")

    def _write_back(self, wants: Sequence[Want]) -> Plan[None]:
        """Give found values to the zones that missed them. Nobody waits for it."""
        for want in wants:
            reply = want.reply
            # With under a second left T would be 0, and 0 is for ever.
            if reply is None or not want.missed or reply.ttl == 0:
                continue
            opaque = self.opaque()
            data = protocol.store(
                want.key, opaque, reply.flags, reply.value or b"", reply.ttl or 0, b" ME"
            )
            for node in want.missed:
                slot = Slot(node, want.key, opaque, data, self.clock())
                yield Send(node, data, (slot,))

    # Writes

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
        wire, opaque = wire_key(self.prefix, key), self.opaque()
        command = protocol.store(wire, opaque, flags, data, self.expiry(ttl), extra)
        return self._everywhere(wire, opaque, command, STORED, write)

    def delete(self, key: str, write: str | None) -> Plan[Votes]:
        """Delete in every zone; one that has nothing acknowledges too."""
        wire, opaque = wire_key(self.prefix, key), self.opaque()
        return self._everywhere(wire, opaque, protocol.delete(wire, opaque), GONE, write)

    def touch(self, key: str, ttl: int | None, write: str | None) -> Plan[Votes]:
        """Give a new expiry in every zone that has the key."""
        wire, opaque = wire_key(self.prefix, key), self.opaque()
        command = protocol.touch(wire, opaque, self.expiry(ttl))
        return self._everywhere(wire, opaque, command, STORED, write)

    def _everywhere(
        self, key: bytes, opaque: int, data: bytes, accepted: frozenset[bytes], write: str | None
    ) -> Plan[Votes]:
        """Send one command to all zones and wait until its policy is met or cannot be."""
        now = self.clock()
        until = self.until(now)
        groups = self.cluster.groups(now)
        policy = self._write if write is None else write
        need = needed(policy, len(groups))
        votes = Votes(accepted, policy)
        for group in groups:
            node = group.node(key)
            if now >= until:
                votes.refused[group.zone] = DeadlineExceededError(node.label)
            elif not node.admit(now):
                votes.refused[group.zone] = NodeUnavailableError(node.label, "marked down")
            else:
                slot = Slot(node, key, opaque, data, now)
                votes.slots[group.zone] = slot
                yield Send(node, data, (slot,))
        yield from self._count(votes, need, until)
        if unsettled := votes.open():
            yield Flush(unsettled, until)
        return votes

    def settle(self, votes: Votes, need: int, timeout: float | None) -> Plan[None]:
        """Wait for further zones of a write that was sent before."""
        now = self.clock()
        return self._count(votes, need, self.until(now) if timeout is None else now + timeout)

    def _count(self, votes: Votes, need: int, until: float) -> Plan[None]:
        while True:
            now = self.clock()
            for zone, slot in votes.slots.items():
                if slot.error is not None and not slot.judged:
                    slot.judged = True
                    second = self.again(slot, now)
                    if second is not None:
                        votes.slots[zone] = second
                        yield Send(second.node, second.data, (second,))
            unsettled = votes.open()
            acked = len(votes.acked())
            if acked >= need or acked + len(unsettled) < need:
                return
            if now >= until:
                for slot in unsettled:
                    slot.node.silent(slot.sent, slot.epoch, now, self.timeout)
                return
            yield Receive(unsettled, until)
