"""The decisions, one situation a test."""

import pytest
from titan_sched.control.agents import LOST_AFTER, REJOIN_WITHIN, SILENT_AFTER
from titan_sched.control.slots import restart_delay

from tests.titan_sched.control.world import World
from titan_sched import Batch, JobExistsError, NotFoundError, Service

ENDS = ("normal: exit code 0", "failed: exit code 1")


@pytest.fixture
def world():
    world = World()
    world.talk()
    return world


def service(count=3, **options):
    return Service("web", ["run"], count=count, **{"spread": "zone", **options}).descriptor()


def test_a_job_goes_from_accepted_to_started(world):
    job = world.core.submit(service())
    world.core.tick()
    assert world.states(job) == ["Launched"] * 3
    world.talk()
    assert world.states(job) == ["StartInitiated"] * 3
    world.move(job, "Started")
    world.talk()
    assert world.states(job) == ["Started"] * 3
    assert world.names() == ["agent_joined"] * 3 + ["task_started"] * 3


def test_pauses_between_restarts_grow_and_are_forgotten_after_a_long_life(world):
    assert [restart_delay(n) for n in range(9)] == [0, 0, 0.5, 1, 2, 4, 8, 10, 10]
    job = world.core.submit(service(1, spread=None))
    for pause in (0, 0.5, 1):
        world.talk()
        world.move(job, "Started")
        world.talk()
        world.move(job, "Finished", "failed: exit code 1")
        world.talk()
        if pause:
            assert world.states(job) == ["Finished"]
            world.pass_time(pause - 0.25)
            world.talk()
            assert world.states(job) == ["Finished"]
            world.pass_time(0.25)
            world.talk()
        assert world.states(job) == ["StartInitiated"]
    world.move(job, "Started")
    world.talk()
    for _ in range(20):
        world.pass_time(0.5)
        world.talk()
    world.move(job, "Finished", "failed: exit code 1")
    world.talk()
    assert world.states(job) == ["StartInitiated"], "after ten seconds it is the first failure"
    stopped = [event for event in world.events if event.name.endswith("stopped")]
    assert stopped[-1].fields["ms"] == pytest.approx(10_000)
    assert stopped[-1].fields["reason"] == "failed: exit code 1"


def test_a_silent_agent_is_disconnected_then_lost_and_its_tasks_are_replaced(world):
    job = world.core.submit(service())
    world.talk()
    world.move(job, "Started")
    world.talk()
    silent = next(t for t in world.core.state.current_tasks(job) if t.zone == "b")
    for _ in range(4):
        world.pass_time(SILENT_AFTER / 4)
        world.talk("a", "c")
    assert world.core.state.tasks[silent.id].state == "Disconnected"
    for _ in range(4):
        world.pass_time((LOST_AFTER - SILENT_AFTER) / 4)
        world.talk("a", "c")
    assert world.core.state.tasks[silent.id].reason == "lost: agent b1 silent for 2.0 s"
    new = world.core.state.current_tasks(job)[silent.index]
    assert new.zone in ("a", "c")
    assert "agent_lost" in world.names()
    world.talk()
    assert world.agents["b"].tasks[silent.id]["state"] == "KillInitiated"


def test_an_agent_that_was_only_late_keeps_its_tasks(world):
    job = world.core.submit(service())
    world.talk()
    world.move(job, "Started")
    world.talk()
    world.pass_time(SILENT_AFTER + 0.25)
    assert world.states(job) == ["Disconnected"] * 3
    world.talk()
    assert world.states(job) == ["Started"] * 3


def test_a_pause_of_the_control_plane_itself_is_nobodys_silence(world):
    job = world.core.submit(service())
    world.talk()
    world.now += 60
    world.core.tick()
    assert world.states(job) == ["StartInitiated"] * 3


def test_after_a_restart_agents_have_time_to_come_back(world):
    job = world.core.submit(service())
    world.talk()
    world.move(job, "Started")
    world.talk()
    world.restart()
    job = world.core.state.jobs[job.id]
    world.pass_time(REJOIN_WITHIN - 0.5)
    assert world.states(job) == ["Started"] * 3
    world.talk("a", "b")
    world.pass_time(0.75)
    world.talk("a", "b")
    lost = [t for t in world.core.state.tasks.values() if (t.reason or "").startswith("lost")]
    assert [task.zone for task in lost] == ["c"]


def test_a_launch_that_was_not_heard_is_told_again_and_none_is_told_twice(world):
    job = world.core.submit(service(1, spread=None))
    world.core.report("a1", world.agents["a"].report())
    world.core.tick()
    first = world.core.directives("a1")["launch"]
    assert [order["name"] for order in first] == ["web-1"]
    assert world.core.directives("a1")["launch"] == first
    world.agents["a"].obey(world.core.directives("a1"))
    world.talk("a")
    assert world.states(job) == ["StartInitiated"]
    assert set(world.agents["a"].ever.values()) == {1}


