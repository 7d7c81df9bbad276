"""The circuit against a brute-force model that keeps every event and counts them anew each time."""

from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hystrixpy.gates.circuit import Circuit, Ticket

from hystrixpy import CircuitConfig, State

PATIENCE = 6.0
ENDS = ("SUCCESS", "FAILURE", "TIMEOUT", "SEMAPHORE_REJECTED", "BAD_REQUEST", "CANCELLED")


@dataclass
class Model:
    """Says the same as the circuit, from a log that it never shortens."""

    volume_threshold: int
    percentage: float
    sleep: float
    state: str = "CLOSED"
    era: int = 0
    floor: int = 0
    opened_at: float = 0.0
    lease: int | None = None
    lease_until: float = 0.0
    log: list[tuple[float, str, bool]] = field(default_factory=list)

    def go(self, state: str, now: float) -> None:
        self.state, self.lease, self.era = state, None, self.era + 1
        if state == "OPEN":
            self.opened_at = now
        if state == "CLOSED":
            self.floor = len(self.log)

    def admit(self, now: float, who: int) -> bool:
        if self.state == "OPEN" and now - self.opened_at >= self.sleep:
            self.go("HALF_OPEN", now)
        if self.state in ("CLOSED", "FORCED_CLOSED"):
            return True
        if self.state == "HALF_OPEN" and (self.lease is None or now >= self.lease_until):
            self.lease, self.lease_until = who, now + PATIENCE
            return True
        return False

    def end(self, now: float, who: int, era: int, event: str, excused: bool) -> None:
        heard = era == self.era and (self.state != "HALF_OPEN" or who == self.lease)
        self.log.append((now, event, heard and not excused))
        if not heard:
            return
        if excused:
            if self.state == "HALF_OPEN":
                self.lease = None
            return
        if self.state == "HALF_OPEN":
            self.lease = None
            if event == "SUCCESS":
                self.go("CLOSED", now)
            elif event in ("FAILURE", "TIMEOUT"):
                self.go("OPEN", now)
        elif self.state == "CLOSED" and event in ("FAILURE", "TIMEOUT", "SEMAPHORE_REJECTED"):
            volume, errors = self.health(now)
            if volume >= self.volume_threshold and errors * 100 >= self.percentage * volume:
                self.go("OPEN", now)

    def recent(self, now: float) -> list[tuple[int, str, bool]]:
        return [
            (index, event, heard)
            for index, (at, event, heard) in enumerate(self.log)
            if int(at) > int(now) - 10
        ]

    def health(self, now: float) -> tuple[int, int]:
        events = [e for index, e, heard in self.recent(now) if heard and index >= self.floor]
        errors = sum(e in ("FAILURE", "TIMEOUT", "SEMAPHORE_REJECTED") for e in events)
        return errors + events.count("SUCCESS"), errors

    def counts(self, now: float) -> dict[str, int]:
        events = [event for _, event, _ in self.recent(now)]
        return {event: events.count(event) for event in events}


