"""Reads the scheduler's tasks: one instance a slot, its layer, whether it runs.

Pure. A task is the scheduler's dict (id job name index zone agent address state pid started_at
attempts stopped). A replacement has the name of what it replaces, another id, one attempt more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["LAYERS", "Slot", "TaskDict", "alive_zones", "layer_of", "slots"]

TaskDict: TypeAlias = Mapping[str, object]

LAYERS = ("edge", "gateway", "apis", "services", "appliances", "cache", "booth")
_LAYER_OF = {
    "elb": "edge",
    "gateway": "gateway",
    "cache": "cache",
    "moneta": "cache",
    "booth": "booth",
}
_HOLDING = frozenset(
    {"Accepted", "Launched", "StartInitiated", "Started", "KillInitiated", "Disconnected"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One instance: the task that holds its place now.

    ``since`` is unix seconds, None before it started; ``zone`` is where it is or, while it waits
    for a place, where it last was ("" if it never was).
    """

    id: str
    name: str
    job: str
    layer: str
    zone: str
    state: str
    stopped: bool
    restarts: int
    address: str
    pid: int | None
    since: float | None

    @property
    def running(self) -> bool:
        """Started, and not stopped by a signal."""
        return self.state == "Started" and not self.stopped


def layer_of(job: str) -> str:
    """The layer of ``job``: by its name, else by how the name begins or ends, else services."""
    if job in _LAYER_OF:
        return _LAYER_OF[job]
    if job.endswith("-api"):
        return "apis"
    if job.startswith("oca"):
        return "appliances"
    return next((layer for name, layer in _LAYER_OF.items() if job.startswith(name)), "services")


def slots(tasks: Iterable[TaskDict], last_zone: Mapping[str, str]) -> list[Slot]:
    """One slot a task name, by layer and name; slots whose every task is finished are left out.

    Args:
        tasks: what the scheduler lists.
        last_zone: name -> zone where it was last placed.
    """
    best: dict[str, TaskDict] = {}
    for task in tasks:
        name = str(task.get("name"))
        if task.get("state") in _HOLDING and (name not in best or _age(task) > _age(best[name])):
            best[name] = task
    found = [_slot(task, last_zone) for task in best.values()]
    return sorted(found, key=lambda slot: (LAYERS.index(slot.layer), slot.name))


def alive_zones(agents: Iterable[TaskDict]) -> dict[str, bool]:
    """Zone -> whether an agent of it is connected, by letter."""
    zones: dict[str, bool] = {}
    for agent in agents:
        zone = str(agent.get("zone") or "")
        alive = agent.get("state") == "Connected"
        if zone:
            zones[zone] = zones.get(zone, False) or alive
    return dict(sorted(zones.items()))


def _age(task: TaskDict) -> tuple[float, float]:
    return (_number(task, "attempts") or 0.0, _number(task, "started_at") or 0.0)


def _slot(task: TaskDict, last_zone: Mapping[str, str]) -> Slot:
    name, job, pid = str(task.get("name")), str(task.get("job")), _number(task, "pid")
    return Slot(
        id=str(task["id"]),
        name=name,
        job=job,
        layer=layer_of(job),
        zone=str(task.get("zone") or last_zone.get(name, "")),
        state=str(task.get("state")),
        stopped=bool(task.get("stopped")),
        restarts=max(0, int(_number(task, "attempts") or 1) - 1),
        address=str(task.get("address") or ""),
        pid=None if pid is None else int(pid),
        since=_number(task, "started_at"),
    )


def _number(task: TaskDict, field: str) -> float | None:
    value = task.get(field)
    return value if isinstance(value, int | float) else None
