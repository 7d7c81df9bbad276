"""Write policies, and the latch that a write returns.

| policy | zones that must acknowledge, of n |
| --- | --- |
| ``none`` | 0 |
| ``one`` | 1 |
| ``quorum`` | 1 where n <= 2, else n // 2 + 1 |
| ``all_minus_one`` | 1 where n <= 2, else n - 1; EVCache's default |
| ``all`` | n |

In two zones ``all_minus_one`` is one acknowledgement; three zones are the smallest number in
which it survives the loss of one without losing a write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Literal, get_args

from evcache.errors import EVCacheError, LatchNotMetError, RefusedError
from evcache.ops import Plan
from evcache.protocol import Slot

Policy = Literal["none", "one", "quorum", "all_minus_one", "all"]

POLICIES: tuple[str, ...] = get_args(Policy)


def needed(policy: str, zones: int) -> int:
    """How many of `zones` must acknowledge. Of no zone at all nobody can: then it is one.

    Raises:
        ValueError: the word is none of the policies.
    """
    if policy not in POLICIES:
        raise ValueError(f"write policy {policy!r} is none of {', '.join(POLICIES)}")
    if policy == "none":
        return 0
    if policy == "all":
        return max(zones, 1)
    if zones <= 2 or policy == "one":
        return 1
    return zones // 2 + 1 if policy == "quorum" else zones - 1


class Votes:
    """What is known of one write: a slot for each zone it was sent to, an error for the others."""

    __slots__ = ("accepted", "policy", "refused", "slots")

    def __init__(self, accepted: frozenset[bytes], policy: str) -> None:
        self.accepted = accepted
        self.policy = policy
        self.slots: dict[str, Slot] = {}
        self.refused: dict[str, EVCacheError] = {}

    def need(self, policy: str | None = None) -> int:
        """How many zones must acknowledge; None asks for the policy of the write."""
        return needed(policy or self.policy, len(self.slots) + len(self.refused))

    def met(self, policy: str | None = None) -> bool:
        """Whether that many have."""
        return len(self.acked()) >= self.need(policy)

    def error(self) -> LatchNotMetError:
        """The error that tells of a policy that was not met."""
        pending = tuple(zone for zone, slot in self.slots.items() if not slot.done)
        return LatchNotMetError(self.acked(), self.failed(), pending)

    def open(self) -> list[Slot]:
        """Slots without an outcome."""
        return [slot for slot in self.slots.values() if not slot.done]

    def acked(self) -> tuple[str, ...]:
        """Zones that did it."""
        return tuple(zone for zone, slot in self.slots.items() if self._accepts(slot))

    def failed(self) -> dict[str, EVCacheError]:
        """Zones that did not, and why."""
        failed = dict(self.refused)
        for zone, slot in self.slots.items():
            if slot.error is not None:
                failed[zone] = slot.error
            elif slot.reply is not None and not self._accepts(slot):
                failed[zone] = RefusedError(slot.node.label, slot.reply.code.decode())
        return failed

    def _accepts(self, slot: Slot) -> bool:
        return slot.reply is not None and slot.reply.code in self.accepted


Settle = Callable[[Votes, int, float | None], Plan[None]]


class _Latch:
    """The truth about one write, as far as it has come in. True when its policy is met."""

    __slots__ = ("_settle", "_votes")

    def __init__(self, votes: Votes, settle: Settle) -> None:
        self._votes = votes
        self._settle = settle

    @property
    def acked(self) -> tuple[str, ...]:
        """Zones that have acknowledged."""
        return self._votes.acked()

    @property
    def failed(self) -> Mapping[str, EVCacheError]:
        """Zones that have not and will not, each with its error."""
        return self._votes.failed()

    @property
    def pending(self) -> tuple[str, ...]:
        """Zones that were sent the write and have not answered."""
        return tuple(zone for zone, slot in self._votes.slots.items() if not slot.done)

    def __bool__(self) -> bool:
        return self._votes.met()

    def __repr__(self) -> str:
        met = "met" if self else "not met"
        return (
            f"<{type(self).__name__} {self._votes.policy}: {met}, acked={self.acked}, "
            f"failed={dict(self.failed)}, pending={self.pending}>"
        )

    def _plan(self, policy: Policy | None, timeout: float | None) -> Plan[None]:
        return self._settle(self._votes, self._votes.need(policy), timeout)


class Latch(_Latch):
    """What a write of `EVCache` returns."""

    __slots__ = ("_run",)

    def __init__(self, votes: Votes, settle: Settle, run: Callable[[Plan[None]], None]) -> None:
        super().__init__(votes, settle)
        self._run = run

    def wait(self, policy: Policy | None = None, timeout: float | None = None) -> bool:
        """Wait for further zones; return whether the policy is met.

        Args:
            policy: the word to meet; None is that of the write.
            timeout: seconds; None is that of the cache.
        """
        self._run(self._plan(policy, timeout))
        return self._votes.met(policy)


class AsyncLatch(_Latch):
    """What a write of `AsyncEVCache` returns. ``await latch`` waits for its own policy."""

    __slots__ = ("_run",)

    def __init__(
        self, votes: Votes, settle: Settle, run: Callable[[Plan[None]], Awaitable[None]]
    ) -> None:
        super().__init__(votes, settle)
        self._run = run

    async def wait(self, policy: Policy | None = None, timeout: float | None = None) -> bool:  # noqa: ASYNC109  a deadline of the plan
        """Wait for further zones; return whether the policy is met. Arguments as in `Latch`."""
        await self._run(self._plan(policy, timeout))
        return self._votes.met(policy)

    def __await__(self) -> Generator[Any, None, bool]:
        return self.wait().__await__()
