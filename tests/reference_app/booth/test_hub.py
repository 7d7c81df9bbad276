import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.errors import PatchError
from reference_app.booth.hub import Hub, Subscription
from reference_app.booth.patch import apply

NOW = 1_700_000_000.0


async def waiting(reader: Subscription) -> list[dict[str, Any]]:
    """Everything that waits in `reader`, which is ended by this."""
    reader.end()
    messages = []
    async for line in reader:
        revision, data = line.rstrip("\n").split("\n")
        messages.append(json.loads(data.removeprefix("data: ")))
        assert revision == f"id: {messages[-1]['rev']}"
    return messages


async def test_a_snapshot_comes_first_and_then_the_changes() -> None:
    hub = Hub(["zones", "plays"])
    hub.publish("zones", {"a": 1}, NOW)
    reader = hub.subscribe(["zones"])
    hub.publish("zones", {"a": 2, "b": 1}, NOW + 0.5)
    hub.publish("plays", {}, NOW + 0.5)
    hub.publish("zones", {"b": 1}, NOW + 1)
    assert await waiting(reader) == [
        {"topic": "zones", "rev": 1, "at": NOW, "kind": "snapshot", "data": {"a": 1}},
        {"topic": "zones", "rev": 2, "at": NOW + 0.5, "kind": "patch", "data": {"a": 2, "b": 1}},
        {"topic": "zones", "rev": 3, "at": NOW + 1, "kind": "patch", "data": {"a": None}},
    ]


async def test_no_change_is_told_too() -> None:
    hub = Hub(["zones"])
    hub.publish("zones", {"a": 1}, NOW)
    reader = hub.subscribe(["zones"])
    hub.publish("zones", {"a": 1}, NOW + 0.5)
    _, patch = await waiting(reader)
    assert (patch["rev"], patch["at"], patch["data"]) == (2, NOW + 0.5, {})


async def test_a_reader_that_came_before_the_topic_gets_its_snapshot_with_it() -> None:
    hub = Hub(["zones"])
    reader = hub.subscribe(["zones"])
    hub.publish("zones", {"a": 1}, NOW)
    assert [message["kind"] for message in await waiting(reader)] == ["snapshot"]


async def test_a_slow_reader_is_ended_and_the_others_are_not() -> None:
    hub = Hub(["zones"], limit=3)
    slow, quick = hub.subscribe(["zones"]), hub.subscribe(["zones"])
    told = []
    lines = aiter(quick)
    for number in range(5):
        hub.publish("zones", {"a": number}, NOW)
        told.append(await anext(lines))
    assert len(told) == 5
    async with asyncio.timeout(5):
        assert [line async for line in slow] == []


async def test_a_reader_waits_for_what_comes() -> None:
    hub = Hub(["zones"])
    reader = hub.subscribe(["zones"])
    waiting_for = asyncio.ensure_future(anext(aiter(reader)))
    await asyncio.sleep(0)
    assert not waiting_for.done()
    hub.publish("zones", {"a": 1}, NOW)
    assert '"a":1' in await waiting_for


async def test_topics_are_wanted_while_somebody_reads() -> None:
    hub = Hub(["zones", "plays", "slo"])
    assert hub.wanted() == frozenset()
    one, two = hub.subscribe(["zones"]), hub.subscribe(["zones", "slo"])
    assert hub.wanted() == {"zones", "slo"}
    hub.leave(two)
    assert hub.wanted() == {"zones"}
    hub.leave(one)
    assert hub.wanted() == frozenset()


async def test_closing_ends_every_reader_and_whoever_comes_after() -> None:
    hub = Hub(["zones"])
    hub.publish("zones", {}, NOW)
    before = hub.subscribe(["zones"])
    hub.close()
    assert len([line async for line in before]) == 1
    assert len([line async for line in hub.subscribe(["zones"])]) == 1


async def test_what_a_patch_cannot_carry_changes_nothing() -> None:
    hub = Hub(["zones"])
    hub.publish("zones", {"a": 1}, NOW)
    with pytest.raises(PatchError):
        hub.publish("zones", {"a": None}, NOW)
    reader = hub.subscribe(["zones"])
    [snapshot] = await waiting(reader)
    assert (snapshot["rev"], snapshot["data"]) == (1, {"a": 1})


states = st.dictionaries(
    st.sampled_from("abc"), st.integers(0, 2) | st.dictionaries(st.sampled_from("xy"), st.just(1))
)


@given(st.lists(states, min_size=1, max_size=12), st.integers(0, 11))
@settings(max_examples=100, deadline=None)
def test_whoever_applies_the_messages_has_the_state(
    states: list[dict[str, object]], joined: int
) -> None:
    async def read() -> None:
        hub = Hub(["zones"])
        reader: Subscription | None = None
        for at, state in enumerate(states):
            if at == min(joined, len(states) - 1):
                reader = hub.subscribe(["zones"])
            hub.publish("zones", state, NOW)
        assert reader is not None
        kept: object = None
        revisions = []
        for message in await waiting(reader):
            revisions.append(message["rev"])
            whole = message["kind"] == "snapshot"
            kept = message["data"] if whole else apply(kept, message["data"])
        assert kept == states[-1]
        assert revisions == list(range(revisions[0], len(states) + 1))

    asyncio.run(read())
