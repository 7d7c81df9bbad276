"""What placing tasks costs, beside the loop that one would write.

Two groups of 500 tasks on 1,000 hosts that are partly taken. `schedule, plain`: tasks of 500
shapes, no constraint. `schedule, constrained`: 50 jobs of ten tasks, each balanced over three
zones. The reference is first fit in plain Python over the same hosts and tasks, with the same
constraints; it takes the first host that fits and packs nothing.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from titan_sched import Constraints, Host, Resources, TaskRequest, schedule_once

HOSTS, TASKS, ZONES = 1_000, 500, "abc"
Placed = dict[str, str]


def hosts() -> list[Host]:
    dice = random.Random(7)
    out = []
    for index in range(HOSTS):
        total = (16.0, 65_536.0, 500_000.0, 1_000.0)
        left = dice.uniform(0.1, 1.0)
        free = (16.0 * left, 65_536.0 * left, 500_000.0, 1_000.0)
        host = Host(id=f"h{index}", zone=ZONES[index % 3], total=total, free=free, jobs={"old": 1})
        out.append(host)
    return out


def plain() -> list[TaskRequest]:
    dice = random.Random(11)
    return [
        TaskRequest(
            id=f"t{index}",
            job=f"j{index}",
            resources=Resources(cpu=dice.uniform(1, 12), memory_mb=dice.randint(4_096, 49_152)),
        )
        for index in range(TASKS)
    ]


def constrained() -> list[TaskRequest]:
    dice = random.Random(13)
    out = []
    for job in range(TASKS // 10):
        ask = Resources(cpu=dice.uniform(1, 12), memory_mb=dice.randint(4_096, 49_152))
        rules = Constraints(zone_balance=1)
        for index in range(10):
            name = f"j{job}-{index}"
            out.append(TaskRequest(id=name, job=f"j{job}", resources=ask, constraints=rules))
    return out


def first_fit(tasks: list[TaskRequest], hosts: list[Host]) -> Placed:
    """The loop that one would write."""
    free = [list(host.free) for host in hosts]
    zones: dict[str, Counter[str]] = {}
    placed: Placed = {}
    for task in tasks:
        ask, balance = task.vector, task.constraints.zone_balance
        used = zones.setdefault(task.job, Counter(dict.fromkeys(ZONES, 0)))
        least = min(used.values())
        for row, host in enumerate(hosts):
            if balance is not None and used[host.zone] + 1 - least > balance:
                continue
            left = free[row]
            if all(have >= want for have, want in zip(left, ask, strict=True)):
                free[row] = [have - want for have, want in zip(left, ask, strict=True)]
                used[host.zone] += 1
                placed[task.id] = host.id
                break
    return placed


def ours(tasks: list[TaskRequest], hosts: list[Host]) -> Placed:
    return dict(schedule_once(tasks, hosts).placements)


def measure(
    benchmark: Any,
    place: Callable[[list[TaskRequest], list[Host]], Placed],
    work: list[TaskRequest],
) -> None:
    cluster = hosts()
    placed = benchmark(place, work, cluster)
    assert len(placed) == TASKS
    benchmark.extra_info["placements a round"] = TASKS


@pytest.mark.benchmark(group="schedule, plain")
def test_reference_first_fit(benchmark: Any) -> None:
    measure(benchmark, first_fit, plain())


@pytest.mark.benchmark(group="schedule, plain")
def test_schedule_once(benchmark: Any) -> None:
    measure(benchmark, ours, plain())


@pytest.mark.benchmark(group="schedule, constrained")
def test_reference_first_fit_balanced(benchmark: Any) -> None:
    measure(benchmark, first_fit, constrained())


@pytest.mark.benchmark(group="schedule, constrained")
def test_schedule_once_balanced(benchmark: Any) -> None:
    measure(benchmark, ours, constrained())
