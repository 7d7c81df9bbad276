"""The short forms `Service` and `Batch`, and Titus's JSON of a job in both directions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from titan_sched.errors import InvalidJobError
from titan_sched.model import (
    BatchJob,
    Constraints,
    Container,
    JobDescriptor,
    Resources,
    ServiceJob,
)

_SIZE = re.compile(r"(-?\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?", re.IGNORECASE)
_MIB = {"K": 1 / 1024, "M": 1.0, "G": 1024.0, "T": 1024.0 * 1024.0}


def parse_mib(path: str, value: str | int) -> int:
    """MiB from ``"64M"``, ``"1.5G"`` (powers of 1024) or a whole number of MiB, rounded up.

    Raises:
        InvalidJobError: for anything else, naming `path`.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise InvalidJobError(path, value, 'a size such as "64M" or "2G", or MiB as a number')
    return math.ceil(float(found[1]) * _MIB[found[2].upper()])


@dataclass(frozen=True, slots=True)
class _ShortForm:
    """The fields that both short forms have."""

    name: str
    command: Sequence[str]
    _: KW_ONLY
    count: int = 1
    cpu: float = 0.1
    memory: str | int = "64M"
    disk: str | int = 0
    ports: int = 0
    spread: Literal["zone", "host"] | None = None
    zone: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    writable: Sequence[str] = ()
    cwd: str | None = None

    def _container(self) -> Container:
        if self.spread not in (None, "zone", "host"):
            raise InvalidJobError("spread", self.spread, '"zone", "host" or None')
        if isinstance(self.command, str):
            raise InvalidJobError("command", self.command, "a list of words, not one text")
        return Container(
            entry_point=tuple(self.command),
            resources=Resources(
                cpu=self.cpu,
                memory_mb=parse_mib("container.resources.memoryMB", self.memory),
                disk_mb=parse_mib("container.resources.diskMB", self.disk),
                ports=self.ports,
            ),
            env=dict(self.env),
            constraints=Constraints(
                unique_host=self.spread == "host",
                zone_balance=1 if self.spread == "zone" else None,
                availability_zone=self.zone,
            ),
            writable=tuple(map(str, self.writable)),
            cwd=self.cwd,
        )


@dataclass(frozen=True, slots=True)
class Service(_ShortForm):
    """Short form of a service: `count` tasks that are replaced whenever they end.

    The first restart of a slot is immediate; while its tasks live less than 10 s the next ones
    wait 0.5, 1, 2, 4, 8, 10 s.

    Args:
        name: the job's name, see `JobDescriptor`.
        command: program and arguments; ``{port} {port1} {host} {zone} {index} {name} {task}`` are
            filled in.
        count: tasks at a time; default 1.
        cpu: shares of a core for each; default 0.1.
        memory: of each, ``"64M"`` by default; a plain number is MiB.
        disk: of each, default 0.
        ports: TCP ports of each, default 0; with ports a task is Started when the first accepts.
        spread: ``"zone"`` (counts of two zones differ by one at most), ``"host"`` (never two on
            one host) or None; hard.
        zone: the only zone allowed, or None; hard.
        env: variables, with the same placeholders.
        writable: absolute paths that it may write.
        cwd: absolute working directory; default the agent's.

    Raises:
        InvalidJobError: at once, for any field that is not allowed.
    """

    def __post_init__(self) -> None:
        self.descriptor()

    def descriptor(self) -> JobDescriptor:
        """The `JobDescriptor` this stands for."""
        kind = ServiceJob(desired=self.count)
        return JobDescriptor(application_name=self.name, container=self._container(), kind=kind)


@dataclass(frozen=True, slots=True)
class Batch(_ShortForm):
    """Short form of a batch job: `count` tasks that each run once, to their end.

    Args:
        runtime_limit: seconds until a Started task is killed; default None, no limit.
        retries: how often a task that failed runs again, under a new id; default 0.

    The other arguments and `InvalidJobError` are those of `Service`.
    """

    _: KW_ONLY
    runtime_limit: float | None = None
    retries: int = 0

    def __post_init__(self) -> None:
        self.descriptor()

    def descriptor(self) -> JobDescriptor:
        """The `JobDescriptor` this stands for."""
        kind = BatchJob(size=self.count, runtime_limit=self.runtime_limit, retries=self.retries)
        return JobDescriptor(application_name=self.name, container=self._container(), kind=kind)


