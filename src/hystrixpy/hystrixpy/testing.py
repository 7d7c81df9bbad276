"""For tests of code that uses commands: a clock to turn by hand, and a registry of its own."""

from __future__ import annotations

from hystrixpy._clock import Clock
from hystrixpy.registry import isolated

__all__ = ["FakeClock", "isolated"]


class FakeClock(Clock):
    """Time that passes only when told to, or when a command sleeps between attempts.

    `with isolated(clock=FakeClock()):`. The hard timeout of `async def` is the event loop's and
    follows the loop's own clock.

    Args:
        start: where `now` begins, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        hands = [start]

        def now() -> float:
            return hands[0]

        def advance(seconds: float) -> None:
            hands[0] += seconds

        async def advance_async(seconds: float) -> None:
            hands[0] += seconds

        super().__init__(now=now, wall=now, sleep=advance, sleep_async=advance_async)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.sleep(seconds)
