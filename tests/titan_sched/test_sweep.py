"""Nothing stays behind, whenever and however a cluster ends."""

import os
import signal
import subprocess
import sys

import pytest
from titan_sched._process import alive, read_record, start_time, with_variable
from titan_sched._spawn import spawn

from titan_sched import ClusterError, Titan, start_agent, start_cluster, sweep


def processes(root):
    """(pid, start) of everything a cluster has, as it says itself."""
    found = [read_record(root / "control.json")]
    found += [read_record(path) for path in root.glob("agents/*/agent.json")]
    for path in root.glob("agents/*/tasks/*.json"):
        handle = read_record(path)["handle"]
        found += [handle, {"pid": handle["root"], "start": handle["root_start"]}]
    return {(one["pid"], one["start"]) for one in found}


@pytest.mark.parametrize("runtime", ["bubblewrap", "subprocess"])
def test_a_sweep_leaves_nothing_even_of_what_is_held_or_orphaned(tmp_path, web, until, runtime):
    root = tmp_path / "c"
    cluster = start_cluster(root, ["a", "b"], runtime=runtime, ends_with_me=True)
    client = cluster.client()
    job = client.submit(web(count=2))
    tasks = job.wait_started(10)
    client.fault("web-1", "STOP")
    everything = processes(root)
    assert len(everything) == (7 if runtime == "bubblewrap" else 5)
    os.kill(read_record(root / "agents" / "b1" / "agent.json")["pid"], signal.SIGKILL)
    os.kill(read_record(root / "agents" / "a1" / "agent.json")["pid"], signal.SIGSTOP)

    ended = sweep(root)

    assert {"control", "agent a1", *(f"task {task.id}" for task in tasks)} <= set(ended)
    until(lambda: not any(alive(*one) for one in everything))
    assert sweep(root) == []
    assert not (root / "token").exists()
    assert (root / "agents" / "a1" / "logs").exists(), "logs stay"


def test_a_sweep_of_nothing(tmp_path):
    assert sweep(tmp_path / "never") == []
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("kind", ["control", "agent"])
def test_what_starts_after_its_cluster_was_swept_ends_by_itself(tmp_path, kind, until):
    words = [sys.executable, "-m", "titan_sched", kind, "--dir", str(tmp_path / kind)]
    root = tmp_path if kind == "agent" else tmp_path / kind
    root.mkdir(exist_ok=True)
    (root / "generation").write_text("first")
    sweep(root)
    (tmp_path / "token").write_text("t")
    words += ["--token-file", str(tmp_path / "token"), "--generation", "first"]
    if kind == "agent":
        file = str(tmp_path / "control.json")
        words += ["--id", "a1", "--zone", "a", "--control-file", file]
    pid = spawn(words, tmp_path / "out")
    start = start_time(pid)
    until(lambda: not alive(pid, start))
    assert (tmp_path / "out").read_text() == ""


OWNER = """
import os, signal, sys
from titan_sched import Service, Titan
titan = Titan.local(["a"], sys.argv[1])
titan.submit(Service("web", ["/bin/sleep", "1000"])).wait_started(10)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_cluster_ends_with_its_owner_however_that_ends(tmp_path, until):
    root = tmp_path / "c"
    done = subprocess.run([sys.executable, "-c", OWNER, str(root)])
    assert done.returncode == -signal.SIGKILL
    everything = processes(root) if (root / "control.json").exists() else set()
    until(lambda: not any(alive(*one) for one in everything))
    until(lambda: not (root / "control.json").exists())


def test_a_cluster_that_does_not_come_up_leaves_nothing(tmp_path):
    root = tmp_path / "c"
    with pytest.raises(ClusterError):
        start_cluster(root, ["a"], timeout=0.0)
    assert sweep(root) == []
    assert not list(root.glob("agents/*/agent.json"))


def test_what_cannot_be_started_is_said(tmp_path):
    for zones in ([], ["a", "a"], ["../x"]):
        with pytest.raises(ClusterError, match="zones"):
            start_cluster(tmp_path, zones)
    with pytest.raises(ClusterError, match="no cluster with a zone"):
        start_agent(tmp_path, "a")


def test_titan_local_is_a_block(web):
    with Titan.local(["a"]) as titan:
        root = titan.cluster.directory
        titan.submit(web(count=1)).wait_started(10)
        with pytest.raises(ClusterError, match="already"):
            start_cluster(root)
        everything = processes(root)
    assert not any(alive(*one) for one in everything)
    assert not root.exists()
    titan.close()


def test_nothing_of_these_tests_is_left():
    assert with_variable("TITUS_JOB_ID", "none") == []
