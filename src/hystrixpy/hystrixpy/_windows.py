"""A rolling time window that a success costs one `list.append`, folded only when it is read.

A bucket keeps two books. `counts` and the latencies are what happened, for the eyes; `errors`
and `unheard` are what the circuit judges by. The second book is emptied when the circuit closes,
the first is not (Hystrix: requestCount and rollingCount*).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Sequence

MOST_SAMPLES = 10_000
_ATTEMPTS = ("FAILURE", "TIMEOUT", "SEMAPHORE_REJECTED")


class Bucket:
    """What happened in one part of the window.

    Attributes:
        end: when the next bucket begins.
        until: up to when the fused path may admit and record here without asking; -inf for never.
        generation: number of transitions of the circuit before this bucket began.
        latencies: seconds of each success.
        add: `latencies.append`, bound once.
        others: seconds of each failure and timeout.
        counts: the other events by name.
        retries: attempts after the first.
        errors: errors that the circuit hears.
        unheard: successes that the circuit does not hear.
        heard: False when the circuit closed after this bucket.
    """

    def __init__(self, index: int, end: float, generation: int) -> None:
        self.index = index
        self.end = end
        self.until = -math.inf
        self.generation = generation
        self.latencies: list[float] | array[float] = []
        self.add = self.latencies.append
        self.others: list[float] = []
        self.counts: Counter[str] = Counter()
        self.retries = 0
        self.errors = 0
        self.unheard = 0
        self.heard = True
        self.successes: int | None = None

    def succeeded(self) -> int:
        """Number of successes."""
        return len(self.latencies) if self.successes is None else self.successes

    def seal(self) -> None:
        """Shrink a bucket that nobody appends to any more: exact count, bounded samples."""
        if self.successes is None:
            self.successes = len(self.latencies)
            self.latencies = array("d", _thinned(self.latencies))
            self.others = _thinned(self.others)


def _thinned(samples: Sequence[float]) -> list[float]:
    return list(samples[:: len(samples) // MOST_SAMPLES + 1])


class Window:
    """The last `span` seconds in `parts` buckets on a fixed grid. Not locked: its owner does."""

    def __init__(self, span: float, parts: int) -> None:
        self._width = span / parts
        self._parts = parts
        self._buckets: deque[Bucket] = deque()
        self.current = self._begin(0, 0)

    def _begin(self, index: int, generation: int) -> Bucket:
        bucket = Bucket(index, (index + 1) * self._width, generation)
        self._buckets.append(bucket)
        return bucket

    def roll(self, now: float) -> Bucket:
        """The bucket of `now`. What lies idle between is jumped over; time never goes back."""
        current = self.current
        if now < current.end:
            return current
        # One bucket late: a thread that was interrupted before its append still finds the list.
        if len(self._buckets) > 1:
            self._buckets[-2].seal()
        index = max(int(now // self._width), current.index + 1)
        self.current = self._begin(index, current.generation)
        while self._buckets[0].index <= index - self._parts:
            self._buckets.popleft()
        return self.current

    def split(self, now: float, *, forget: bool) -> Bucket:
        """Start a new generation; with `forget`, one that hears of nothing before it."""
        last = self.roll(now)
        last.until = -math.inf
        if forget:
            for bucket in self._buckets:
                bucket.heard = False
        self.current = self._begin(last.index, last.generation + 1)
        return self.current

    def health(self) -> tuple[int, int]:
        """Volume and errors that the circuit judges by."""
        volume = errors = 0
        for bucket in self._buckets:
            if bucket.heard:
                errors += bucket.errors
                volume += bucket.errors + bucket.succeeded() - bucket.unheard
        return volume, errors

    def traffic(self) -> tuple[int, int]:
        """Attempts that were made or refused by the bulkhead, and how many were retries."""
        attempts = retries = 0
        for bucket in self._buckets:
            attempts += bucket.succeeded() + sum(bucket.counts[name] for name in _ATTEMPTS)
            retries += bucket.retries
        return attempts, retries

    def counts(self) -> Counter[str]:
        """How often each event happened; an event that did not is 0."""
        total: Counter[str] = Counter()
        for bucket in self._buckets:
            total.update(bucket.counts)
            if successes := bucket.succeeded():
                total["SUCCESS"] += successes
        return total

    def samples(self) -> list[float]:
        """Seconds of every attempt that was made, sorted; thinned where there were very many."""
        return sorted(s for b in self._buckets for part in (b.latencies, b.others) for s in part)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest sample that `percent` of all do not exceed; 0 without any."""
    if not ordered:
        return 0.0
    return ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)]


def mean(samples: Iterable[float]) -> float:
    """Arithmetic mean; 0 without any sample."""
    count = total = 0.0
    for sample in samples:
        count += 1
        total += sample
    return total / count if count else 0.0
