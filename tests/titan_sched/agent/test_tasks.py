"""An agent's tasks with real processes and no control plane."""

import asyncio
import os
import signal

import pytest
from titan_sched._process import alive, descendants, start_time
from titan_sched.agent.logs import Logs
from titan_sched.agent.ports import PortPool
from titan_sched.agent.record import Records
from titan_sched.agent.runtime import runtime_named
from titan_sched.agent.tasks import Tasks


@pytest.fixture(params=["bubblewrap", "subprocess"])
async def agent(request, tmp_path):
    """`agent()` is the life of an agent that begins now, on the same directory each time."""
    lives = []

    def begin():
        lives.append(
            Tasks(
                host="127.0.0.1",
                zone="a",
                runtime=runtime_named(request.param),
                records=Records(tmp_path / "tasks"),
                logs=Logs(tmp_path / "logs"),
                ports=PortPool("127.0.0.1", 99),
                changed=lambda: None,
            )
        )
        return lives[-1]

    yield begin
    for tasks in lives:
        tasks.fault(None, signal.SIGKILL, None)
        await seen(lambda tasks=tasks: {one["state"] for one in tasks.report()} <= {"Finished"})


def order(script, **options):
    return {
        "id": "web-1-00000001",
        "job_id": "web",
        "name": "web-1",
        "index": 0,
        "command": ["/bin/sh", "-c", script],
        "env": {},
        "ports": 0,
        "writable": [],
        "cwd": "/",
        **options,
    }


async def seen(look):
    """What `look` returns, once that is true."""
    async with asyncio.timeout(10):
        while not (found := look()):  # noqa: ASYNC110 - processes set no event
            await asyncio.sleep(0.01)
    return found


async def reaches(tasks, state):
    """The report of the only task, once it is in this state."""
    return await seen(lambda: next((one for one in tasks.report() if one["state"] == state), None))


async def test_a_task_is_started_once_however_often_it_is_ordered(agent, tmp_path):
    tasks = agent()
    for _ in range(3):
        tasks.launch(order("sleep 1000"))
    started = await reaches(tasks, "Started")
    tasks.launch(order("sleep 1000"))
    assert len(tasks.report()) == 1
    assert tasks.report()[0]["pid"] == started["pid"]
    # nor by a later life of the agent, even after its end
    tasks.fault(None, signal.SIGKILL, None)
    await reaches(tasks, "Finished")
    again = agent()
    assert again.recover() == 0
    again.launch(order("sleep 1000"))
    assert again.report()[0]["state"] == "Finished"
    again.forget("web-1-00000001")
    assert again.report() == []
    assert list((tmp_path / "tasks").glob("*.json")) == []


async def test_what_a_task_leaves_behind_ends_with_it(agent, until):
    tasks = agent()
    tasks.launch(order("sleep 1000 & while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 4"))
    pid = (await reaches(tasks, "Started"))["pid"]
    until(lambda: descendants(pid))
    below = [(one, start_time(one)) for one in descendants(pid)]
    main = below[0][0] if tasks._runtime.name == "bubblewrap" else pid
    os.kill(main, signal.SIGKILL)
    ended = await reaches(tasks, "Finished")
    assert ended["reason"].startswith("failed: signal SIGKILL")
    until(lambda: not any(alive(*one) for one in below))


async def test_a_task_that_ignores_sigterm_is_killed_after_its_grace(agent):
    tasks = agent()
    tasks.launch(order("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    await reaches(tasks, "Started")
    await seen(lambda: tasks._logs.last_line("web-1-00000001") == "ready")
    tasks.kill("web-1-00000001", 0.2, "killed: enough")
    tasks.kill("web-1-00000001", 99.0, "killed: again")
    assert tasks.report()[0]["state"] == "KillInitiated"
    assert (await reaches(tasks, "Finished"))["reason"] == "killed: enough"


async def test_a_kill_that_comes_while_a_task_is_being_started_reaches_it(agent):
    tasks = agent()
    tasks.launch(order("sleep 1000"))
    tasks.kill("web-1-00000001", 0.1, "killed: changed my mind")
    assert (await reaches(tasks, "Finished"))["reason"] == "killed: changed my mind"


async def test_a_hold_that_is_due_while_the_agent_is_away_ends_when_it_is_back(agent):
    tasks = agent()
    tasks.launch(order("sleep 1000"))
    await reaches(tasks, "Started")
    tasks.fault("web-1-00000001", signal.SIGSTOP, 0.05)
    assert tasks.report()[0]["stopped"]
    again = agent()
    assert again.recover() == 1
    await seen(lambda: not again.report()[0]["stopped"])


async def test_more_ports_than_there_are_is_a_failed_task(agent):
    tasks = agent()
    tasks.launch(order("true", ports=100_000))
    report = await reaches(tasks, "Finished")
    assert report["reason"].startswith("failed: no 100000 free ports")


async def test_a_missing_directory_is_a_failed_task(agent):
    tasks = agent()
    tasks.launch(order("true", cwd="/no/such"))
    report = await reaches(tasks, "Finished")
    assert "No such file or directory" in report["reason"]
