"""Jobs and tasks in Titus v3's terms: what is asked for, and what runs.

A `JobDescriptor` is checked when it is built, so one that exists is one that the control plane
accepts. `to_json` and `from_json` use Titus's field names (Titus v3 API, `titus-api.proto`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from titan_sched.errors import InvalidJobError

TaskState = Literal[
    "Accepted",
    "Launched",
    "StartInitiated",
    "Started",
    "KillInitiated",
    "Finished",
    "Disconnected",
]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PORT = re.compile(r"\{port(\d*)\}")
MAX_COUNT = 10_000
MAX_NUMBER = 1_000_000_000


def _number(path: str, value: object, low: float, *, whole: bool = True) -> None:
    kinds = int if whole else (int, float)
    # A bool is an int to Python and never what was meant here; NaN is within no bounds.
    if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= MAX_NUMBER:
        what = "a whole number" if whole else "a number"
        raise InvalidJobError(path, value, f"{what} from {low:g} to {MAX_NUMBER:,}")


def _text(path: str, value: object) -> None:
    if not isinstance(value, str) or not value or "\0" in value:
        raise InvalidJobError(path, value, "a text of at least one character, without NUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one task reserves on its host. Placement never over-commits any of it.

    Attributes:
        cpu: shares of a core; default 0.1.
        memory_mb: MiB, at least 1; default 64.
        disk_mb: MiB; default 0.
        ports: TCP ports of the host that the agent allocates; default 0.
    """

    cpu: float = 0.1
    memory_mb: int = 64
    disk_mb: int = 0
    ports: int = 0

    def __post_init__(self) -> None:
        at = "container.resources."
        _number(at + "cpu", self.cpu, 0, whole=False)
        _number(at + "memoryMB", self.memory_mb, 1)
        _number(at + "diskMB", self.disk_mb, 0)
        _number(at + "ports", self.ports, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Hard constraints: a host that breaks one is never used.

    Attributes:
        unique_host: no two tasks of the job on one host; default False.
        zone_balance: how far the number of the job's tasks in two zones may differ, at least 1;
            zones without a connected agent do not count; None (default): as it comes.
        availability_zone: the only zone allowed; None (default): any.
    """

    unique_host: bool = False
    zone_balance: int | None = None
    availability_zone: str | None = None

    def __post_init__(self) -> None:
        at = "container.hardConstraints.constraints."
        if not isinstance(self.unique_host, bool):
            raise InvalidJobError(at + "uniqueHost", self.unique_host, "true or false")
        if self.zone_balance is not None:
            _number(at + "zoneBalance", self.zone_balance, 1)
        if self.availability_zone is not None:
            _text(at + "availabilityZone", self.availability_zone)
            if self.zone_balance is not None:
                allowed = "a balance over zones or one zone, not both"
                raise InvalidJobError(at + "zoneBalance", self.zone_balance, allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What one task runs, and what it is given.

    Attributes:
        entry_point: program and arguments; ``{port} {port1} {host} {zone} {index} {name} {task}``
            are filled in, other braces stay.
        resources: what it reserves.
        env: variables, with the same placeholders, on top of a minimal PATH, HOME and LANG.
        constraints: where it may run.
        writable: absolute paths that it may write; all else is read-only under bubblewrap.
        cwd: absolute working directory; None (default): the agent's.
    """

    entry_point: tuple[str, ...]
    resources: Resources = Resources()
    env: Mapping[str, str] = field(default_factory=dict)
    constraints: Constraints = Constraints()
    writable: tuple[str, ...] = ()
    cwd: str | None = None

    def __post_init__(self) -> None:
        if not self.entry_point:
            raise InvalidJobError("container.entryPoint", [], "a program and its arguments")
        for index, word in enumerate(self.entry_point):
            self._placeholders(f"container.entryPoint[{index}]", word)
        _text("container.entryPoint[0]", self.entry_point[0])
        for name, value in self.env.items():
            if not isinstance(name, str) or not _ENV_NAME.fullmatch(name):
                raise InvalidJobError("container.env", name, "names of letters, digits and _")
            self._placeholders(f"container.env.{name}", value)
        for index, path in enumerate(self.writable):
            self._absolute(f"container.writable[{index}]", path)
        if self.cwd is not None:
            self._absolute("container.cwd", self.cwd)

    def _placeholders(self, path: str, value: object) -> None:
        if not isinstance(value, str) or "\0" in value:
            raise InvalidJobError(path, value, "a text without NUL")
        for found in _PORT.finditer(value):
            if int(found[1] or 0) >= self.resources.ports:
                allowed = f"{{port}} for the first of ports={self.resources.ports}, {{port1}} ..."
                raise InvalidJobError(path, found[0], allowed)

    @staticmethod
    def _absolute(path: str, value: object) -> None:
        _text(path, value)
        if not str(value).startswith("/"):
            raise InvalidJobError(path, value, "an absolute path")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceJob:
    """A job whose tasks are replaced whenever they end.

    Attributes:
        desired: how many tasks run, 1 to 10,000; default 1.
    """

    desired: int = 1

    def __post_init__(self) -> None:
        _count("service.capacity.desired", self.desired)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A job whose tasks run once, to their end.

    Attributes:
        size: how many tasks, 1 to 10,000; default 1.
        runtime_limit: seconds from Started until a task is killed; None (default): no limit.
        retries: how often a task that failed is started again, at once, under a new id; default 0.
    """

    size: int = 1
    runtime_limit: float | None = None
    retries: int = 0

    def __post_init__(self) -> None:
        _count("batch.size", self.size)
        if self.runtime_limit is not None:
            _number("batch.runtimeLimitSec", self.runtime_limit, 0, whole=False)
        _number("batch.retryPolicy.immediate.retries", self.retries, 0)


def _count(path: str, value: int) -> None:
    _number(path, value, 1)
    if value > MAX_COUNT:
        raise InvalidJobError(path, value, f"at most {MAX_COUNT}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDescriptor:
    """A job as Titus v3 describes it: a name, a container, and how it is kept alive.

    Attributes:
        application_name: letters, digits, ``_ . -``, at most 63; unique among living jobs.
        container: what each task runs.
        kind: a `ServiceJob` or a `BatchJob`.

    Raises:
        InvalidJobError: for any field that is not allowed, naming its path.
    """

    application_name: str
    container: Container
    kind: ServiceJob | BatchJob

    def __post_init__(self) -> None:
        name = self.application_name
        if not isinstance(name, str) or not NAME.fullmatch(name):
            allowed = "1 to 63 letters, digits, _ . -, the first a letter or digit"
            raise InvalidJobError("applicationName", name, allowed)

    @property
    def count(self) -> int:
        """How many tasks the job has at a time."""
        return self.kind.desired if isinstance(self.kind, ServiceJob) else self.kind.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of one slot of a job.

    Attributes:
        id: never used twice.
        job: the job's name.
        job_id: the job's id.
        name: ``<job>-<index + 1>``, the same for every run of the slot.
        index: the slot, from 0.
        state: see `TaskState`.
        attempts: which run of the slot this is, from 1.
        zone, agent, host: where it was placed; None while Accepted.
        ports: the host's ports it was given.
        reason: ``code: detail`` once it is being killed or has Finished.
        pid: process id on the host, the whole task dies with it.
        started_at: unix seconds when it became Started.
        stopped: held by a STOP fault.
        stopped_until: unix seconds when the agent lets it go on; None: when told.
    """

    id: str
    job: str
    job_id: str
    name: str
    index: int
    state: TaskState = "Accepted"
    attempts: int = 1
    zone: str | None = None
    agent: str | None = None
    host: str | None = None
    ports: tuple[int, ...] = ()
    reason: str | None = None
    pid: int | None = None
    started_at: float | None = None
    stopped: bool = False
    stopped_until: float | None = None

    @property
    def address(self) -> str | None:
        """``host:port`` of the first port, the host alone without ports, None while unplaced."""
        if self.host is None or not self.ports:
            return self.host
        return f"{self.host}:{self.ports[0]}"

    @property
    def alive(self) -> bool:
        """Whether the task has not Finished."""
        return self.state != "Finished"

    def to_json(self) -> dict[str, Any]:
        """The task as the API sends it."""
        out = {_CAMEL.get(key, key): getattr(self, key) for key in self.__slots__}
        return {**out, "ports": list(self.ports), "address": self.address}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Task:
        """The task of an API answer; fields that this version does not know are passed over."""
        known = {_CAMEL.get(key, key): key for key in cls.__slots__}
        values = {known[key]: value for key, value in data.items() if key in known}
        return cls(**{**values, "ports": tuple(values.get("ports", ()))})


_CAMEL = {
    "job_id": "jobId",
    "started_at": "startedAt",
    "stopped_until": "stoppedUntil",
}