def to_json(job: JobDescriptor) -> dict[str, Any]:
    """A job as Titus's v3 API writes it."""
    box, ask, where = job.container, job.container.resources, job.container.constraints
    constraints: dict[str, str] = {}
    if where.unique_host:
        constraints["uniqueHost"] = "true"
    if where.zone_balance is not None:
        constraints["zoneBalance"] = str(where.zone_balance)
    if where.availability_zone is not None:
        constraints["availabilityZone"] = where.availability_zone
    container: dict[str, Any] = {
        "resources": {
            "cpu": ask.cpu,
            "memoryMB": ask.memory_mb,
            "diskMB": ask.disk_mb,
            "ports": ask.ports,
        },
        "entryPoint": list(box.entry_point),
        "env": dict(box.env),
        "hardConstraints": {"constraints": constraints},
        "writable": list(box.writable),
        "cwd": box.cwd,
    }
    out: dict[str, Any] = {"applicationName": job.application_name, "container": container}
    if isinstance(job.kind, ServiceJob):
        return {**out, "service": {"capacity": {"desired": job.kind.desired}}}
    retries = {"immediate": {"retries": job.kind.retries}}
    limit = job.kind.runtime_limit
    batch = {"size": job.kind.size, "runtimeLimitSec": limit, "retryPolicy": retries}
    return {**out, "batch": batch}


def from_json(data: object) -> JobDescriptor:
    """The job of a request body.

    Raises:
        InvalidJobError: for an unknown field or one that is not allowed, naming its path.
    """
    top = _object("", data, "applicationName", "container", "service", "batch")
    if ("service" in top) == ("batch" in top):
        raise InvalidJobError("service", sorted(top), "either service or batch")
    kind = _service(top["service"]) if "service" in top else _batch(top["batch"])
    return JobDescriptor(
        application_name=top.get("applicationName", ""),
        container=_container(top.get("container")),
        kind=kind,
    )


def _container(data: object) -> Container:
    at = "container"
    names = ("resources", "entryPoint", "env", "hardConstraints", "writable", "cwd")
    box = _object(at, data, *names)
    ask = _object(at + ".resources", box.get("resources", {}), "cpu", "memoryMB", "diskMB", "ports")
    rename = {"memoryMB": "memory_mb", "diskMB": "disk_mb"}
    return Container(
        entry_point=_words(at + ".entryPoint", box.get("entryPoint", ())),
        resources=Resources(**{rename.get(key, key): value for key, value in ask.items()}),
        env=_object(at + ".env", box.get("env", {})),
        constraints=_constraints(box.get("hardConstraints", {})),
        writable=_words(at + ".writable", box.get("writable", ())),
        cwd=box.get("cwd"),
    )


def _constraints(data: object) -> Constraints:
    at = "container.hardConstraints"
    outer = _object(at, data, "constraints")
    names = ("uniqueHost", "zoneBalance", "availabilityZone")
    found = _object(at + ".constraints", outer.get("constraints", {}), *names)
    unique, balance = found.get("uniqueHost", "false"), found.get("zoneBalance")
    if balance is not None:
        if not re.fullmatch(r"\d+", str(balance)):
            raise InvalidJobError(at + ".constraints.zoneBalance", balance, "a max skew >= 1")
        balance = int(balance)
    return Constraints(
        unique_host={"true": True, "false": False}.get(str(unique).lower(), unique),
        zone_balance=balance,
        availability_zone=found.get("availabilityZone"),
    )


def _service(data: object) -> ServiceJob:
    capacity = _object("service", data, "capacity").get("capacity", {})
    return ServiceJob(**_object("service.capacity", capacity, "desired"))


def _batch(data: object) -> BatchJob:
    found = _object("batch", data, "size", "runtimeLimitSec", "retryPolicy")
    policy = _object("batch.retryPolicy", found.get("retryPolicy", {}), "immediate")
    retry = _object("batch.retryPolicy.immediate", policy.get("immediate", {}), "retries")
    limit = found.get("runtimeLimitSec")
    return BatchJob(size=found.get("size", 1), runtime_limit=limit, **retry)


def _object(path: str, data: object, *allowed: str) -> dict[str, Any]:
    """A JSON object whose fields are all allowed; without `allowed`, any."""
    if not isinstance(data, dict):
        raise InvalidJobError(path or "job", data, "a JSON object")
    for name in data:
        if allowed and name not in allowed:
            where = f"{path}.{name}" if path else str(name)
            raise InvalidJobError(where, data[name], f"the fields {', '.join(allowed)}")
    return data


def _words(path: str, data: object) -> tuple[str, ...]:
    if not isinstance(data, list | tuple):
        raise InvalidJobError(path, data, "a list of texts")
    return tuple(data)
