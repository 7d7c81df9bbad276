import math
from collections import Counter

import hypothesis.strategies as st
from hypothesis import given, settings
from hystrixpy._windows import MOST_SAMPLES, Window, mean, percentile


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 0.25, 1, 1.5, 4, 11]), st.sampled_from("SFB")), max_size=60
    ),
    parts=st.sampled_from([1, 2, 5, 10]),
)
def test_the_window_holds_what_a_log_holds(steps: list[tuple[float, str]], parts: int) -> None:
    window, log, now = Window(10, parts), [], 50.0
    width = 10 / parts
    for waited, event in steps:
        now += waited
        log.append((now, event))
        bucket = window.roll(now)
        if event == "S":
            bucket.add(now)
        else:
            bucket.counts[event] += 1
        recent = [(at, e) for at, e in log if at // width > now // width - parts]
        wanted = Counter({"S": "SUCCESS"}.get(e, e) for _, e in recent)
        assert window.counts() == wanted
        assert window.samples() == [at for at, e in recent if e == "S"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=50), st.sampled_from([0, 25, 50, 99.5, 100])
)
def test_percentile_is_the_smallest_that_covers_enough(values: list[int], percent: float) -> None:
    got = percentile(sorted(values), percent)
    covers = [v for v in values if sum(w <= v for w in values) * 100 >= percent * len(values)]
    assert got == min(covers)


def test_an_empty_window_reads_as_zeros() -> None:
    assert percentile([], 50) == 0
    assert mean([]) == 0
    assert Window(10, 10).health() == (0, 0)


def test_a_busy_bucket_keeps_its_count_and_bounds_its_samples() -> None:
    window = Window(10, 10)
    bucket = window.roll(0.5)
    for _ in range(3 * MOST_SAMPLES):
        bucket.add(0.001)
    for second in range(1, 4):
        window.roll(second + 0.5)
    assert window.counts() == {"SUCCESS": 3 * MOST_SAMPLES}
    assert len(window.samples()) <= MOST_SAMPLES


def test_a_thread_that_was_interrupted_before_its_append_loses_nothing() -> None:
    window = Window(10, 10)
    add = window.roll(0.5).add
    window.roll(1.5)
    add(0.25)
    assert window.counts() == {"SUCCESS": 1}
    assert math.isclose(mean(window.samples()), 0.25)


def test_retries_and_attempts_are_what_the_budget_reads() -> None:
    window = Window(10, 10)
    bucket = window.roll(0.5)
    bucket.add(0.1)
    bucket.counts.update(FAILURE=2, TIMEOUT=1, SEMAPHORE_REJECTED=1, SHORT_CIRCUITED=9)
    bucket.retries = 2
    assert window.traffic() == (5, 2)
