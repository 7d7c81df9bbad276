import json

from titan_sched.control.registry import Registry

from tests.titan_sched.control.world import World
from titan_sched import Service


def test_only_tasks_that_are_started_are_listed(tmp_path):
    world = World()
    world.talk()
    job = world.core.submit(Service("web", ["run"], count=2, spread="zone").descriptor())
    registry = Registry(tmp_path)

    def listed():
        registry.sync(world.core.state)
        return json.loads((tmp_path / "web.json").read_text())

    assert listed() == [], "the file is there as soon as the job is"
    world.talk()
    assert listed() == []
    world.move(job, "Started")
    world.agents["a"].tasks[world.core.state.current_tasks(job)[0].id]["ports"] = [20001, 20002]
    world.talk()
    assert listed()[0] == {
        "name": "web",
        "id": world.core.state.current_tasks(job)[0].id,
        "address": "127.0.0.1",
        "port": 20001,
        "sslPort": None,
        "payload": {"zone": "a", "name": "web-1", "agent": "a1"},
        "registrationTimeUTC": int((world.now + 1e9) * 1000),
        "serviceType": "DYNAMIC",
        "uriSpec": None,
    }
    world.pass_time(1.25)
    assert world.states(job) == ["Disconnected"] * 2
    assert len(listed()) == 2, "silent is not dead"
    world.core.kill_job(job.id)
    assert listed() == []


def test_a_file_is_written_only_when_it_changes(tmp_path):
    world = World()
    world.core.submit(Service("web", ["run"]).descriptor())
    registry = Registry(tmp_path)
    registry.sync(world.core.state)
    (tmp_path / "web.json").unlink()
    registry.sync(world.core.state)
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_forgotten_job_is_emptied(tmp_path):
    world = World()
    world.talk()
    job = world.core.submit(Service("web", ["run"]).descriptor())
    world.talk()
    world.move(job, "Started")
    world.talk()
    registry = Registry(tmp_path)
    registry.sync(world.core.state)
    del world.core.state.jobs[job.id]
    registry.sync(world.core.state)
    assert json.loads((tmp_path / "web.json").read_text()) == []
