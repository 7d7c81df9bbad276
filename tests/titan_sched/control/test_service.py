"""What is not durable is not told."""

import asyncio
import sqlite3

import pytest
from titan_sched.control.agents import LOST_AFTER
from titan_sched.control.service import ControlPlane

from tests.titan_sched.control.world import FakeAgent
from titan_sched import Service


@pytest.fixture
def control(tmp_path):
    plane = ControlPlane(tmp_path)
    yield plane
    plane.close()


def web(name="web"):
    return Service(name, ["run"]).descriptor()


async def test_a_waiting_agent_hears_of_a_launch_at_once(control):
    agent = FakeAgent("a1", "a")
    await control.poll("a1", agent.report(), 0)
    waiting = asyncio.create_task(control.poll("a1", agent.report(), 30))
    await asyncio.sleep(0)
    job = control.submit(web())
    async with asyncio.timeout(10):
        answer = await waiting
    assert [order["job_id"] for order in answer["launch"]] == [job.id]


async def test_nothing_is_told_while_it_cannot_be_stored(control, tmp_path):
    agent = FakeAgent("a1", "a")
    first = await control.poll("a1", agent.report(), 0)
    other = sqlite3.connect(tmp_path / "titan.db", isolation_level=None)
    full = "CREATE TRIGGER full BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'full'); END"
    waiting = asyncio.create_task(control.poll("a1", agent.report(), 0.2))
    await asyncio.sleep(0)
    other.execute(full)
    with pytest.raises(sqlite3.Error, match="full"):
        control.submit(web())
    answer = await waiting
    assert answer["launch"] == []
    assert answer["revision"] > first["revision"]
    other.execute("DROP TRIGGER full")
    other.close()
    assert len((await control.poll("a1", agent.report(), 0))["launch"]) == 1


async def test_each_life_has_a_higher_epoch_and_knows_what_was_accepted(control, tmp_path):
    job = control.submit(web())
    later = ControlPlane(tmp_path)
    assert later.epoch == control.epoch + 1
    assert list(later.state.jobs) == [job.id]
    later.close()


async def test_a_fault_that_is_not_confirmed_says_so(control):
    await control.poll("a1", FakeAgent("a1", "a").report(), 0)
    answer = await control.fault("a1", "STOP", None, patience=0.0)
    assert answer == {"agents": ["a1"], "applied": False}
    assert control.state.agents["a1"].faults == {}, "what was given up is not done later"


async def test_a_fault_of_an_agent_that_is_lost_was_not_applied(control):
    await control.poll("a1", FakeAgent("a1", "a").report(), 0)
    ordered = asyncio.create_task(control.fault("a1", "STOP", None, patience=30))
    await asyncio.sleep(0)
    control.state.agents["a1"].seen -= LOST_AFTER
    control.submit(web())
    async with asyncio.timeout(10):
        assert await ordered == {"agents": ["a1"], "applied": False}
