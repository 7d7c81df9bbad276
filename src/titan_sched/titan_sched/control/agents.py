"""What the control plane knows of one agent, and what it tells it.

An agent reports everything it runs, each time; the control plane answers with what differs from
what it wants. Nothing depends on a message arriving once: a launch is told until the task shows up
in a report (the agent never starts an id twice), a kill until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from titan_sched.core.hosts import Host, Vector
from titan_sched.model import Resources, Task

SILENT_AFTER = 1.0
LOST_AFTER = 2.0
# After a restart of the control plane, agents that ran tasks have this long to come back.
REJOIN_WITHIN = 5.0

AgentState = Literal["Connected", "Disconnected", "Lost"]


@dataclass(slots=True, eq=False)
class Fault:
    """An order to an agent, and what became of it.

    Attributes:
        id: unique.
        signal: KILL, STOP or CONT.
        seconds: after which the agent takes a STOP back, None for never.
        task: the one task, None for the agent and all its tasks.
        state: ``open`` until the agent has confirmed it (``applied``) or it was given up
            (``dropped``); what was dropped is not told any more.
    """

    id: str
    signal: str
    seconds: float | None
    task: str | None
    state: Literal["open", "applied", "dropped"] = "open"

    def order(self) -> dict[str, Any]:
        """It as the agent is told it."""
        return {"id": self.id, "signal": self.signal, "seconds": self.seconds, "task": self.task}


@dataclass(slots=True, kw_only=True)
class Agent:
    """One agent, as last heard of.

    Attributes:
        id: unique in the cluster.
        zone: its availability zone.
        seen: monotonic seconds of its last report.
        host: address that its tasks listen on.
        pid: its process, None until it has reported to this control plane.
        total: what it offers, in the order of `core.hosts.RESOURCES`.
        runtime, runtime_reason: how it runs tasks, and why so.
        incarnation, sequence: which process wrote the last report, and which of its reports.
        reported: its tasks by id, as in that report.
        faults: the open ones, by their id.
    """

    id: str
    zone: str
    seen: float
    state: AgentState = "Connected"
    host: str = "127.0.0.1"
    pid: int | None = None
    total: Vector = (0.0, 0.0, 0.0, 0.0)
    runtime: str = ""
    runtime_reason: str = ""
    incarnation: str = ""
    sequence: int = -1
    reported: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)

    def read(self, report: Mapping[str, Any], now: float) -> bool:
        """Take over a report; False for one that a newer one of the same process has overtaken."""
        fresh = report["incarnation"] != self.incarnation
        if not fresh and report["sequence"] <= self.sequence:
            return False
        self.incarnation, self.sequence = report["incarnation"], report["sequence"]
        self.seen, self.state = now, "Connected"
        self.zone, self.host, self.pid = report["zone"], report["host"], report["pid"]
        self.total = (*map(float, report["total"]),)  # type: ignore[assignment]
        self.runtime, self.runtime_reason = report["runtime"], report["runtime_reason"]
        self.reported = {entry["id"]: entry for entry in report["tasks"]}
        self._close(report["faults"], "applied")
        return True

    def handed_over(self, faults: Iterable[Mapping[str, Any]]) -> None:
        """Take note that these faults are on their way to the agent.

        One that ends the agent cannot be confirmed, and its next life must not get it again.
        """
        ending = [one for one in faults if one["task"] is None and one["signal"] == "KILL"]
        self._close([one["id"] for one in ending], "applied")

    def drop(self, faults: Iterable[str] | None = None) -> None:
        """Give up what was not confirmed, by id, or all: its next life must not get it."""
        self._close(tuple(self.faults) if faults is None else faults, "dropped")

    def _close(self, faults: Iterable[str], state: Literal["applied", "dropped"]) -> None:
        for fault_id in faults:
            if fault := self.faults.pop(fault_id, None):
                fault.state = state

    def as_host(self, running: Iterable[tuple[Task, Resources]]) -> Host:
        """The agent as placement sees it, less what the tasks on it reserve."""
        free, jobs = list(self.total), dict[str, int]()
        for task, ask in running:
            for column, amount in enumerate((ask.cpu, ask.memory_mb, ask.disk_mb, ask.ports)):
                free[column] -= amount
            if task.state != "KillInitiated" and task.alive:
                jobs[task.job_id] = jobs.get(task.job_id, 0) + 1
        left: Vector = (free[0], free[1], free[2], free[3])
        return Host(id=self.id, zone=self.zone, total=self.total, free=left, jobs=jobs)

    def to_json(self, now: float, tasks: int) -> dict[str, Any]:
        """The agent as the API sends it; ``silentMs`` is the time since its last report."""
        cpu, memory, disk, ports = self.total
        return {
            "id": self.id,
            "zone": self.zone,
            "state": self.state,
            "host": self.host,
            "pid": self.pid,
            "runtime": self.runtime,
            "runtimeReason": self.runtime_reason,
            "cpu": cpu,
            "memoryMB": memory,
            "diskMB": disk,
            "ports": ports,
            "tasks": tasks,
            "silentMs": round((now - self.seen) * 1000),
        }


def reason_lost(agent: Agent, now: float) -> str:
    """Why the tasks of a silent agent are given up."""
    return f"lost: agent {agent.id} silent for {now - agent.seen:.1f} s"
