"""The circuit breaker: a state machine over a rolling window, without I/O, clock or lock.

Hystrix 1.5.18, with two rules of our own. It trips on the failing call itself, not up to 500 ms
later. And test calls are leases: one that is cancelled, refused by a later gate or ends in a bad
request says nothing about health, so that its permit goes back; one that never reports loses its
lease. HALF_OPEN therefore cannot stick, and never lets through more than one.

Each transition starts a new generation. A call reports with the generation it was admitted in;
an older one is counted and can neither close nor open.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import NamedTuple

from hystrixpy._windows import Window
from hystrixpy.config import CircuitConfig
from hystrixpy.events import EventType

ERRORS = frozenset({"FAILURE", "TIMEOUT", "SEMAPHORE_REJECTED"})


class State(StrEnum):
    """Where a circuit is."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
    FORCED_OPEN = "FORCED_OPEN"
    FORCED_CLOSED = "FORCED_CLOSED"


class Ticket:
    """Says when a call was admitted; in HALF_OPEN it is the lease itself."""

    __slots__ = ("generation",)

    def __init__(self, generation: int) -> None:
        self.generation = generation


class Transition(NamedTuple):
    """A change of state, with what the window held at that moment."""

    name: str
    volume: int
    errors: int


_NAMES = {
    State.OPEN: "hystrixpy.circuit_opened",
    State.FORCED_OPEN: "hystrixpy.circuit_opened",
    State.HALF_OPEN: "hystrixpy.circuit_half_opened",
    State.CLOSED: "hystrixpy.circuit_closed",
    State.FORCED_CLOSED: "hystrixpy.circuit_closed",
}


class Circuit:
    """One circuit.

    Args:
        config: thresholds and times.
        patience: seconds a test call may stay silent before its lease is lost.
    """

    def __init__(self, config: CircuitConfig, patience: float) -> None:
        self.state = State.CLOSED
        self.window = Window(config.window, config.buckets)
        self.news: deque[Transition] = deque(maxlen=64)
        self._config = config
        self._patience = patience
        self._retry_at = 0.0
        self._lease: Ticket | None = None
        self._lease_until = 0.0

    @property
    def passes(self) -> bool:
        """Whether every call is let through."""
        return self.state in (State.CLOSED, State.FORCED_CLOSED)

    def admit(self, now: float) -> Ticket | None:
        """A ticket to report with, or None for a refusal."""
        if self.state is State.OPEN and now >= self._retry_at:
            self._become(State.HALF_OPEN, now)
        if self.passes:
            return Ticket(self.window.roll(now).generation)
        if self.state is State.HALF_OPEN and (self._lease is None or now >= self._lease_until):
            self._lease = Ticket(self.window.roll(now).generation)
            self._lease_until = now + self._patience
            return self._lease
        return None

    def retry_after(self, now: float) -> float | None:
        """Seconds until a refused call may try again; None when it is forced open."""
        if self.state is State.FORCED_OPEN:
            return None
        at = self._retry_at if self.state is State.OPEN else self._lease_until
        return max(at - now, 0.0)

    def record(
        self,
        ticket: Ticket,
        event: EventType,
        now: float,
        latency: float = 0.0,
        *,
        excused: bool = False,
    ) -> None:
        """Count what came of an admitted call, and draw the consequence.

        Args:
            ticket: what `admit` gave.
            event: SUCCESS, FAILURE, TIMEOUT, SEMAPHORE_REJECTED, BAD_REQUEST or CANCELLED.
            now: when it ended.
            latency: seconds it took.
            excused: it is counted, but judged no more than a call that was cancelled.
        """
        bucket = self.window.roll(now)
        heard = ticket.generation == bucket.generation and (
            self.state is not State.HALF_OPEN or ticket is self._lease
        )
        if event == "SUCCESS":
            bucket.add(latency)
            bucket.unheard += not heard
        else:
            bucket.counts[event] += 1
            if event in ("FAILURE", "TIMEOUT"):
                bucket.others.append(latency)
        if not heard:
            return
        if excused:
            event = "CANCELLED"
        bucket.errors += event in ERRORS
        if self.state is State.HALF_OPEN:
            self._judge_probe(event, now)
        elif self.state is State.CLOSED and event in ERRORS and self._is_ill():
            self._become(State.OPEN, now)

    def _judge_probe(self, event: EventType, now: float) -> None:
        self._lease = None
        if event == "SUCCESS":
            self._become(State.CLOSED, now)
        elif event in ("FAILURE", "TIMEOUT"):
            self._become(State.OPEN, now)

    def _is_ill(self) -> bool:
        volume, errors = self.window.health()
        config = self._config
        return (
            volume >= config.request_volume_threshold
            and errors * 100 >= config.error_threshold_percentage * volume
        )

    def force(self, state: State, now: float) -> None:
        """Go to a state by hand: FORCED_OPEN, FORCED_CLOSED, or CLOSED with an empty window."""
        self._become(state, now)

    def _become(self, state: State, now: float) -> None:
        volume, errors = self.window.health()
        if state is not self.state:
            self.news.append(Transition(_NAMES[state], volume, errors))
        self.state = state
        self._lease = None
        if state is State.OPEN:
            self._retry_at = now + self._config.sleep_window
        self.window.split(now, forget=state is State.CLOSED)
