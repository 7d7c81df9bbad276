"""A real control plane, real agents, real processes: what must hold when something dies."""

import json
import os
import signal
import sys
from urllib.request import urlopen

import pytest
from titan_sched._process import alive, descendants, read_record, start_time
from titan_sched._spawn import spawn
from titan_sched.local import _spawn_agent

from titan_sched import (
    Batch,
    InvalidJobError,
    JobExistsError,
    NotFoundError,
    Service,
    StartTimeoutError,
    start_agent,
)

BOTH = pytest.mark.parametrize("cluster", ["bubblewrap", "subprocess"], indirect=True)


def registered(cluster, job="web"):
    return json.loads((cluster.registry / f"{job}.json").read_text())


def agent_pid(cluster, agent):
    return next(one["pid"] for one in cluster.client().agents() if one["id"] == agent)


def control(cluster):
    return read_record(cluster.directory / "control.json")


@BOTH
def test_a_killed_task_is_replaced_and_registered(cluster, web, until):
    job = cluster.client().submit(web())
    before = job.wait_started(10)
    assert sorted(task.zone for task in before) == ["a", "b", "c"]
    assert {one["id"] for one in registered(cluster)} == {task.id for task in before}

    os.kill(before[0].pid, signal.SIGKILL)

    until(lambda: before[0].id not in {one["id"] for one in registered(cluster)})
    after = until(lambda: [task for task in job.tasks() if task.index == 0 and task.attempts == 2])
    job.wait_started(10)
    assert after[0].zone == before[0].zone, "the balance over zones holds for the replacement"
    until(lambda: after[0].id in {one["id"] for one in registered(cluster)})
    with urlopen(f"http://{job.tasks()[0].address}/") as answer:
        assert answer.status == 200
    (ended,) = [task for task in job.tasks(history=True) if not task.alive]
    assert ended.reason.startswith("failed: signal SIGKILL")


@BOTH
def test_a_job_that_is_killed_leaves_no_process_and_an_empty_registry(cluster, web, until):
    job = cluster.client().submit(web())
    pids = [(task.pid, start_time(task.pid)) for task in job.wait_started(10)]
    job.kill()
    assert registered(cluster) == [], "the file is emptied before any signal is sent"
    until(lambda: not any(alive(*one) for one in pids))
    until(lambda: {task.state for task in job.tasks()} == {"Finished"})
    assert {task.reason for task in job.tasks()} == {"killed: its job was killed"}


@BOTH
def test_all_processes_of_a_task_end_with_it(cluster, until, tmp_path):
    shell = "sleep 1000 & echo $$ > pids; echo $! >> pids; wait"
    command = ["/bin/sh", "-c", shell]
    writable = tmp_path / "data"
    writable.mkdir()
    job = Service("tree", command, writable=[writable], cwd=str(writable))
    job = cluster.client().submit(job)
    task = job.wait_started(10)[0]
    until(lambda: (writable / "pids").exists())
    below = until(lambda: descendants(task.pid))
    whole = [(pid, start_time(pid)) for pid in (task.pid, *below)]
    job.kill()
    until(lambda: not any(alive(*one) for one in whole))


def test_a_zone_outage_is_made_up_for_elsewhere_and_ends(cluster, web, until):
    client = cluster.client()
    job = client.submit(web())
    before = {task.zone: task for task in job.wait_started(10)}
    agent = agent_pid(cluster, "b1"), start_time(agent_pid(cluster, "b1"))

    assert client.fault("zone-b", "KILL") == ["b1"]

    until(lambda: not alive(*agent) and start_time(before["b"].pid) is None)
    until(lambda: job.tasks()[before["b"].index].zone in ("a", "c"))
    job.wait_started(10)
    history = {task.id: task for task in job.tasks(history=True)}
    assert history[before["b"].id].reason.startswith("lost: agent b1 silent")
    assert before["a"].id in history
    assert history[before["a"].id].alive, "other zones are not touched"

    start_agent(cluster.directory, "b")
    assert {one["state"] for one in client.agents()} == {"Connected"}
    start_agent(cluster.directory, "b")  # it runs already


