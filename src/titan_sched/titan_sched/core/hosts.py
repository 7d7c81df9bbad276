"""What placement sees: hosts with what they have left, and tasks that ask for some of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from titan_sched.model import Constraints, Resources

RESOURCES = ("cpu", "memory", "disk", "ports")
# Sums of floats such as 0.1 + 0.2 must not make a full host look over-committed.
EPSILON = 1e-9

Vector = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host (an agent) at one moment.

    Attributes:
        id: the agent's id.
        zone: its availability zone.
        total: what it offers: cpu in cores, memory and disk in MiB, ports.
        free: what is left of it, in the same order.
        jobs: how many tasks of each job it has; a job that is missing has none.
    """

    id: str
    zone: str
    total: Vector
    free: Vector
    jobs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """One task to place.

    Attributes:
        id: the task's id.
        job: its job, which unique host and zone balance count by.
        resources: what it reserves.
        constraints: where it may run.
    """

    id: str
    job: str
    resources: Resources = field(default_factory=Resources)
    constraints: Constraints = field(default_factory=Constraints)

    @property
    def vector(self) -> Vector:
        """Its resources in the order of `RESOURCES`."""
        ask = self.resources
        return (ask.cpu, float(ask.memory_mb), float(ask.disk_mb), float(ask.ports))
