"""Why a task is pending: which constraint removed each host, the nearest miss, the least change."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from titan_sched.core.hosts import EPSILON, RESOURCES, Host, TaskRequest
from titan_sched.model import Constraints

_DROPPED: dict[str, dict[str, Any]] = {
    "zone": {"availability_zone": None},
    "uniqueHost": {"unique_host": False},
    "zoneBalance": {"zone_balance": None},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Why one host cannot take the task.

    Attributes:
        host: its id.
        constraint: ``zone``, ``uniqueHost``, ``zoneBalance`` or ``resources``.
        detail: the reason in words.
    """

    host: str
    constraint: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a task is pending, or that it is not. `str()` of it is one line for people.

    Attributes:
        task: the task's id.
        hosts: how many hosts were looked at.
        fits: the hosts that would take it now.
        removed: one entry for every other host.
        nearest: the host that lacks least, among those no constraint removed, or None.
        change: the smallest change that makes it fit, in words, or None.
    """

    task: str
    hosts: int
    fits: tuple[str, ...]
    removed: tuple[Removal, ...]
    nearest: Removal | None
    change: str | None

    def __str__(self) -> str:
        if not self.hosts:
            return "0 of 0 hosts fit. No agent is connected."
        parts = [f"{len(self.fits)} of {self.hosts} hosts fit."]
        rules = Counter(gone.constraint for gone in self.removed)
        del rules["resources"]
        if rules and not self.fits:
            removed = ", ".join(f"{name} {count}" for name, count in rules.items())
            parts.append(f"Removed by {removed}.")
        if self.nearest is not None:
            parts.append(f"Nearest: {self.nearest.host} {self.nearest.detail}.")
        if self.change is not None:
            parts.append(f"Fits {self.change}.")
        return " ".join(parts)


def explain(task: TaskRequest, hosts: Sequence[Host]) -> Explanation:
    """Say why a task fits nowhere, against the same hosts that `schedule_once` was given."""
    fits: list[str] = []
    removed: list[Removal] = []
    near: tuple[float, Host] | None = None
    zones = _tasks_per_zone(task, hosts)
    for host in hosts:
        gone = _broken_rule(task, host, zones)
        if gone is None and (lack := _lack(task, host)):
            gone = Removal(host=host.id, constraint="resources", detail=_lacks(lack))
            # Relative to what is asked, so that a missing GiB and a missing core compare.
            far = sum(amount / task.vector[RESOURCES.index(name)] for name, amount in lack.items())
            if near is None or far < near[0]:
                near = far, host
        if gone is None:
            fits.append(host.id)
        else:
            removed.append(gone)
    nearest = change = None
    if not fits and near is not None:
        nearest = next(gone for gone in removed if gone.host == near[1].id)
        change = "with " + " and ".join(_within(task, near[1]))
    elif not fits:
        change = _without_a_rule(task, hosts)
    return Explanation(
        task=task.id,
        hosts=len(hosts),
        fits=tuple(fits),
        removed=tuple(removed),
        nearest=nearest,
        change=change,
    )


def _tasks_per_zone(task: TaskRequest, hosts: Sequence[Host]) -> Counter[str]:
    zones: Counter[str] = Counter()
    for host in hosts:
        zones[host.zone] += host.jobs.get(task.job, 0)
    return zones


def _broken_rule(task: TaskRequest, host: Host, zones: Counter[str]) -> Removal | None:
    rules: Constraints = task.constraints
    wanted, skew = rules.availability_zone, rules.zone_balance
    if wanted is not None and host.zone != wanted:
        return Removal(host=host.id, constraint="zone", detail=f"is in {host.zone}, not {wanted}")
    if rules.unique_host and host.jobs.get(task.job, 0):
        return Removal(host=host.id, constraint="uniqueHost", detail=f"has a task of {task.job}")
    if skew is not None and zones[host.zone] + 1 - min(zones.values()) > skew:
        detail = f"zone {host.zone} has {zones[host.zone]}, another {min(zones.values())}"
        return Removal(host=host.id, constraint="zoneBalance", detail=detail)
    return None


def _lack(task: TaskRequest, host: Host) -> dict[str, float]:
    pairs = zip(RESOURCES, task.vector, host.free, strict=True)
    return {name: ask - free for name, ask, free in pairs if free + EPSILON < ask}


def _lacks(lack: dict[str, float]) -> str:
    words = (f"{_amount(name, amount, up=True)}{_of(name)}" for name, amount in lack.items())
    return "lacks " + " and ".join(words)


def _within(task: TaskRequest, host: Host) -> list[str]:
    """The largest ask that the host takes, for each resource it lacks."""
    lack = _lack(task, host)
    free = dict(zip(RESOURCES, host.free, strict=True))
    # One resource needs no name: the sentence before has just said which.
    return [
        f"<= {_amount(name, max(0.0, free[name]), up=False)}{_of(name) if len(lack) > 1 else ''}"
        for name in lack
    ]


def _of(name: str) -> str:
    return f" of {name}" if name in ("memory", "disk") else ""


def _amount(name: str, value: float, *, up: bool) -> str:
    """A number that errs to the safe side: what lacks is rounded up, what fits down."""
    unit = name
    if name in ("memory", "disk"):
        value, unit = (value / 1024, "GiB") if value >= 1024 else (value, "MiB")
    tenths = math.ceil(value * 10 - EPSILON) if up else math.floor(value * 10 + EPSILON)
    return f"{tenths / 10:g} {unit}"


def _without_a_rule(task: TaskRequest, hosts: Sequence[Host]) -> str | None:
    for name, dropped in _DROPPED.items():
        rules = replace(task.constraints, **dropped)
        if rules != task.constraints:
            freed = replace(task, constraints=rules)
            zones = _tasks_per_zone(freed, hosts)
            if any(
                not _broken_rule(freed, host, zones) and not _lack(freed, host) for host in hosts
            ):
                return f"without {name}"
    return None
