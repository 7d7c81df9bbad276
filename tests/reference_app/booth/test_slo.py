from collections.abc import Callable

from reference_app.booth.collector import Span
from reference_app.booth.rates import Rates
from reference_app.booth.slo import slo_topic

Make = Callable[..., Span]
NOW = 1_700_000_000.0


def test_without_traffic_nothing_is_promised_and_nothing_wrong() -> None:
    topic = slo_topic(Rates(), NOW)
    assert {name: cell["word"] for name, cell in topic.items()} == {
        "starts": "none asked",
        "availability": "no traffic",
        "play_p99": "none asked",
    }
    assert all(cell["ok"] for cell in topic.values())
    assert all(len(cell["spark"]) == 60 for cell in topic.values())
    assert "value" not in topic["availability"]
    assert topic["availability"]["spark"][-1] is None


def test_kept(make_span: Make) -> None:
    rates = Rates()
    rates.add([make_span("play", ms=20), make_span("zuulpy.request", gateway="elb")] * 30, NOW)
    topic = slo_topic(rates, NOW)
    assert (topic["starts"]["value"], topic["starts"]["target"]) == (1, 1)
    assert topic["starts"]["word"] == "all start"
    assert (topic["availability"]["value"], topic["availability"]["word"]) == (100, "kept")
    assert (topic["play_p99"]["value"], topic["play_p99"]["word"]) == (20, "kept")
    assert topic["starts"]["spark"][-1] == 30


def test_missed(make_span: Make) -> None:
    rates = Rates()
    rates.add([make_span("play", ms=200), make_span("play", ok=False, ms=200)], NOW)
    rates.add([make_span("zuulpy.request", gateway="elb", status_code=503)], NOW)
    topic = slo_topic(rates, NOW)
    assert [cell["ok"] for cell in topic.values()] == [False, False, False]
    assert [cell["word"] for cell in topic.values()] == ["some fail", "below target", "too slow"]
