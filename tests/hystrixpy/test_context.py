import math
import threading
from contextvars import copy_context

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy.testing import FakeClock, isolated

from hystrixpy import CommandTimeoutError, ConfigError, command, deadline, remaining


def test_nothing_bounds_a_bare_call() -> None:
    assert remaining() is None
    assert remaining(default=5.0) == 5.0
    with deadline(None):
        assert remaining() is None


def test_the_tighter_of_timeout_and_deadline(clock: FakeClock) -> None:
    @command(timeout=2)
    def left() -> float | None:
        clock.advance(0.5)
        return remaining()

    assert left() == 1.5
    with deadline(1):
        assert left() == 0.5
        assert remaining(default=9) == 0.5
    with deadline(60):
        assert left() == left() == 1.5
    assert remaining() is None


def test_nothing_left_raises(clock: FakeClock) -> None:
    with deadline(1):
        clock.advance(1)
        with pytest.raises(CommandTimeoutError) as caught:
            remaining()
    assert caught.value.command is None


def test_a_deadline_crosses_into_threads_with_their_context() -> None:
    seen = []
    with deadline(3):
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(lambda: seen.append(remaining()),))
        thread.start()
        thread.join()
    assert seen == [3]


def test_a_deadline_that_is_no_number() -> None:
    with pytest.raises(ConfigError, match="deadline=nan"), deadline(math.nan):
        pass


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 5), st.floats(0, 2)), max_size=8))
def test_an_inner_deadline_never_loosens_an_outer_one(nest: list[tuple[float, float]]) -> None:
    clock = FakeClock(1000.0)

    def enter(rest: list[tuple[float, float]], limit: float) -> None:
        if not rest:
            return
        (seconds, wait), *rest = rest
        inner = min(limit, clock.now() + seconds)
        with deadline(seconds):
            clock.advance(wait)
            if inner > clock.now():
                assert remaining() == inner - clock.now()
            else:
                with pytest.raises(CommandTimeoutError):
                    remaining()
            enter(rest, inner)

    with isolated(clock=clock):
        enter(nest, math.inf)
        assert remaining() is None


def test_callers_in_a_hurry_open_no_circuit(clock: FakeClock) -> None:
    @command(timeout=0.4)
    def work(seconds: float) -> None:
        clock.advance(seconds)
        remaining()

    for _ in range(70):
        with deadline(0.02), pytest.raises(CommandTimeoutError):
            work(0.02)
    shot = work.snapshot()
    assert (shot.counts["TIMEOUT"], shot.volume, shot.errors) == (70, 0, 0)
    assert shot.state == "CLOSED"
    work(0.1)


@pytest.mark.parametrize(("timeout", "left"), [(0.4, 0.2), (0.4, 1.0), (None, 0.02)])
def test_what_had_its_time_is_judged_whoever_ended_it(
    timeout: float | None, left: float, clock: FakeClock
) -> None:
    @command(timeout=timeout)
    def work() -> None:
        clock.advance(min(left, timeout or left))
        remaining()

    for _ in range(20):
        with deadline(left), pytest.raises(CommandTimeoutError):
            work()
    assert work.snapshot().state == "OPEN"


def test_a_test_call_in_a_hurry_leaves_the_verdict_to_the_next(clock: FakeClock) -> None:
    @command(timeout=0.4)
    def work(seconds: float) -> None:
        clock.advance(seconds)
        remaining()

    for _ in range(20):
        with pytest.raises(CommandTimeoutError):
            work(0.4)
    clock.advance(5)
    with deadline(0.02), pytest.raises(CommandTimeoutError):
        work(0.02)
    assert work.snapshot().state == "HALF_OPEN"
    work(0.1)
    assert work.snapshot().state == "CLOSED"
