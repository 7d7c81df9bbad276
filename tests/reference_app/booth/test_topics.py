from collections.abc import Callable
from typing import Any

import pytest
from reference_app.booth.collector import Span
from reference_app.booth.instances import Slot, slots
from reference_app.booth.patch import diff
from reference_app.booth.plays import play_of
from reference_app.booth.rates import Rates, Report
from reference_app.booth.topics import (
    broken_topic,
    plays_sentence,
    plays_topic,
    zones_sentence,
    zones_topic,
)

Make = Callable[..., dict[str, Any]]
MakeSpan = Callable[..., Span]
NOW = 1_700_000_000.0
QUIET = Report(instances={}, edges={}, zones={})


def small_house(make_task: Make, **changes: dict[str, Any]) -> list[Slot]:
    """Edge, two gateways, an API, a cache node and the booth; `changes` by name, - as _."""
    zones = {
        "elb-1": "a", "gateway-1": "a", "gateway-2": "b", "play-api-1": "b", "cache-1": "c",
        "booth-1": "a",
    }  # fmt: skip
    tasks = [
        make_task(name, zone=zone, **changes.get(name.replace("-", "_"), {}))
        for name, zone in zones.items()
    ]
    return slots(tasks, {})


def zone(alive: bool = True, share: float = 0.0, rps: float = 0.0) -> Any:
    return {"alive": alive, "share": share, "rps": rps}


def test_the_zones_topic(make_task: Make, make_agent: Make, make_span: MakeSpan) -> None:
    house = small_house(make_task)
    address = {slot.name: slot.address for slot in house}
    rates = Rates()
    rates.add(
        [
            make_span("zuulpy.request", instance="elb-1", gateway="elb", zone="b", ms=9,
                      server=address["gateway-2"]),
            make_span("zuulpy.request", instance="gateway-2", gateway="gateway-2", zone="b",
                      server=address["play-api-1"]),
            make_span("http.server", instance="play-api-1", caller="gateway-2", status=500),
            make_span("evcache.call", instance="play-api-1", zone="c", status="HIT"),
            make_span("zuulpy.request", instance="gateway-2", server="127.0.0.1:1"),
        ],
        NOW,
    )  # fmt: skip
    agents = [make_agent(letter) for letter in "abc"]
    topic = zones_topic(house, agents, rates.report(NOW), now=NOW, recovered={})
    by_name = {instance["name"]: instance for instance in topic["instances"].values()}
    assert topic["engine"] == "titan_sched, bubblewrap"
    assert topic["zones"]["b"] == {"alive": True, "share": 1, "rps": 0.03}
    assert by_name["elb-1"]["callees"] == {"gateway-2": {"rps": 0.03, "success": 1, "p99ms": 9}}
    assert set(by_name["gateway-2"]["callees"]) == {"play-api-1"}
    assert set(by_name["play-api-1"]["callers"]) == {"gateway-2"}
    assert set(by_name["cache-1"]["callers"]) == {"play-api-1"}
    assert by_name["cache-1"]["rps"] == 0.03
    assert topic["sentence"] == "6 of 6 tasks run. Little traffic: 1 request in the last 30 s."
    assert by_name["play-api-1"]["success"] == 0
    assert "success" not in by_name["gateway-1"]
    assert by_name["booth-1"]["layer"] == "booth"
    diff({}, topic)


def test_a_recovery_shows_for_ten_seconds(make_task: Make) -> None:
    replaced = {"attempts": 2, "started_at": NOW - 4}
    house = small_house(make_task, play_api_1=replaced, elb_1={"stopped": True})
    recovered = {"gateway-1": NOW - 9, "gateway-2": NOW - 11, "elb-1": NOW}

    def shown(now: float) -> dict[str, float]:
        topic = zones_topic(house, [], QUIET, now=now, recovered=recovered)
        told = topic["instances"].values()
        return {i["name"]: i["recovered_at"] for i in told if "recovered_at" in i}

    assert shown(NOW) == {"play-api-1": NOW - 4, "gateway-1": NOW - 9}
    assert shown(NOW + 7) == {}


