"""`schedule_once`: which task goes where, decided in one pass over columns.

Tasks of one job and one shape are a group: which hosts fit and how well is computed once for the
group, and each placement then corrects the one host it changed. Every placement takes the fittest
host at that moment; nothing is moved that already runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from titan_sched.core.fitness import Floats, pack
from titan_sched.core.hosts import EPSILON, RESOURCES, Host, TaskRequest
from titan_sched.model import Constraints


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A task that fits nowhere now.

    Attributes:
        task: its id.
        hosts: how many hosts each constraint or resource removed, by its name (``zone``,
            ``uniqueHost``, ``zoneBalance``, ``cpu``, ``memory``, ``disk``, ``ports``); a host may
            count under several.
    """

    task: str
    hosts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingResult:
    """What one pass decided.

    Attributes:
        placements: task id to host id, in the order of decision.
        failures: the tasks that fit nowhere.
    """

    placements: Mapping[str, str]
    failures: tuple[Failure, ...]


def schedule_once(tasks: Iterable[TaskRequest], hosts: Sequence[Host]) -> SchedulingResult:
    """Place tasks on hosts, over-committing nothing and breaking no constraint.

    Args:
        tasks: in queue order; those of one job and shape are placed together, at the first's turn.
        hosts: every host that may be used, each with what it has left.

    Returns:
        Where each task goes, and which fit nowhere. Ties go to the host named first, so that
        equal input gives equal placements.
    """
    groups: dict[tuple[object, ...], list[TaskRequest]] = {}
    for task in tasks:
        groups.setdefault((task.job, task.vector, task.constraints), []).append(task)
    columns = _Columns(hosts)
    placements: dict[str, str] = {}
    failures: list[Failure] = []
    for group in groups.values():
        rows = columns.place(group[0], len(group))
        placements.update((task.id, hosts[row].id) for task, row in zip(group, rows, strict=False))
        if left := group[len(rows) :]:
            why = columns.removed(left[0])
            failures.extend(Failure(task=task.id, hosts=why) for task in left)
    return SchedulingResult(placements=placements, failures=tuple(failures))


class _Columns:
    """The hosts as columns, changed by each placement."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        width = len(RESOURCES)
        # One row a resource: numpy runs along rows, and four comparisons of whole rows are several
        # times as fast as reducing each host's four values.
        free = np.array([host.free for host in hosts], float).reshape(-1, width)
        self.free: Floats = np.ascontiguousarray(free.T)
        total = np.array([host.total[:2] for host in hosts], float).reshape(-1, 2).T
        self.inverse: Floats = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
        self.zones = sorted({host.zone for host in hosts})
        place = {zone: index for index, zone in enumerate(self.zones)}
        self.zone = np.array([place[host.zone] for host in hosts], dtype=np.intp)
        self.in_use = np.array([any(host.jobs.values()) for host in hosts], dtype=bool)
        self.jobs: dict[str, dict[int, int]] = {}
        for row, host in enumerate(hosts):
            for job, count in host.jobs.items():
                self.jobs.setdefault(job, {})[row] = count

    def place(self, task: TaskRequest, count: int) -> list[int]:
        """Rows for up to `count` tasks like this one; fewer when it fits no more."""
        if not len(self.zone):
            return []
        ask = np.array(task.vector)
        mask, used = self._fits(ask), self.jobs.setdefault(task.job, {})
        mask &= self._allowed(task.constraints, used)
        score = np.where(mask, pack(self.free, self.inverse, self.in_use, ask), -np.inf)
        balance = task.constraints.zone_balance
        per_zone = self._per_zone(used)
        rows: list[int] = []
        while len(rows) < count:
            open_score: Floats = score
            if balance is not None:
                within: npt.NDArray[np.bool_] = np.less_equal(
                    per_zone + 1 - per_zone.min(), balance
                )
                open_score = np.where(within[self.zone], score, -np.inf)
            row = int(open_score.argmax())
            if open_score[row] == -np.inf:
                break
            rows.append(row)
            used[row] = used.get(row, 0) + 1
            per_zone[self.zone[row]] += 1
            score[row] = self._take(row, ask, unique=task.constraints.unique_host)
        return rows

    def removed(self, task: TaskRequest) -> dict[str, int]:
        """How many hosts each constraint and each resource keeps the task from."""
        used, rules, out = self.jobs.get(task.job, {}), task.constraints, {}
        if rules.availability_zone is not None:
            out["zone"] = int((~self._in_zone(rules.availability_zone)).sum())
        if rules.unique_host:
            out["uniqueHost"] = sum(1 for count in used.values() if count)
        if rules.zone_balance is not None and len(self.zone):
            per_zone = self._per_zone(used)
            full = per_zone + 1 - per_zone.min() > rules.zone_balance
            out["zoneBalance"] = int(full[self.zone].sum())
        short = (np.array(task.vector) > self.free.T + EPSILON).sum(axis=0)
        out.update(zip(RESOURCES, map(int, short), strict=True))
        return {name: count for name, count in out.items() if count}

    def _take(self, row: int, ask: Floats, *, unique: bool) -> float:
        """Put one task on a host; its score for the next equal one."""
        self.free[:, row] -= ask
        self.in_use[row] = True
        one = slice(row, row + 1)
        if unique or not self._fits(ask, one)[0]:
            return -np.inf
        return float(pack(self.free[:, one], self.inverse[:, one], self.in_use[one], ask)[0])

    def _fits(self, ask: Floats, rows: slice = slice(None)) -> npt.NDArray[np.bool_]:
        cpu, memory, disk, ports = self.free[:, rows]
        want_cpu, want_memory, want_disk, want_ports = ask - EPSILON
        fits: npt.NDArray[np.bool_] = cpu >= want_cpu
        fits &= memory >= want_memory
        fits &= disk >= want_disk
        fits &= ports >= want_ports
        return fits

    def _allowed(self, rules: Constraints, used: Mapping[int, int]) -> npt.NDArray[np.bool_]:
        allowed = np.ones(len(self.zone), dtype=bool)
        if rules.availability_zone is not None:
            allowed &= self._in_zone(rules.availability_zone)
        if rules.unique_host:
            allowed[[row for row, count in used.items() if count]] = False
        return allowed

    def _in_zone(self, zone: str) -> npt.NDArray[np.bool_]:
        place = self.zones.index(zone) if zone in self.zones else -1
        inside: npt.NDArray[np.bool_] = self.zone == place
        return inside

    def _per_zone(self, used: Mapping[int, int]) -> npt.NDArray[np.intp]:
        per_zone = np.zeros(len(self.zones), dtype=np.intp)
        for row, count in used.items():
            per_zone[self.zone[row]] += count
        return per_zone
