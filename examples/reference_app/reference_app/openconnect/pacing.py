"""The viewer's line, simulated: a token bucket that says how long to wait before bytes may go."""

from __future__ import annotations

BURST_SECONDS = 0.1
"""How much of a second's worth may go at once."""
CHUNK_SECONDS = 0.05
MIN_CHUNK = 4096


class TokenBucket:
    """One line of `mbit` Mbit/s, shared by all connections of a playback session.

    Works by debt: bytes are taken first, and the answer is when they are paid for. Callers that
    take at the same time therefore wait in turn, and together never exceed the rate.
    """

    def __init__(self, mbit: float, now: float) -> None:
        self.mbit = mbit
        self.rate = mbit * 125_000
        """Bytes a second."""
        self.burst = max(self.rate * BURST_SECONDS, float(MIN_CHUNK))
        self.chunk = max(int(self.rate * CHUNK_SECONDS), MIN_CHUNK)
        """How many bytes are best taken at a time."""
        self._tokens = self.burst
        self._at = now

    def take(self, count: int, now: float) -> float:
        """Take `count` bytes at `now` (seconds, any steady clock); seconds to wait first."""
        passed = max(0.0, now - self._at)
        self._at = max(self._at, now)
        self._tokens = min(self.burst, self._tokens + passed * self.rate) - count
        return max(0.0, -self._tokens / self.rate)
