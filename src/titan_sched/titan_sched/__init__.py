"""A container scheduler that answers why a task is pending: jobs, placement, agents, runtimes.

A cluster is one control plane and one agent a host, each a process of its own; every decision is
the control plane's. What this package gives a process that imports it is a client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from titan_sched.errors import (
    ClusterError,
    ControlError,
    ControlUnreachableError,
    InvalidJobError,
    JobExistsError,
    NotFoundError,
    StartTimeoutError,
    TitanError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from titan_sched._sweep import sweep
    from titan_sched.api.client import Client, Job
    from titan_sched.core.explain import Explanation, Removal, explain
    from titan_sched.core.hosts import Host, TaskRequest
    from titan_sched.core.place import Failure, SchedulingResult, schedule_once
    from titan_sched.events import Event
    from titan_sched.jobs import Batch, Service
    from titan_sched.local import Cluster, Titan, start_agent, start_cluster
    from titan_sched.model import (
        BatchJob,
        Constraints,
        Container,
        JobDescriptor,
        Resources,
        ServiceJob,
        Task,
    )

__all__ = [
    "Batch",
    "BatchJob",
    "Client",
    "Cluster",
    "ClusterError",
    "Constraints",
    "Container",
    "ControlError",
    "ControlUnreachableError",
    "Event",
    "Explanation",
    "Failure",
    "Host",
    "InvalidJobError",
    "Job",
    "JobDescriptor",
    "JobExistsError",
    "NotFoundError",
    "Removal",
    "Resources",
    "SchedulingResult",
    "Service",
    "ServiceJob",
    "StartTimeoutError",
    "Task",
    "TaskRequest",
    "Titan",
    "TitanError",
    "TokenRefusedError",
    "explain",
    "schedule_once",
    "start_agent",
    "start_cluster",
    "sweep",
]

# An agent imports this file too, and must stay small: numpy, http.client, the starting of processes
# and the many dataclasses of a job come in when a name that needs them is first asked for.
_LATER = {
    "Batch": "jobs",
    "BatchJob": "model",
    "Client": "api.client",
    "Cluster": "local",
    "Constraints": "model",
    "Container": "model",
    "Event": "events",
    "Explanation": "core.explain",
    "Failure": "core.place",
    "Host": "core.hosts",
    "Job": "api.client",
    "JobDescriptor": "model",
    "Removal": "core.explain",
    "Resources": "model",
    "SchedulingResult": "core.place",
    "Service": "jobs",
    "ServiceJob": "model",
    "Task": "model",
    "TaskRequest": "core.hosts",
    "Titan": "local",
    "explain": "core.explain",
    "schedule_once": "core.place",
    "start_agent": "local",
    "start_cluster": "local",
    "sweep": "_sweep",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
