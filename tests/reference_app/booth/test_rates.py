import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.collector import Span
from reference_app.booth.rates import CACHE_OF_ZONE, Rates, Window, percentile

Make = Callable[..., Span]
NOW = 1_700_000_000.0

calls = st.lists(st.tuples(st.floats(-80, 0), st.booleans(), st.floats(0, 500)), max_size=40)


@given(calls, st.sampled_from([1, 5, 30]), st.floats(0, 40), st.data())
@settings(max_examples=150, deadline=None)
def test_a_window_is_what_counting_all_calls_says(
    calls: list[tuple[float, bool, float]], seconds: int, later: float, data: st.DataObject
) -> None:
    window = Window()
    for back, ok, ms in data.draw(st.permutations(calls)):
        window.add(NOW + back, ok=ok, ms=ms)
    now = NOW + later
    if data.draw(st.booleans()):
        window.forget(now)
    inside = [
        (ok, ms)
        for back, ok, ms in calls
        if math.floor(now) - seconds < math.floor(NOW + back) <= math.floor(now)
    ]
    rate = window.rate(now, seconds)
    assert rate.count == len(inside)
    assert rate.rps == len(inside) / seconds
    if inside:
        assert rate.success == pytest.approx(sum(ok for ok, _ in inside) / len(inside))
        ranked = sorted(ms for _, ms in inside)
        assert sum(ms <= rate.p99 for ms in ranked if rate.p99 is not None) >= 0.99 * len(ranked)
        assert rate.p99 in ranked
    else:
        assert (rate.success, rate.p99) == (None, None)


def test_percentile_is_the_nearest_rank() -> None:
    assert percentile([5], 0.99) == 5
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 102), 0.99) == 100
    assert percentile([3, 1, 2], 0.5) == 2


def test_a_series_has_one_point_a_second_oldest_first() -> None:
    window = Window()
    window.add(NOW - 59, ok=True, ms=1)
    window.add(NOW, ok=True, ms=1)
    window.add(NOW, ok=True, ms=1)
    counts = [rate.count for rate in window.series(NOW + 0.9)]
    assert counts == [1, *[0] * 58, 2]


def test_a_window_forgets() -> None:
    window = Window()
    window.add(NOW, ok=True, ms=1)
    assert not window.forget(NOW + 74)
    assert window.forget(NOW + 76)


def test_spans_are_counted_by_who_served_whom_and_where(make_span: Make) -> None:
    rates = Rates()
    rates.add(
        [
            make_span("zuulpy.request", instance="elb-1", gateway="elb", zone="b",
                      server="127.0.0.1:2"),
            make_span("zuulpy.request", instance="gateway-2", gateway="gateway-2", status=502,
                      server="127.0.0.1:3"),
            make_span("http.server", instance="members-1", caller="play-api-1", status=404),
            make_span("evcache.call", instance="play-api-1", status="HIT"),
            make_span("play", title="t"),
            make_span("play.served", instance="oca-b2-1"),
            make_span("play.asked"),
        ],
        NOW,
    )  # fmt: skip
    report = rates.report(NOW)
    assert set(report.instances) == {"elb-1", "gateway-2", "members-1", "oca-b2-1"}
    assert report.instances["gateway-2"].success == 0
    assert report.instances["members-1"].success == 1
    assert set(report.edges) == {
        ("elb-1", "127.0.0.1:2"),
        ("gateway-2", "127.0.0.1:3"),
        ("play-api-1", "members-1"),
    }
    assert (rates.requests.rate(NOW).count, rates.plays.rate(NOW).count) == (1, 1)


def test_zones_are_those_that_were_chosen(make_span: Make) -> None:
    rates = Rates()
    chosen = make_span("zuulpy.request", instance="elb-1", home="a", gateway="elb", zone="b")
    cached = make_span("evcache.call", instance="play-api-1", home="a", zone="c")
    rates.add([chosen, cached], NOW)
    report = rates.report(NOW)
    assert set(report.zones) == {"b"}
    assert set(report.edges) == {("play-api-1", CACHE_OF_ZONE + "c")}


def test_a_refusal_is_no_failure_of_the_house(make_span: Make) -> None:
    rates = Rates()
    rates.add([make_span("play", ok=False, error="too_many_streams")], NOW)
    assert rates.plays.rate(NOW).count == 0


@pytest.mark.parametrize("start", [-80_000.0, 60_000.0])
def test_what_ended_long_ago_or_in_the_future_is_not_counted(make_span: Make, start: float) -> None:
    rates = Rates()
    rates.add([make_span(start=start)], NOW)
    assert rates.report(NOW + 60).instances == {}


def test_what_is_forgotten_costs_nothing(make_span: Make) -> None:
    rates = Rates()
    rates.add([make_span(), make_span("play")], NOW)
    rates.forget(NOW + 31)
    assert rates.report(NOW).instances == {}
    assert rates.plays.rate(NOW).count == 1
    rates.forget(NOW + 90)
    assert rates.plays.rate(NOW).count == 0


def test_names_from_the_wire_do_not_fill_the_memory(make_span: Make) -> None:
    rates = Rates()
    rates.add([make_span(instance=f"x-{number}") for number in range(2_500)], NOW)
    assert len(rates.report(NOW).instances) == 2_000
