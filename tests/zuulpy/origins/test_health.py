from hypothesis import given
from hypothesis import strategies as st
from zuulpy.origins.health import Health


def test_avoided_for_one_second_then_probed_by_one_request():
    health = Health()
    assert health.usable(0.0)
    assert health.begin(0.0) is False
    health.end(0.0, probe=False, ok=False)
    assert not health.usable(0.9)
    assert health.usable(1.0)
    assert health.begin(1.0) is True
    assert not health.usable(1.0)
    assert health.begin(1.0) is False
    health.end(1.1, probe=True, ok=True)
    assert health.usable(1.1)


def test_each_failure_in_a_row_is_longer_up_to_five_seconds():
    health, now, spans = Health(), 0.0, []
    for _ in range(5):
        probe = health.begin(now)
        health.end(now, probe=probe, ok=False)
        span = next(s / 10 for s in range(1, 100) if health.usable(now + s / 10))
        spans.append(span)
        now += span
    assert spans == [1, 2, 4, 5, 5]


def test_failures_of_requests_under_way_together_are_one():
    health = Health()
    for _ in range(10):
        health.end(0.0, probe=False, ok=False)
    assert health.usable(1.0)


def test_a_probe_that_was_called_off_leaves_the_place_to_another():
    health = Health()
    health.end(0.0, probe=False, ok=False)
    probe = health.begin(1.0)
    health.end(1.1, probe=probe, ok=None)
    assert health.usable(1.1)
    assert health.begin(1.1) is True


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "ok", "fail", "off"]), st.floats(0, 3)))


@given(STEPS)
def test_never_two_probes_and_never_avoided_for_longer_than_five_seconds(steps):
    health, now, open_requests = Health(), 0.0, []
    for step, passed in steps:
        now += passed
        if step == "ask":
            usable = health.usable(now)
            probe = health.begin(now)
            assert usable or not probe
            open_requests.append(probe)
            assert sum(open_requests) <= 1
        elif open_requests:
            ok = {"ok": True, "fail": False, "off": None}[step]
            health.end(now, probe=open_requests.pop(0), ok=ok)
    while open_requests:
        health.end(now, probe=open_requests.pop(), ok=None)
    assert health.usable(now + 5.001)
