from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy._clock import Clock
from hystrixpy.testing import FakeClock, isolated
from hystrixpy.wraps.retry import BUDGET_RESERVE, Retry, affordable

from hystrixpy import CircuitConfig, command, deadline, without_retries

CALM = CircuitConfig(request_volume_threshold=10_000)


def test_pauses_are_jittered_and_the_last_error_is_the_callers(clock: FakeClock) -> None:
    at: list[float] = []

    @command(attempts=3)
    def broken() -> None:
        at.append(clock.now())
        raise ConnectionError(len(at))

    for first in (0, 3):
        with pytest.raises(ConnectionError) as caught:
            broken()
        assert caught.value.args == (first + 3,)
    pauses = [at[1] - at[0], at[2] - at[1], at[4] - at[3], at[5] - at[4]]
    assert all(0.05 <= pause <= 0.1 for pause in pauses)
    assert len(set(pauses)) == 4
    assert broken.snapshot().counts["FAILURE"] == 6  # every attempt is counted


def test_a_retry_that_succeeds_is_the_answer() -> None:
    answers = iter([ConnectionError(), "Dark"])

    @command(attempts=3)
    def flaky() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    outcome = flaky.outcome()
    assert (outcome.value, outcome.error, outcome.attempts) == ("Dark", None, 2)
    assert outcome.events == ("FAILURE", "SUCCESS")


def test_work_that_is_a_retry_itself_is_not_retried() -> None:
    calls: list[bool] = []

    @command(attempts=3)
    def broken(inside: bool) -> None:
        calls.append(inside)
        raise ConnectionError

    with without_retries(), pytest.raises(ConnectionError):
        broken(True)
    with pytest.raises(ConnectionError):
        broken(False)
    assert calls == [True, False, False, False]


def test_a_judged_value_is_retried() -> None:
    statuses = iter([503, 503, 200])

    @command(attempts=3, is_failure=lambda status: status == 503)
    def fetched() -> int:
        return next(statuses)

    assert fetched() == 200


def test_a_retry_stops_at_an_open_circuit(clock: FakeClock) -> None:
    @command(attempts=5, circuit=CircuitConfig(request_volume_threshold=2))
    def broken() -> None:
        raise ConnectionError

    outcome = broken.outcome()
    assert outcome.events == ("FAILURE", "FAILURE", "FALLBACK_MISSING")
    assert clock.now() < 1000.2  # one pause: none before a refusal that is known already


def test_a_retry_that_is_refused_does_not_hide_the_failure() -> None:
    clock = Clock(now=lambda: 1000.0, sleep=lambda seconds: broken.circuit.force_open())
    with isolated(clock=clock):

        @command(attempts=3)
        def broken() -> None:
            raise ConnectionError

        outcome = broken.outcome()
        assert outcome.events == ("FAILURE", "SHORT_CIRCUITED", "FALLBACK_MISSING")
        assert isinstance(outcome.error, ConnectionError)
        assert outcome.attempts == 1


def test_a_retry_stops_at_a_deadline_its_pause_would_outlast(clock: FakeClock) -> None:
    @command(attempts=5)
    def broken() -> None:
        raise ConnectionError

    with deadline(0.04):
        assert broken.outcome().attempts == 1
    assert clock.now() == 1000.0


def test_the_budget_is_a_reserve_and_then_a_tenth_of_the_calls(clock: FakeClock) -> None:
    @command(attempts=2, circuit=CALM)
    def call(fails: bool) -> None:
        if fails:
            raise ConnectionError

    attempts = [call.outcome(True).attempts for _ in range(30)]
    assert attempts == [2] * BUDGET_RESERVE + [1] * (30 - BUDGET_RESERVE)
    for _ in range(80):  # 110 calls in the window: room for one more
        call(False)
    assert [call.outcome(True).attempts for _ in range(3)] == [2, 1, 1]
    clock.advance(20)
    assert call.outcome(True).attempts == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0, 0.5, 3])), max_size=120))
def test_retries_never_exceed_the_budget(calls: list[tuple[bool, float]]) -> None:
    clock = FakeClock(1000.0)
    with isolated(clock=clock, random=Random(5)):

        @command(attempts=3, circuit=CALM)
        def call(fails: bool) -> None:
            if fails:
                raise ConnectionError

        log: list[tuple[float, int]] = []
        for fails, wait in calls:
            clock.advance(wait)
            log.append((clock.now(), call.outcome(fails).attempts))
            recent = [n for at, n in log if int(at) > int(clock.now()) - 9]
            assert sum(n - 1 for n in recent) <= max(BUDGET_RESERVE, 0.1 * len(log))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 2_000))
def test_affordable_is_a_tenth(calls: int, retries: int) -> None:
    assert affordable(calls + retries, retries) is (retries + 1 <= max(10, calls / 10))


def test_the_policy_is_built_once_and_each_call_begins_anew() -> None:
    retry = Retry(2, Random(1))
    for _ in range(2):
        attempts = retry.begin()
        assert attempts.pause(ConnectionError(), None) is not None
        assert attempts.pause(None, 503) is None
