"""What one command key owns in one registry, and the lock around it.

The lock is held over arithmetic only, never over the user's code, an observer or a pause.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hystrixpy._windows import mean, percentile
from hystrixpy.config import CommandConfig
from hystrixpy.events import NO_UNIT, EventType, Unit, tell
from hystrixpy.gates.bulkhead import Bulkhead
from hystrixpy.gates.circuit import Circuit, State, Ticket
from hystrixpy.wraps.retry import Retry, affordable

if TYPE_CHECKING:
    from hystrixpy.command import CommandFunction
    from hystrixpy.registry import Registry

PERCENTILES = ("0", "25", "50", "75", "90", "95", "99", "99.5", "100")
_THROWN = ("BAD_REQUEST", "FALLBACK_FAILURE", "FALLBACK_MISSING", "FALLBACK_REJECTION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a command did in the rolling window, in this process.

    Attributes:
        name: the command.
        group: its group.
        state: of its circuit.
        counts: by Hystrix's event names; one that did not happen is 0. EXCEPTION_THROWN is the
            sum of the events that end in an exception, as Hystrix reads it.
        volume: calls the circuit judges by: successes, failures, timeouts and bulkhead
            refusals since it last closed.
        errors: how many of them were not successes.
        error_percentage: 0 to 100.
        in_use: calls in progress.
        limit: how many may be.
        mean_ms: milliseconds of an attempt that was made, on average.
        latency_ms: the same by percentile, keys "0" "25" "50" "75" "90" "95" "99" "99.5" "100".
    """

    name: str
    group: str
    state: State
    counts: Mapping[str, int]
    volume: int
    errors: int
    error_percentage: float
    in_use: int
    limit: int
    mean_ms: float
    latency_ms: Mapping[str, float]


class Key:
    """A command key; `core` is what it owns in the registry that is current.

    Args:
        config: its settings.
        place: file and line of its function.
        local: whether the function was made inside another one, perhaps many times.
    """

    __slots__ = ("config", "core", "function", "local", "place")

    core: Core
    function: CommandFunction[Any, Any, Any]

    def __init__(self, config: CommandConfig, place: str, *, local: bool) -> None:
        self.config = config
        self.place = place
        self.local = local

    def is_reload_of(self, other: Key) -> bool:
        """Whether both are the same function of a module that was imported again."""
        file = self.place.rpartition(":")[0]
        return not self.local and file == other.place.rpartition(":")[0]

    def bind(self, registry: Registry) -> None:
        """Start with fresh state in a registry."""
        self.core = Core(self.config, registry)


class Core:
    """Circuit, bulkheads, counts and retry policy of one command.

    `bucket`, `take`, `give` and `now` are what the fused path reads; see `_compile`.
    """

    def __init__(self, config: CommandConfig, registry: Registry) -> None:
        self.config = config
        self.registry = registry
        self.clock = registry.clock
        self.now = registry.clock.now
        # An RLock: a destructor or signal handler that calls the same command must not hang.
        self.lock = threading.RLock()
        timeout = config.timeout or 0.0
        self.circuit = Circuit(config.circuit, timeout + config.circuit.sleep_window)
        self.bulkhead = Bulkhead(config.max_concurrent)
        self.take = self.bulkhead.take
        self.give = self.bulkhead.give
        width = config.fallback_max_concurrent or config.max_concurrent
        self.fallback_bulkhead = Bulkhead(width)
        self.retry = Retry(config.attempts, registry.random) if config.attempts > 1 else None
        self.refresh()

    def refresh(self) -> None:
        """Learn anew whether somebody looks."""
        with self.lock:
            self._publish()

    def _publish(self) -> None:
        """Say up to when the fused path may go: never while the circuit asks or somebody looks."""
        bucket = self.circuit.window.current
        fused = self.circuit.passes and self.registry.observer is None
        bucket.until = bucket.end if fused else -math.inf
        self.bucket = bucket

    def admit(self, now: float) -> Ticket | float | None:
        """A ticket, or for a refusal the seconds until the next test call (None: no time known)."""
        with self.lock:
            ticket = self.circuit.admit(now)
            if ticket is None:
                self.circuit.window.roll(now).counts["SHORT_CIRCUITED"] += 1
            self._publish()
            return ticket or self.circuit.retry_after(now)

    def record(
        self,
        ticket: Ticket,
        event: EventType,
        now: float,
        latency: float = 0.0,
        *,
        excused: bool = False,
    ) -> None:
        """Count the end of an attempt, and let the circuit judge it unless it is excused."""
        with self.lock:
            self.circuit.record(ticket, event, now, latency, excused=excused)
            self._publish()

    def count(self, event: EventType) -> None:
        """Count an event that says nothing of the health of the call."""
        with self.lock:
            self.circuit.window.roll(self.now()).counts[event] += 1
            self._publish()

    def spend_retry(self, now: float) -> bool:
        """Take one retry from the budget; False when it is empty or the circuit is not closed."""
        with self.lock:
            bucket = self.circuit.window.roll(now)
            self._publish()
            if not self.circuit.passes or not affordable(*self.circuit.window.traffic()):
                return False
            bucket.retries += 1
            return True

    def force(self, state: State) -> None:
        """Set the circuit by hand."""
        with self.lock:
            self.circuit.force(state, self.now())
            self._publish()
        self.announce(NO_UNIT)

    def announce(self, unit: Unit) -> None:
        """Tell the observer of the transitions since it was last told, outside the lock."""
        news = self.circuit.news
        while news:
            try:
                change = news.popleft()
            except IndexError:
                return  # another thread told it
            if (observer := self.registry.observer) is not None:
                share = change.errors * 100 / change.volume if change.volume else 0.0
                fields = {
                    "command": self.config.name,
                    "error_percentage": share,
                    "volume": change.volume,
                }
                tell(observer, change.name, self.clock.wall(), unit, fields)

    def snapshot(self) -> Snapshot:
        """The window as it is now; reading folds it, calls do not."""
        with self.lock:
            window = self.circuit.window
            window.roll(self.now())
            self._publish()
            state = self.circuit.state
            counts = window.counts()
            volume, errors = window.health()
            samples = window.samples()
        if thrown := sum(counts[name] for name in _THROWN):
            counts["EXCEPTION_THROWN"] = thrown
        return Snapshot(
            name=self.config.name,
            group=self.config.group,
            state=state,
            counts=counts,
            volume=volume,
            errors=errors,
            error_percentage=errors * 100 / volume if volume else 0.0,
            in_use=self.bulkhead.in_use,
            limit=self.bulkhead.limit,
            mean_ms=mean(samples) * 1000,
            latency_ms={p: percentile(samples, float(p)) * 1000 for p in PERCENTILES},
        )
