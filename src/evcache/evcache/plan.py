"""Plans: what a call sends, whom it waits for and how long, without I/O.

Each public call of the cache is one generator: `reads.py`, `writes.py`, `lease.py`. Both drivers
run the same generators, and the tests run them under a fake clock with no socket at all. Here is
what all plans follow: how long a call may take, which nodes it may use, what a lost reply means.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from evcache.errors import QueueFullError, RefusedError
from evcache.groups import Cluster, Node
from evcache.ops import Plan, Receive
from evcache.protocol import Slot

THIRTY_DAYS = 30 * 86400
"""Seconds from which memcached takes an expiry for a unix time."""


class Planner:
    """The rules and the state that all plans of one cache share.

    Args:
        cluster: where the nodes are.
        prefix: text before every key, its colon included.
        ttl: default seconds to live; None never expires.
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
        timeout: float,
        deadline: Callable[[], float | None] | None,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout!r}; allowed are seconds above 0")
        self.cluster = cluster
        self.prefix = prefix
        self.timeout = timeout
        self.clock = clock
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

    def admit(self, node: Node, now: float) -> Plan[bool]:
        """Whether a call may use the node now.

        Nobody waits for a node in doubt, so the answer to the call that tried it may lie unread:
        it is looked for first.
        """
        if not node.down_until:
            return True
        probe = node.probe
        if probe is not None and not probe.done:
            yield Receive((probe,), now)
            if not node.down_until:
                return True
            if not probe.done:
                if now - probe.sent >= self.timeout:
                    node.failed(probe.epoch, now)
                return False
        return node.rested(now)

    def ask(self, node: Node, key: bytes, opaque: int, data: bytes, now: float) -> Slot:
        """A slot for a command that is about to be sent to a node that was admitted."""
        slot = Slot(node, key, opaque, data, now)
        if node.down_until:
            node.probe = slot
        return slot

    def again(self, slot: Slot, now: float) -> Slot | None:
        """Judge a failed slot: a second one to send in its place, or the node has failed.

        A connection that had been in use says little when it is lost: the node may be back
        already. Each command here may be sent twice, so it is, once, over a new connection.
        """
        if isinstance(slot.error, (RefusedError, QueueFullError)):
            return None
        node = slot.node
        # Nor does one that was closed because another call had found the node's others lost.
        collateral = slot.epoch != node.epoch and not node.down_until
        if (slot.reused or collateral) and not slot.retried:
            node.renew(slot.epoch)
            second = Slot(node, slot.key, slot.opaque, slot.data, now)
            second.retried = True
            return second
        node.failed(slot.epoch, now)
        return None
