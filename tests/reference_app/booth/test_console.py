import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from reference_app.booth.collector import Span
from reference_app.booth.console import TOPICS, Console, OrderFailedError
from reference_app.booth.errors import UnknownFaultError

Scheduler = Any  # the class in conftest.py
NOW = 1_700_000_000.0


@pytest.fixture
def console(scheduler: Scheduler) -> Console:
    return Console(
        tasks=scheduler.tasks,
        agents=scheduler.agents,
        fault=scheduler.fault,
        restore_zone=scheduler.restore_zone,
        clock=lambda: scheduler.now,
        tick=0.01,
    )


async def snapshots(console: Console) -> dict[str, Any]:
    reader = await console.watch(TOPICS)
    console.hub.leave(reader)
    reader.end()
    messages = [json.loads(line.split("data: ")[1]) async for line in reader]
    assert {message["kind"] for message in messages} == {"snapshot"}
    return {message["topic"]: message["data"] for message in messages}


async def test_snapshots_are_fresh(console: Console, make_span: Callable[..., Span]) -> None:
    console.ingest([make_span("play", title="t")])
    topics = await snapshots(console)
    assert set(topics) == set(TOPICS)
    assert topics["zones"]["sentence"].startswith("4 of 4 tasks run.")
    assert topics["plays"]["order"] == ["a" * 32]
    assert topics["slo"]["starts"]["value"] > 0
    assert topics["broken"] == {"items": {}}


async def test_break_and_restore(console: Console, scheduler: Scheduler) -> None:
    id = await console.break_target("oca-b2-1", "stop", 20)
    assert [item["id"] for item in console.broken()] == [id]
    await console.break_target("zone-b", "kill", 30)
    await console.restore()
    assert scheduler.orders == [
        ("oca-b2-1", "STOP", 20),
        ("zone-b", "KILL", None),
        ("oca-b2-1", "CONT", None),
        ("restore", "b"),
    ]
    assert console.broken() == []


async def test_what_the_scheduler_does_not_do_is_not_broken(
    console: Console, scheduler: Scheduler
) -> None:
    await console.look()
    scheduler.silent = True
    with pytest.raises(OrderFailedError, match="nobody listens"):
        await console.break_target("oca-b2-1", "stop", 20)
    assert console.broken() == []
    with pytest.raises(UnknownFaultError):
        await console.break_target("nobody", "stop", 20)


async def test_what_cannot_be_restored_stays_broken(console: Console, scheduler: Scheduler) -> None:
    await console.break_target("play-api-1", "kill", 20)
    await console.break_target("oca-b2-1", "stop", 20)
    scheduler.silent = True
    with pytest.raises(OrderFailedError):
        await console.restore()
    assert [item["target"] for item in console.broken()] == ["oca-b2-1"]
    scheduler.silent = False
    await console.restore()
    assert console.broken() == []


async def test_a_silent_scheduler_leaves_the_last_picture(
    console: Console, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    await console.look()
    scheduler.silent = True
    scheduler.now += 10
    with caplog.at_level(logging.WARNING):
        await console.look()
    assert "booth.scheduler_silent" in caplog.text
    zones = (await snapshots(console))["zones"]
    assert zones["sentence"].startswith("The scheduler does not answer")
    assert len(zones["instances"]) == 4


async def test_nonsense_of_the_scheduler_is_silence(
    console: Console, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    await console.look()
    scheduler.found["bad"] = {"name": "bad-1", "state": "Started"}
    await console.look()
    assert "booth.scheduler_silent" in caplog.text


async def test_a_zone_is_waiting_where_it_was(console: Console, scheduler: Scheduler) -> None:
    await console.look()
    lost = {"zone": None, "state": "Accepted", "address": None, "pid": None, "id": "n"}
    scheduler.found["oca-b2-1"].update(lost)
    await console.look()
    assert (await snapshots(console))["zones"]["instances"]["n"]["zone"] == "b"


async def test_running_it_publishes_and_brings_a_zone_back(
    console: Console, scheduler: Scheduler
) -> None:
    await console.break_target("zone-b", "kill", 30)
    scheduler.zones[1]["state"] = "Lost"
    scheduler.now += 31
    running = asyncio.create_task(console.run())
    reader = await console.watch(["broken"])
    kinds = []
    async with asyncio.timeout(10):
        async for line in reader:
            message = json.loads(line.split("data: ")[1])
            kinds.append(message["kind"])
            if len(kinds) > 3 and not console.broken():
                break
    assert kinds[:3] == ["snapshot", "patch", "patch"]
    assert scheduler.orders[-1] == ("restore", "b")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_zone_that_does_not_come_back_is_tried_again(
    console: Console, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    await console.break_target("zone-b", "kill", 30)
    scheduler.zones[1]["state"] = "Lost"
    scheduler.now += 31
    scheduler.silent = True
    running = asyncio.create_task(console.run())
    async with asyncio.timeout(10):
        async for _ in await console.watch(["broken"]):
            if "booth.revert_failed" in caplog.text and scheduler.silent:
                assert console.broken()
                scheduler.silent = False
            if not console.broken():
                break
    assert scheduler.orders[-1] == ("restore", "b")
    running.cancel()


async def test_a_topic_that_cannot_be_built_does_not_stop_the_others(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    console.hub.publish("zones", {}, NOW)
    console.publish(["no such topic", "zones"])
    assert "booth.topic_failed" in caplog.text
    assert console.hub.topics == set(TOPICS)


async def test_traces_are_told(console: Console, make_span: Callable[..., Span]) -> None:
    assert console.last_play() is None
    assert console.trace("a" * 32) is None
    console.ingest([make_span("play"), make_span(trace="b" * 32)])
    assert console.last_play() == "a" * 32
    told = console.trace("b" * 32)
    assert told is not None
    assert told["identity"]["name"] == "http.server"
    assert [line["trace"] for line in console.lines(9)] == ["a" * 32, "b" * 32]
