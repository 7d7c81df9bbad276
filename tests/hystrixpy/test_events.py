import logging
from contextvars import ContextVar
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy.events import Unit, _read
from hystrixpy.testing import FakeClock

from hystrixpy import CircuitConfig, Event, command, instrument

PARENT = f"00-{'ab' * 16}-{'cd' * 8}-01"


@pytest.fixture
def seen() -> list[Event]:
    events: list[Event] = []
    instrument(events.append)
    return events


def test_a_call_is_a_pair(seen: list[Event], clock: FakeClock) -> None:
    @command(name="titles", group="home")
    def titles() -> str:
        clock.advance(0.25)
        return "Dark"

    titles()
    started, stopped = seen
    assert (started.name, started.at) == ("hystrixpy.command_started", 1000.0)
    assert started.fields == {"command": "titles", "group": "home"}
    assert stopped.name == "hystrixpy.command_stopped"
    assert stopped.fields == {
        "command": "titles",
        "group": "home",
        "events": ["SUCCESS"],
        "ms": 250.0,
        "attempts": 1,
        "state": "CLOSED",
    }
    assert (started.trace, started.span, started.parent) == (None, None, None)


def test_a_circuit_tells_of_each_transition(seen: list[Event], clock: FakeClock) -> None:
    @command(name="flaky", circuit=CircuitConfig(request_volume_threshold=2))
    def flaky(fails: bool) -> None:
        if fails:
            raise ConnectionError

    flaky(False)
    for fails in (True, False, False):
        flaky.outcome(fails)
        clock.advance(5)
    flaky.circuit.force_open()
    flaky.circuit.reset()
    flaky.circuit.reset()
    told = [event for event in seen if ".circuit_" in event.name]
    assert [event.name.removeprefix("hystrixpy.circuit_") for event in told] == [
        "opened",
        "half_opened",
        "closed",
        "opened",
        "closed",
    ]
    assert told[0].fields == {"command": "flaky", "error_percentage": 50.0, "volume": 2}


async def test_spans_nest_and_the_variable_comes_back(seen: list[Event]) -> None:
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    instrument(seen.append, trace=trace)

    @command(name="inner")
    async def inner() -> str | None:
        return trace.get()

    @command(name="outer")
    async def outer() -> str | None:
        return await inner()

    trace.set(PARENT)
    current = await outer()
    assert trace.get() == PARENT
    first, second, *_, last = seen
    assert first.trace == second.trace == "ab" * 16
    assert first.parent == "cd" * 8
    assert second.parent == first.span == last.span
    assert current == f"00-{second.trace}-{second.span}-01"
    trace.set(None)
    await inner()
    assert seen[-1].parent is None
    assert seen[-1].trace not in (None, "ab" * 16)


def test_an_observer_that_raises_is_logged_and_breaks_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(event: Event) -> None:
        raise KeyError(event.name)

    instrument(raises)

    @command
    def fine() -> int:
        return 1

    with caplog.at_level(logging.ERROR, logger="hystrixpy"):
        assert fine() == 1
    assert "hystrixpy.observer_failed" in caplog.text
    assert fine.snapshot().in_use == 0


def test_who_looks_later_sees_what_comes_later(seen: list[Event]) -> None:
    @command
    def fine() -> int:
        return 1

    instrument()
    fine()
    fine()
    assert seen == []
    instrument(seen.append)
    fine()
    assert len(seen) == 2
    assert fine.snapshot().counts == {"SUCCESS": 3}


hexes = st.integers(0, 2**128 - 1)


@settings(max_examples=100, deadline=None)
@given(hexes, hexes.map(lambda n: n >> 64))
def test_a_traceparent_is_read_back(trace: int, span: int) -> None:
    read = _read(f"00-{trace:032x}-{span:016x}-01")
    assert read == ((f"{trace:032x}", f"{span:016x}") if trace and span else (None, None))


@settings(max_examples=100, deadline=None)
@given(st.text() | st.text("0123456789abcdef-", max_size=60) | st.none())
def test_a_malformed_traceparent_starts_a_new_trace(text: Any) -> None:
    trace, span = _read(text)
    assert (trace is None) is (span is None)
    assert trace is None or (len(trace), len(span or "")) == (32, 16)


def test_a_unit_closed_in_another_context_changes_nothing_there() -> None:
    from contextvars import copy_context
    from random import Random

    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    unit = copy_context().run(Unit.start, trace, Random(1))
    trace.set(PARENT)
    unit.stop(trace)
    assert trace.get() == PARENT
