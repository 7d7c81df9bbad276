"""Ending everything that a cluster directory knows of, by pid and start time, never by name."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

from titan_sched import _process
from titan_sched.agent.record import TaskRecord, read_records
from titan_sched.agent.runtime import runtime_named
from titan_sched.errors import ClusterError

_STATE = ("control.json", "processes.json", "token", "titan.db", "titan.db-wal", "titan.db-shm")


def sweep(directory: str | Path, grace: float = 2.0) -> list[str]:
    """End every control plane, agent and task of a cluster, and remove its state.

    Safe at any time: while the cluster is being started, twice at once, after a crash, and where
    there never was one. Logs stay; jobs do not.

    Args:
        directory: the cluster's directory.
        grace: seconds between SIGTERM and SIGKILL, for each of the two rounds (first the cluster's
            own processes, so that none replaces a task, then the tasks).

    Returns:
        what was running and was ended: ``control``, ``agent a1``, ``task web-1-3fa9c2d4``.

    Raises:
        ClusterError: when something outlives SIGKILL; its records stay, for another try.
    """
    root = Path(directory)
    # First of all: a process that is just being started reads this after it wrote its record.
    (root / "generation").unlink(missing_ok=True)
    own = {key: name for key, name in _processes(root).items() if _process.alive(*key)}
    stuck = [f"pid {pid}" for pid in _process.end(own, grace)]
    tasks = [record for folder in root.glob("agents/*/tasks") for record in read_records(folder)]
    running = [record for record in tasks if _alive(record)]
    stuck += _end_tasks(tasks, running, grace)
    if stuck:
        raise ClusterError(f"outlived SIGKILL: {', '.join(stuck)}", str(root))
    for name in _STATE:
        (root / name).unlink(missing_ok=True)
    shutil.rmtree(root / "registry", ignore_errors=True)
    for agent in root.glob("agents/*"):
        shutil.rmtree(agent / "tasks", ignore_errors=True)
        for name in ("agent.json", "epoch.json"):
            (agent / name).unlink(missing_ok=True)
    return [*own.values(), *(f"task {record.id}" for record in running)]


def _processes(root: Path) -> dict[tuple[int, str | None], str]:
    """Control plane and agents by (pid, start): as who started them wrote, and as they did."""
    started = (_process.read_record(root / "processes.json") or {}).get("processes", [])
    records = [(one, str(one["name"])) for one in started]
    if control := _process.read_record(root / "control.json"):
        records.append((control, "control"))
    agents = map(_process.read_record, root.glob("agents/*/agent.json"))
    records += [(agent, f"agent {agent['id']}") for agent in agents if agent]
    return {(one["pid"], one["start"]): name for one, name in records}


def _alive(record: TaskRecord) -> bool:
    handle = record.handle
    return handle is not None and (
        _process.alive(handle.pid, handle.start) or _process.alive(handle.root, handle.root_start)
    )


def _end_tasks(tasks: list[TaskRecord], running: list[TaskRecord], grace: float) -> list[str]:
    """End the running tasks, and what a task that ended may have left; those that would not."""
    _signal(running, signal.SIGTERM)
    _signal(running, signal.SIGCONT)
    left = _wait(running, grace)
    _signal(tasks, signal.SIGKILL)
    return [f"task {record.id}" for record in _wait(left, 2.0)]


def _signal(tasks: list[TaskRecord], signum: int) -> None:
    for record in tasks:
        if record.handle is not None:
            runtime_named(record.runtime).signal(record.handle, signum)


def _wait(tasks: list[TaskRecord], patience: float) -> list[TaskRecord]:
    until = time.monotonic() + patience
    while (tasks := [record for record in tasks if _alive(record)]) and time.monotonic() < until:
        time.sleep(0.01)
    return tasks
