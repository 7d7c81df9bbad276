"""The token bucket never lets more through than the line carries, and no less than it could."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.openconnect.pacing import TokenBucket

steps = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 300_000)), max_size=30)


@settings(max_examples=150)
@given(st.sampled_from([2, 5, 25]), steps)
def test_never_more_than_rate_and_burst(mbit: float, taken: list[tuple[float, int]]) -> None:
    bucket, now, sent = TokenBucket(mbit, 0.0), 0.0, 0
    for pause, count in taken:
        now += pause
        now += bucket.take(count, now)
        sent += count
        assert sent <= bucket.burst + bucket.rate * now + 1


@settings(max_examples=100)
@given(st.sampled_from([2, 5, 25]), st.lists(st.integers(1, 300_000), min_size=1, max_size=30))
def test_a_sender_that_does_nothing_else_reaches_the_rate(mbit: float, counts: list[int]) -> None:
    bucket, now = TokenBucket(mbit, 0.0), 0.0
    for count in counts:
        now += bucket.take(count, now)
    assert now == pytest.approx(max(0.0, (sum(counts) - bucket.burst) / bucket.rate), abs=1e-6)


def test_two_senders_share_one_line() -> None:
    bucket = TokenBucket(2, 0.0)
    bucket.take(int(bucket.burst), 0.0)
    assert bucket.take(25_000, 0.0) == pytest.approx(0.1)
    assert bucket.take(25_000, 0.0) == pytest.approx(0.2)


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    bucket = TokenBucket(2, 10.0)
    bucket.take(int(bucket.burst), 10.0)
    assert bucket.take(25_000, 9.0) == pytest.approx(0.1)
    assert bucket.take(25_000, 10.0) == pytest.approx(0.2)
