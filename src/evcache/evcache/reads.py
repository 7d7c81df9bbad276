"""Reads: the own zone first, then the others.

Each zone gets an equal share of the time that is left before the next one is asked as well;
whoever answers first with a value is believed. A zone that misses is given the value that another
had, by an ``add`` that nobody waits for, as Java EVCache does: a node that restarted empty looks
healthy and would go on missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evcache import protocol, transcode
from evcache.errors import (
    CodecError,
    DeadlineExceededError,
    EVCacheError,
    NodeUnavailableError,
)
from evcache.groups import Group, Node
from evcache.item import Item, Status
from evcache.keys import wire_key
from evcache.ops import Plan, Receive, Send
from evcache.plan import Planner
from evcache.protocol import Reply, Slot


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


class Reads:
    """Plans the reads of one cache."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def get(self, key: str) -> Plan[Item]:
        """Read one key."""
        want = Want(wire_key(self._planner.prefix, key))
        now = self._planner.clock()
        until = self._planner.until(now)
        groups = self._planner.cluster.groups(now)
        if groups and until > now and not (node := groups[0].node(want.key)).down_until:
            # The road of nearly every call: the own zone has it.
            opaque = self._planner.opaque()
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
        wants = {key: Want(wire_key(self._planner.prefix, key)) for key in keys}
        now = self._planner.clock()
        groups = self._planner.cluster.groups(now)
        yield from self.gather(tuple(wants.values()), groups, self._planner.until(now), [])
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
            slot.node.silent(slot.sent, slot.epoch, now, self._planner.timeout)
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
                admitted[node] = yield from self._planner.admit(node, now)
            if not admitted[node]:
                want.error = NodeUnavailableError(node.label, "marked down")
                continue
            opaque = self._planner.opaque()
            slot = self._planner.ask(node, want.key, opaque, protocol.get(want.key, opaque), now)
            nodes.setdefault(node, []).append(slot)
            pending.append((rank, want, slot))
        for node, slots in nodes.items():
            yield Send(node, b"".join([slot.data for slot in slots]), slots)

    def _listen(self, pending: list[Asked], rank: int, until: float) -> Plan[float]:
        """Take replies until nobody asked at `rank` or later is waited for, or time is spent.

        Late ones of earlier ranks are taken in too. Leaves in `pending` who has not answered.
        """
        while True:
            now = self._planner.clock()
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
            awaited = sum(entry[0] >= rank for entry in open_slots)
            if now >= until or not awaited:
                return now
            if not any(slot.done for _, _, slot in open_slots):
                # Where two zones were asked for one key the first answer may be enough.
                once = len({want for _, want, _ in open_slots}) == len(open_slots)
                count = awaited if once else 1
                yield Receive([slot for _, _, slot in open_slots], until, count)

    def _settle_read(self, want: Want, slot: Slot, now: float) -> Slot | None:
        """Take in one settled slot; return the slot that takes its place, where one does."""
        if slot.error is not None:
            again = self._planner.again(slot, now)
            if again is None:
                want.error = slot.error
            return again
        reply = slot.reply
        if reply is not None and reply.code == b"VA" and not reply.hollow:
            self._found(want, slot, reply)
        else:
            want.missed.append(slot.node)
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
            opaque = self._planner.opaque()
            data = protocol.store(
                want.key, opaque, reply.flags, reply.value or b"", reply.ttl or 0, b" ME"
            )
            for node in want.missed:
                slot = Slot(node, want.key, opaque, data, self._planner.clock())
                yield Send(node, data, (slot,))