class CircuitMachine(RuleBasedStateMachine):
    @initialize(
        volume=st.integers(1, 6),
        percentage=st.sampled_from([1, 33.3, 50, 99, 100]),
        sleep=st.sampled_from([0.25, 2, 5]),
    )
    def build(self, volume: int, percentage: float, sleep: float) -> None:
        config = CircuitConfig(
            request_volume_threshold=volume,
            error_threshold_percentage=percentage,
            sleep_window=sleep,
        )
        self.circuit = Circuit(config, PATIENCE)
        self.model = Model(volume, percentage, sleep)
        self.now = 100.0
        self.flying: list[tuple[Ticket, int, int]] = []
        self.calls = 0

    @rule(seconds=st.sampled_from([0.25, 0.5, 1, 3, 6, 9.75, 30]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(times=st.integers(1, 3))
    def call(self, times: int) -> None:
        for _ in range(times):
            self.calls += 1
            ticket = self.circuit.admit(self.now)
            assert (ticket is not None) is self.model.admit(self.now, self.calls)
            if ticket is None:
                again = self.circuit.retry_after(self.now)
                assert (again is None) is (self.model.state == "FORCED_OPEN")
                assert again is None or again >= 0
            else:
                self.flying.append((ticket, self.calls, self.model.era))

    @precondition(lambda self: self.flying)
    @rule(event=st.sampled_from(ENDS), which=st.integers(0, 1000), hurried=st.booleans())
    def end(self, event: str, which: int, hurried: bool) -> None:
        ticket, who, era = self.flying.pop(which % len(self.flying))
        excused = hurried and event == "TIMEOUT"
        self.circuit.record(ticket, event, self.now, 0.125, excused=excused)
        self.model.end(self.now, who, era, event, excused)

    @rule(state=st.sampled_from([State.CLOSED, State.FORCED_OPEN, State.FORCED_CLOSED]))
    def force(self, state: State) -> None:
        self.circuit.force(state, self.now)
        self.model.go(str(state), self.now)

    @invariant()
    def agree(self) -> None:
        window = self.circuit.window
        window.roll(self.now)
        assert self.circuit.state == self.model.state
        assert window.health() == self.model.health(self.now)
        assert {k: v for k, v in window.counts().items() if v} == self.model.counts(self.now)


CircuitMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestCircuitMachine = CircuitMachine.TestCase


def opened(sleep: float = 5.0) -> Circuit:
    circuit = Circuit(CircuitConfig(request_volume_threshold=1, sleep_window=sleep), PATIENCE)
    ticket = circuit.admit(0.0)
    assert ticket is not None
    circuit.record(ticket, "FAILURE", 0.0)
    assert circuit.state is State.OPEN
    return circuit


def test_it_trips_on_the_failing_call_itself() -> None:
    circuit = Circuit(CircuitConfig(request_volume_threshold=20), PATIENCE)
    for event in ("SUCCESS", "FAILURE") * 9 + ("SUCCESS",):
        ticket = circuit.admit(3.5)
        assert ticket is not None
        circuit.record(ticket, event, 3.5)
        assert circuit.state is State.CLOSED
    last = circuit.admit(3.5)
    assert last is not None
    circuit.record(last, "TIMEOUT", 3.5)
    assert circuit.state is State.OPEN


def test_a_success_closes_with_an_empty_window_and_the_counts_stay() -> None:
    circuit = opened()
    probe = circuit.admit(5.0)
    assert probe is not None
    circuit.record(probe, "SUCCESS", 5.0)
    assert circuit.state is State.CLOSED
    assert circuit.window.health() == (0, 0)
    assert circuit.window.counts() == {"FAILURE": 1, "SUCCESS": 1}


@pytest.mark.parametrize("event", ["CANCELLED", "BAD_REQUEST", "SEMAPHORE_REJECTED"])
def test_an_end_that_says_nothing_gives_the_lease_back(event: str) -> None:
    circuit = opened()
    probe = circuit.admit(5.0)
    assert probe is not None
    assert circuit.admit(5.0) is None
    circuit.record(probe, event, 5.0)
    assert circuit.state is State.HALF_OPEN
    assert circuit.admit(5.0) is not None


def test_a_silent_probe_loses_its_lease_and_its_say() -> None:
    circuit = opened()
    silent = circuit.admit(5.0)
    assert silent is not None
    assert circuit.admit(5.0 + PATIENCE - 0.25) is None
    second = circuit.admit(5.0 + PATIENCE)
    assert second is not None
    circuit.record(silent, "SUCCESS", 11.5)
    assert circuit.state is State.HALF_OPEN
    circuit.record(second, "FAILURE", 11.5)
    assert circuit.state is State.OPEN
    assert circuit.retry_after(11.5) == 5.0


def test_a_call_from_before_the_trip_neither_closes_nor_opens() -> None:
    circuit = Circuit(CircuitConfig(request_volume_threshold=1), PATIENCE)
    late, other, tripping = circuit.admit(0.0), circuit.admit(0.0), circuit.admit(0.0)
    assert late is not None
    assert other is not None
    assert tripping is not None
    circuit.record(tripping, "FAILURE", 0.0)
    circuit.record(late, "SUCCESS", 1.0)
    assert circuit.state is State.OPEN
    probe = circuit.admit(5.0)
    assert probe is not None
    circuit.record(probe, "SUCCESS", 5.0)
    circuit.record(other, "FAILURE", 5.0)
    assert circuit.state is State.CLOSED
    assert circuit.window.health() == (0, 0)