def test_a_report_that_was_overtaken_is_passed_over(world):
    job = world.core.submit(service(1, spread=None))
    early = world.agents["a"].report()
    world.talk("a")
    world.core.report("a1", early)
    assert world.states(job) == ["StartInitiated"], "else it would count as lost"


def test_killing_a_job(world):
    job = world.core.submit(service())
    world.talk()
    world.core.kill_job(job.id)
    assert world.states(job) == ["KillInitiated"] * 3
    world.talk()
    world.move(job, "Finished", "killed: its job was killed")
    world.talk()
    assert job.state == "Finished"
    assert world.names().count("task_failed") == 3
    assert world.core.submit(service()).id != job.id, "the name is free again"
    with pytest.raises(JobExistsError):
        world.core.submit(service())
    with pytest.raises(NotFoundError):
        world.core.kill_job("nothing")


def test_killing_a_job_that_waits_ends_it_at_once(world):
    job = world.core.submit(service(cpu=99))
    world.talk()
    world.core.kill_job(job.id)
    world.core.tick()
    assert job.state == "Finished"


def test_a_batch_task_that_was_lost_costs_no_retry(world):
    job = world.core.submit(Batch("b", ["run"], zone="a").descriptor())
    world.talk()
    world.pass_time(LOST_AFTER + 0.5)
    world.talk()
    assert job.state == "Accepted"
    world.move(job, "Finished", ENDS[1])
    world.talk()
    assert job.state == "Finished"


def test_faults_are_told_until_confirmed_but_an_outage_once(world):
    job = world.core.submit(service(1, spread=None))
    world.talk()
    (task,) = world.core.state.current_tasks(job)
    assert world.core.fault("web-1", "STOP", 3.0)[0][0].id == "a1"
    assert world.core.directives("a1")["faults"][0]["task"] == task.id
    agent, _ = world.core.fault("zone-b", "KILL", None)[0]
    assert agent.id == "b1"
    faults = world.core.directives("b1")["faults"]
    world.core.state.agents["b1"].handed_over(faults)
    assert world.core.directives("b1")["faults"] == []
    world.core.state.agents["a1"].handed_over(world.core.directives("a1")["faults"])
    assert world.core.directives("a1")["faults"]
    with pytest.raises(NotFoundError):
        world.core.fault("d", "KILL", None)


def test_a_fault_is_applied_when_confirmed_and_dropped_when_its_agent_is_lost(world):
    (a1, heard), (b1, missed) = (world.core.fault(zone, "STOP", None)[0] for zone in "ab")
    (_, outage), (c1, given_up) = (world.core.fault("c", one, None)[0] for one in ("KILL", "STOP"))
    a1.read({**world.agents["a"].report(), "faults": [heard.id]}, a1.seen)
    c1.handed_over([outage.order()])
    c1.drop([given_up.id])
    assert world.core.directives("c1")["faults"] == []
    found = heard, outage, given_up, missed
    assert [one.state for one in found] == ["applied", "applied", "dropped", "open"]

    world.pass_time(LOST_AFTER)
    world.core.tick()

    assert b1.state == "Lost"
    assert [one.state for one in found] == ["applied", "applied", "dropped", "dropped"]
    assert world.core.directives("b1")["faults"] == []


def test_an_observer_that_raises_breaks_nothing(world, caplog):
    def broken(event):
        raise RuntimeError("sink is full")

    world.core._observer = broken
    job = world.core.submit(service())
    world.talk()
    world.move(job, "Started")
    world.talk()
    assert world.states(job) == ["Started"] * 3
    assert "sink is full" in caplog.text


def test_history_is_bounded(world):
    for _ in range(60):
        job = world.core.submit(Batch("b", ["run"]).descriptor())
        world.talk("a")
        world.move(job, "Finished", ENDS[0])
        world.talk("a")
    assert len(world.core.state.jobs) == 20
    assert len(world.core.state.tasks) == 20
    assert job.id in world.core.state.jobs


def test_nothing_is_placed_while_agents_are_still_coming_back(world):
    job = world.core.submit(service())
    world.talk()
    world.restart()
    other = world.core.submit(Service("other", ["run"], count=3, spread="zone").descriptor())
    world.talk("a")
    assert world.states(other) == ["Accepted"] * 3, "else all three would go to zone a"
    world.talk()
    assert {task.zone for task in world.core.state.current_tasks(other)} == {"a", "b", "c"}
    assert world.states(world.core.state.jobs[job.id]) == ["StartInitiated"] * 3


def test_what_a_host_still_runs_of_a_lost_task_is_not_given_away():
    world = World("a", cpu=0.1)
    world.talk()
    job = world.core.submit(service(1, spread=None))
    world.talk()
    world.pass_time(LOST_AFTER + 0.5)
    agent = world.agents["a"]
    world.core.report(agent.name, agent.report())
    world.core.tick()
    assert world.states(job) == ["Accepted"], "it has room for one, and that one still runs"
    agent.obey(world.core.directives("a1"))
    (entry,) = agent.tasks.values()
    entry.update(state="Finished")
    world.talk()
    assert world.states(job) == ["StartInitiated"]
