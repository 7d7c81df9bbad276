"""What an observer is told, and the trace a call belongs to."""

import re
from contextvars import ContextVar

import pytest
from evcache.testing import Zones

from evcache import AsyncEVCache, EVCache, Event

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def test_a_pair_of_events_a_call(two: Zones, prefix: str) -> None:
    seen: list[Event] = []
    with EVCache(two, zone="a", name="members", prefix=prefix, observer=seen.append) as cache:
        cache.set("member:7", 1, write="all")
        cache.get("member:7")
        cache.get_item("other")
        cache.get_many(["member:7", "member:8"])
        cache.get_or_compute("rows:7", lambda: 5, 60)
    assert [event.name for event in seen] == ["evcache.call_started", "evcache.call_stopped"] * 5
    told = [dict(event.fields) for event in seen[1::2]]
    assert all(type(fields.pop("ms")) is float for fields in told)
    names = ("cache", "op", "key_prefix", "keys", "status", "zone", "tier")
    assert told == [
        dict(zip(names, values, strict=True))
        for values in [
            ("members", "set", "member", 1, "MET", "a,b", None),
            ("members", "get", "member", 1, "HIT", "a", "ram"),
            ("members", "get_item", "", 1, "MISS", "a", None),
            ("members", "get_many", "member", 2, "MISS", "a", None),
            ("members", "get_or_compute", "rows", 1, "MISS", "a", None),
        ]
    ]
    assert all((e.trace, e.span, e.parent) == (None, None, None) for e in seen)


def test_spans_belong_to_the_current_trace(two: Zones, prefix: str) -> None:
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    seen: list[Event] = []
    inside: list[str | None] = []
    token = trace.set(PARENT)
    with EVCache(two, zone="a", observer=seen.append, trace=trace) as cache:
        cache.get_or_compute(prefix, lambda: inside.append(trace.get()), 60)
    assert trace.get() == PARENT
    trace.reset(token)
    started, stopped = seen
    assert (started.trace, started.span) == (stopped.trace, stopped.span)
    assert (stopped.trace, stopped.parent) == ("a" * 32, "b" * 16)
    assert inside == [f"00-{stopped.trace}-{stopped.span}-01"]


@pytest.mark.parametrize("parent", [None, "", "nonsense", "00-zz-yy-01"])
def test_without_a_parent_a_new_trace_begins(two: Zones, parent: str | None) -> None:
    trace: ContextVar[str | None] = ContextVar("trace", default=parent)
    seen: list[Event] = []
    with EVCache(two, observer=seen.append, trace=trace) as cache:
        cache.get("k")
    assert re.fullmatch("[0-9a-f]{32}", seen[0].trace or "")
    assert re.fullmatch("[0-9a-f]{16}", seen[0].span or "")
    assert seen[0].parent is None
    assert trace.get() == parent


async def test_asyncio_too(two: Zones) -> None:
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    seen: list[Event] = []
    trace.set(PARENT)
    async with AsyncEVCache(two, observer=seen.append, trace=trace) as cache:
        await cache.get("k")
    assert trace.get() == PARENT
    assert {event.parent for event in seen} == {"b" * 16}


def test_a_raising_observer_is_logged_and_breaks_nothing(
    two: Zones, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("no")

    with EVCache(two, zone="a", observer=broken) as cache:
        assert cache.set("k", 1)
        assert cache.get("k") == 1
    assert caplog.text.count("evcache.observer_failed") == 4


def test_a_call_that_raises_stops_too(two: Zones) -> None:
    seen: list[Event] = []
    with (
        EVCache(two, observer=seen.append) as cache,
        pytest.raises(ValueError, match="is not allowed"),
    ):
        cache.get("a b")
    assert [event.fields.get("status") for event in seen] == [None, "ERROR"]