def test_all_is_well(make_task: Make) -> None:
    zones = {letter: zone(share=0.33, rps=1) for letter in "abc"}
    assert (
        zones_sentence(small_house(make_task), zones)
        == "6 of 6 tasks run. Zones a, b and c share the traffic evenly."
    )


@pytest.mark.parametrize(
    ("changes", "shares", "sentence"),
    [
        ({}, (0, 0, 0), "6 of 6 tasks run. No traffic in the last 30 s."),
        (
            {"play_api_1": {"stopped": True}},
            (0, 0, 0),
            "5 of 6 tasks run. play-api-1 is stopped. No traffic in the last 30 s.",
        ),
        (
            {"gateway_1": {"state": "Launched"}, "gateway_2": {"state": "Accepted"}},
            (0, 0, 0),
            "4 of 6 tasks run. gateway-1 and gateway-2 are being replaced. "
            "No traffic in the last 30 s.",
        ),
        (
            {},
            (0.49, 0.51, 0),
            "6 of 6 tasks run. Zone b takes 51 % of traffic: zone c has no gateway.",
        ),
        (
            {},
            (0, 0.98, 0.02),
            "6 of 6 tasks run. Zone b takes 98 % of traffic.",
        ),
    ],
)
def test_the_sentence_says_what_is_wrong(
    make_task: Make, changes: dict[str, Any], shares: tuple[float, ...], sentence: str
) -> None:
    zones = {letter: zone(share=s, rps=s) for letter, s in zip("abc", shares, strict=True)}
    assert zones_sentence(small_house(make_task, **changes), zones) == sentence


def test_the_sentence_counts_missing_gateways(make_task: Make) -> None:
    names = {"gateway-1": "a", "gateway-2": "b", "gateway-3": "b"}
    house = slots([make_task(name, zone=letter) for name, letter in names.items()], {})
    zones = {"a": zone(share=0.34, rps=1), "b": zone(share=0.66, rps=2)}
    sentence = "3 of 3 tasks run. Zone b takes 66 % of traffic: zone a has 1 gateway fewer."
    assert zones_sentence(house, zones) == sentence


def test_a_lost_zone_is_named_and_not_its_tasks(make_task: Make) -> None:
    house = small_house(make_task, cache_1={"state": "Disconnected"})
    zones = {"a": zone(), "b": zone(), "c": zone(alive=False)}
    sentence = "5 of 6 tasks run. Zone c is down. No traffic in the last 30 s."
    assert zones_sentence(house, zones) == sentence


def test_a_silent_scheduler_is_said(make_task: Make) -> None:
    assert "does not answer" in zones_sentence(small_house(make_task), {}, silent_for=4)
    assert "placed nothing" in zones_sentence([], {})


def test_the_plays_topic_can_be_patched(make_span: MakeSpan) -> None:
    plays = [play_of("a" * 32, [make_span("play")]), play_of("b" * 32, [make_span("play")])]
    topic = plays_topic(plays, NOW)
    assert topic["order"] == ["a" * 32, "b" * 32]
    assert set(topic["plays"]) == set(topic["order"])
    diff({}, topic)


def test_the_sentence_of_plays(make_span: MakeSpan) -> None:
    asked = make_span("play.asked", span="2" * 16, ms=4)
    played = [make_span("play", title="t", title_name="Slow Orbit"), asked]
    served = make_span("play.served", span="3" * 16, ms=5, oca="oca-b2")
    failed = make_span("play", start=1, ok=False, error="not_entitled")

    def said(*plays: list[Span], now: float = NOW) -> str:
        return plays_sentence([play_of("a" * 32, spans) for spans in plays], now)

    assert said().startswith("Nothing was played yet")
    assert said(played) == (
        "1 play in the last minute, none failed; the last, Slow Orbit, waits for its first segment."
    )
    assert said([*played, served], now=NOW + 99) == (
        "No play in the last minute; "
        "the last, Slow Orbit, took 9 ms from asked to served by oca-b2."
    )
    assert said([failed], played) == (
        "2 plays in the last minute; 1 failed, the last at asked: not_entitled."
    )


def test_the_broken_topic_is_keyed_by_id() -> None:
    item: Any = {"id": "1", "target": "oca-b2-1"}
    assert broken_topic([item]) == {"items": {"1": item}}
