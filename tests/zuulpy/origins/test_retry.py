import pytest
from hypothesis import given
from hypothesis import strategies as st
from zuulpy.origins.retry import RetryBudget, earlier_attempts, may_replay, worth_retrying

from zuulpy import Request, Response


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
def test_idempotent_methods_may_be_replayed(method):
    assert may_replay(Request(method, "/"), unsafe=False)


@pytest.mark.parametrize("method", ["POST", "PATCH", "get", "PURGE"])
def test_others_only_with_a_key_or_on_request(method):
    assert not may_replay(Request(method, "/"), unsafe=False)
    assert may_replay(Request(method, "/", {"Idempotency-Key": "k"}), unsafe=False)
    assert may_replay(Request(method, "/"), unsafe=True)


@pytest.mark.parametrize(
    ("value", "attempts"), [(None, 1), ("1", 1), ("2", 2), ("x", 1), ("-2", 1), ("9999", 1)]
)
def test_x_attempt_is_read_with_care(value, attempts):
    headers = {} if value is None else {"x-attempt": value}
    assert earlier_attempts(Request("GET", "/", headers)) == attempts


@pytest.mark.parametrize(
    ("status", "after", "worth"),
    [
        (503, None, True),
        (502, None, True),
        (504, None, True),
        (500, None, False),
        (429, None, False),
        (503, "0", True),
        (503, "2", False),
        (503, "Tue, 24 Nov 2026 00:00:00 GMT", False),
    ],
)
def test_what_a_retry_may_mend(status, after, worth):
    headers = {} if after is None else {"retry-after": after}
    assert worth_retrying(Response(status, b"", headers), 1.0, (502, 503, 504)) is worth


@pytest.mark.parametrize(("statuses", "worth"), [((), False), ({429}, False), ([503], True)])
def test_which_statuses_a_retry_may_mend_is_said_by_the_origin(statuses, worth):
    assert worth_retrying(Response(503), 1.0, statuses) is worth


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 5)), max_size=60), st.floats(0.01, 1))
def test_retries_stay_within_share_reserve_and_seconds(steps, ratio):
    budget, now, paid = RetryBudget(ratio, 0.0), 0.0, 0
    for requests, (passed, wanted) in enumerate(steps, 1):
        now += passed
        budget.deposit(now)
        paid += sum(budget.withdraw() for _ in range(wanted))
        assert paid <= 10 + requests * ratio + now + 1e-6


def test_a_budget_of_nothing_never_pays():
    budget = RetryBudget(0.0, 0.0)
    budget.deposit(1000.0)
    assert not budget.withdraw()