@pytest.mark.parametrize("missed", ["Disconnected", "Lost"])
def test_cont_of_a_silent_zone_ends_its_outage(cluster, web, until, missed):
    client = cluster.client()
    job = client.submit(web(count=1, spread=None, zone="c"))
    (before,) = job.wait_started(10)
    client.fault("zone-c", "KILL")
    until(lambda: [one for one in client.agents() if (one["id"], one["state"]) == ("c1", missed)])

    assert client.fault("zone-c", "CONT") == ["c1"]

    (after,) = job.wait_started(10)
    assert after.zone == "c"
    assert after.id != before.id


def test_the_name_of_a_job_means_its_first_running_task(cluster, web, until):
    client = cluster.client()
    first, *others = client.submit(web()).wait_started(10)
    client.fault("web", "KILL")
    until(lambda: first.id not in {one["id"] for one in registered(cluster)})
    assert {one.id for one in others} <= {one["id"] for one in registered(cluster)}


def test_an_agent_that_comes_back_ends_what_was_replaced(cluster, web, until):
    job = cluster.client().submit(web())
    lost = next(task for task in job.wait_started(10) if task.zone == "c")
    process = lost.pid, start_time(lost.pid)
    os.kill(agent_pid(cluster, "c1"), signal.SIGSTOP)
    until(lambda: job.tasks()[lost.index].id != lost.id)
    assert alive(*process), "nobody could end it"
    os.kill(agent_pid(cluster, "c1"), signal.SIGCONT)
    until(lambda: not alive(*process))
    job.wait_started(10)


def test_a_held_task_is_let_go_on_time_and_stays_registered(cluster, web, until):
    client = cluster.client()
    job = client.submit(web("web", count=1))
    task = job.wait_started(10)[0]
    client.fault("web-1", "STOP", 0.3)
    held = job.tasks()[0]
    assert held.stopped
    assert held.stopped_until is not None
    assert registered(cluster)[0]["id"] == task.id
    until(lambda: not job.tasks()[0].stopped)
    with urlopen(f"http://{task.address}/", timeout=5) as answer:
        assert answer.status == 200

    client.fault(task.id, "STOP")
    assert job.tasks()[0].stopped_until is None
    client.fault(task.id, "CONT")
    assert not job.tasks()[0].stopped
    client.fault("web-1", "STOP")
    job.kill()
    until(lambda: start_time(task.pid) is None)


@BOTH
def test_tasks_survive_their_agent(cluster, web, until):
    job = cluster.client().submit(web())
    before = {task.id: task.pid for task in job.wait_started(10)}
    old = agent_pid(cluster, "a1")
    process = old, start_time(old)
    # A machine that is busy may need longer than an agent may be silent; a control plane that
    # stands still counts nobody's silence.
    os.kill(control(cluster)["pid"], signal.SIGSTOP)
    os.kill(old, signal.SIGKILL)
    until(lambda: not alive(*process))
    new = _spawn_agent(cluster.directory, "a")
    own = cluster.directory / "agents" / "a1" / "agent.json"
    until(lambda: read_record(own)["pid"] == new)
    os.kill(control(cluster)["pid"], signal.SIGCONT)
    until(lambda: agent_pid(cluster, "a1") == new)
    assert {task.id: task.pid for task in job.tasks()} == before
    found = (cluster.directory / "agents" / "a1" / "agent.out").read_text()
    assert "1 tasks found again" in found

    os.kill(before[job.tasks()[0].id], signal.SIGKILL)
    until(lambda: job.tasks()[0].id not in before)
    job.wait_started(10)


def test_tasks_survive_the_control_plane(cluster, web, until):
    job = cluster.client().submit(web())
    before = {task.id: task.pid for task in job.wait_started(10)}
    old = control(cluster)
    command = (f"/proc/{old['pid']}/cmdline", "rb")
    with open(*command) as file:
        words = file.read().decode().split("\0")[:-1]
    os.kill(old["pid"], signal.SIGKILL)
    until(lambda: not alive(old["pid"], old["start"]))
    spawn(words, cluster.directory / "control.out")
    until(lambda: control(cluster)["pid"] != old["pid"])
    assert control(cluster)["url"] == cluster.url, "clients keep the address"
    client = cluster.client()
    until(lambda: all(one["pid"] for one in client.agents()))
    assert {task.id: task.pid for task in job.tasks()} == before
    assert {task.state for task in job.tasks()} == {"Started"}
    assert {one["id"] for one in registered(cluster)} == set(before)
    # its epoch is newer, so that its orders are obeyed
    os.kill(before[job.tasks()[0].id], signal.SIGKILL)
    until(lambda: job.tasks()[0].id not in before)
    job.wait_started(10)


