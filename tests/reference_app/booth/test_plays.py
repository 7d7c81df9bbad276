from collections.abc import Callable

import pytest
from reference_app.booth.collector import Span
from reference_app.booth.plays import STEPS, detail, play_of, summary

Make = Callable[..., Span]


def whole_play(make: Make) -> list[Span]:
    """One play through every level, by start."""
    return [
        make("zuulpy.request", span="1" * 16, instance="elb-1", start=0, ms=24,
             gateway="elb", status_code=200, status="SUCCESS", zone="b", server="127.0.0.1:2"),
        make("zuulpy.request", span="2" * 16, parent="1" * 16, instance="gateway-2", start=1,
             ms=22, gateway="gateway-2", status=200, route="/play", server="127.0.0.1:3",
             attempts=1),
        make("play", span="3" * 16, parent="2" * 16, start=2, ms=19.4, session="s-1",
             title="t-1", title_name="Slow Orbit", member=7),
        make("play.asked", span="4" * 16, parent="3" * 16, start=2, ms=3.2),
        make("evcache.call", span="5" * 16, parent="4" * 16, start=2, ms=1, op="get",
             status="HIT", tier="RAM", zone="a"),
        make("play.allowed", span="6" * 16, parent="3" * 16, start=6, ms=8),
        make("hystrixpy.command", span="7" * 16, parent="6" * 16, start=6, ms=7,
             command="members.allow", events=["SUCCESS"]),
        make("play.files_chosen", span="8" * 16, parent="3" * 16, start=14, ms=1),
        make("play.steered", span="9" * 16, parent="3" * 16, start=15, ms=2),
        make("play.served", span="a" * 16, parent="3" * 16, instance="oca-b2-1", zone="b",
             start=60, ms=5, oca="oca-b2", bytes=182_400),
    ]  # fmt: skip


def test_a_whole_play(make_span: Make) -> None:
    play = play_of("a" * 32, whole_play(make_span))
    assert [step["name"] for step in play["steps"]] == list(STEPS)
    assert [step["ms"] for step in play["steps"]] == [3.2, 8, 1, 2, 5]
    assert {step["state"] for step in play["steps"]} == {"done"}
    assert play["ok"]
    assert "error" not in play
    assert (play["session"], play["title"], play["title_name"]) == ("s-1", "t-1", "Slow Orbit")
    assert (play["member"], play["appliance"], play["zone"]) == ("7", "oca-b2", "a")
    assert play["at"] == 1_700_000_000.002


def test_what_has_not_come_yet_is_waited_for(make_span: Make) -> None:
    play = play_of("a" * 32, whole_play(make_span)[:6])
    assert [step["state"] for step in play["steps"]] == ["done", "done", *["waiting"] * 3]
    assert "appliance" not in play
    assert play["ok"]


def test_a_failed_step_is_where_the_play_ended(make_span: Make) -> None:
    spans = [
        make_span("play", span="1" * 16, ok=False, title="t-1", error="not_entitled"),
        make_span("play.asked", span="2" * 16),
        make_span("play.allowed", span="3" * 16, ok=False, error="ApiError: not_entitled"),
    ]
    play = play_of("a" * 32, spans)
    states = [step["state"] for step in play["steps"]]
    assert states == ["done", "failed", "waiting", "waiting", "waiting"]
    assert (play["ok"], play["error"], play["title_name"]) == (False, "not_entitled", "t-1")


def test_a_play_that_failed_between_steps_failed_at_the_next(make_span: Make) -> None:
    spans = [make_span("play", span="1" * 16, ok=False), make_span("play.asked", span="2" * 16)]
    play = play_of("a" * 32, spans)
    assert [step["state"] for step in play["steps"]][:2] == ["done", "failed"]
    assert play["error"] == "failed"


def test_a_repeated_step_counts_once_by_the_first(make_span: Make) -> None:
    spans = [
        make_span("play.served", span="1" * 16, start=1, oca="oca-b2"),
        make_span("play.served", span="2" * 16, start=2, oca="oca-c1"),
    ]
    assert play_of("a" * 32, spans)["appliance"] == "oca-b2"


def test_the_story_has_one_sentence_a_level(make_span: Make) -> None:
    assert summary(whole_play(make_span)) == [
        "The load balancer chose zone b and answered 200 after 24 ms.",
        "gateway-2 took it by route /play to 127.0.0.1:3 in 1 attempt, 22 ms.",
        "play-api-1 worked 19 ms: asked 3.2 ms, allowed 8.0 ms, files chosen 1.0 ms, "
        "steered 2.0 ms.",
        "1 guarded call: all succeeded; the slowest was members.allow, 7.0 ms.",
        "1 cache call: 1 hit (RAM zone a).",
        "oca-b2 served the first segment, 182 kB, 5.0 ms.",
    ]


@pytest.mark.parametrize(
    ("ok", "events", "verdict"),
    [
        (True, ["SUCCESS"], "all succeeded"),
        (True, ["TIMEOUT", "FALLBACK_SUCCESS"], "titles.rows fell back"),
        (False, ["TIMEOUT", "FALLBACK_MISSING"], "titles.rows failed"),
    ],
)
def test_the_story_tells_of_commands(
    make_span: Make, ok: bool, events: list[str], verdict: str
) -> None:
    command = make_span("hystrixpy.command", ok=ok, command="titles.rows", events=events)
    assert verdict in summary([command])[0]


def test_a_failed_play_says_why(make_span: Make) -> None:
    assert "It failed: no_stream." in summary([make_span("play", ok=False, error="no_stream")])[0]


def test_the_identity_of_another_trace_is_its_first_span(make_span: Make) -> None:
    found = detail("a" * 32, [make_span("zuulpy.request", gateway="elb", status=200)])
    assert found["identity"]["name"] == "zuulpy.request"
    assert found["summary"] == ["The load balancer chose no zone and answered 200 after 1.0 ms."]
    assert len(found["spans"]) == 1


def test_the_identity_of_a_play_is_the_play(make_span: Make) -> None:
    spans = whole_play(make_span)
    assert detail("a" * 32, spans)["identity"] == dict(play_of("a" * 32, spans))