def test_a_batch_job_runs_to_its_end(cluster, until):
    client = cluster.client()
    good = client.submit(Batch("good", ["/bin/sh", "-c", "exit 0"], count=2))
    bad = client.submit(Batch("bad", ["/bin/sh", "-c", "echo no room; exit 3"], retries=1))
    long = client.submit(Batch("long", ["/bin/sleep", "100"], runtime_limit=0.2))
    until(lambda: {job["status"]["state"] for job in client.jobs()} == {"Finished"})
    assert {task.reason for task in good.tasks()} == {"normal: exit code 0"}
    assert [task.reason for task in bad.tasks(history=True)] == [
        "failed: exit code 3 (no room)",
        "failed: exit code 3 (no room)",
    ]
    assert long.tasks()[0].reason == "runtimeLimitExceeded: ran longer than 0.2 s"
    assert good.wait_started(1)[0].state == "Finished"
    assert client.tasks() == [], "finished jobs are not listed unless asked for"


def test_a_task_sees_its_placeholders_and_a_small_environment(cluster, until):
    show = "import os; print(dict(os.environ)); import sys; print(sys.argv[1:])"
    words = ["{port}", "{port1}", "{host}", "{zone}", "{index}", "{name}", '{"json": 1}']
    env = {"WHERE": "{host}:{port1}"}
    batch = Batch("show", [sys.executable, "-c", show, *words], ports=2, zone="b", env=env)
    job = cluster.client().submit(batch)
    task = until(lambda: [one for one in job.tasks() if one.reason])[0]
    log = cluster.directory / "agents" / "b1" / "logs" / f"{task.id}.log"
    seen, arguments = map(eval, log.read_text().splitlines())
    first, second = map(str, task.ports)
    assert arguments == [first, second, "127.0.0.1", "b", "0", "show-1", '{"json": 1}']
    assert seen["WHERE"] == f"127.0.0.1:{second}"
    assert seen["TITUS_TASK_ID"] == task.id
    assert set(seen) - {"PWD", "LC_CTYPE"} == {
        *("PATH", "HOME", "LANG", "WHERE", "TITUS_TASK_ID", "TITUS_JOB_ID"),
    }


def test_what_cannot_run_says_why(cluster, until):
    client = cluster.client()
    big = client.submit(Batch("train", ["true"], memory="512G"))
    assert big.explain().startswith("0 of 3 hosts fit. Nearest: a1 lacks ")
    assert " GiB of memory. Fits with <= " in big.explain()
    there = client.submit(Batch("there", ["true"], zone="moon"))
    assert there.explain() == "0 of 3 hosts fit. Removed by zone 3. Fits without zone."
    broken = client.submit(Service("broken", ["/bin/sh", "-c", "echo cannot bind >&2; exit 1"]))
    until(lambda: "cannot bind" in broken.explain())
    until(lambda: "starts again in" in broken.explain())
    missing = client.submit(Service("missing", ["/no/such/program"]))
    until(lambda: "No such file" in missing.explain())
    with pytest.raises(StartTimeoutError, match="0 of 3 hosts fit"):
        big.wait_started(0)


def test_what_is_refused_is_refused_with_its_field(cluster, web):
    client = cluster.client()
    body = {
        "applicationName": "bad",
        "container": {"entryPoint": ["true"], "resources": {"cpu": -1}},
        "service": {},
    }
    with pytest.raises(InvalidJobError, match=r"container\.resources\.cpu: -1 is refused"):
        client._call("POST", "/jobs", body)
    client.submit(web())
    with pytest.raises(JobExistsError):
        client.submit(web())
    with pytest.raises(NotFoundError):
        client.fault("web-9", "KILL")
    with pytest.raises(NotFoundError):
        client.explain("nothing")
