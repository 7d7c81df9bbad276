"""A whole cluster on this machine: a control plane, and an agent for each zone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from titan_sched import _process
from titan_sched._spawn import spawn
from titan_sched._sweep import sweep
from titan_sched.api.client import Client, Job
from titan_sched.errors import ClusterError, ControlError
from titan_sched.jobs import Batch, Service
from titan_sched.model import NAME, JobDescriptor

T = TypeVar("T")
RuntimeName = Literal["auto", "bubblewrap", "subprocess"]
HARDWARE_SHARE = 0.8
CPU_OVERCOMMIT = 4
POLL_EVERY = 0.02
RECORDED_WITHIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that runs on its own, until it is swept.

    Attributes:
        directory: its state, logs and registry.
        url: of the control plane.
        token: for its API.
        zones: one agent in each, named ``<zone>1``.
    """

    directory: Path
    url: str
    token: str
    zones: tuple[str, ...]

    @property
    def registry(self) -> Path:
        """Where ``<job>.json`` says which of a job's tasks are Started."""
        return self.directory / "registry"

    def client(self) -> Client:
        """A client of it."""
        return Client(self.url, self.token)

    def sweep(self, grace: float = 2.0) -> list[str]:
        """End it; see `titan_sched.sweep`."""
        return sweep(self.directory, grace)


def start_cluster(
    dir: str | Path,
    zones: Sequence[str] = ("a", "b", "c"),
    *,
    runtime: RuntimeName = "auto",
    ends_with_me: bool = False,
    timeout: float = 15.0,
) -> Cluster:
    """Start a control plane and an agent for each zone, detached from this process.

    Each of N agents offers 1/N of 80 % of the machine's memory and free disk, and 1/N of 4 x its
    cores.

    Args:
        dir: the cluster's directory, created when missing.
        zones: their names; default a, b, c.
        runtime: how tasks are run; default ``auto``.
        ends_with_me: whether the cluster is swept when this process is gone, however it ended;
            default False.
        timeout: seconds until all agents must be connected; default 15.

    Raises:
        ClusterError: when one runs there already, or it does not come up; nothing is left then.
        OSError: when the directory cannot be written.
    """
    root = Path(dir).absolute()
    if _running(root / "control.json"):
        raise ClusterError(f"a cluster runs in {root} already; sweep it first", str(root))
    if len(set(zones)) != len(zones) or not zones or not all(map(NAME.fullmatch, zones)):
        raise ClusterError(f"zones must be names, at least one, each once: {zones!r}", str(root))
    token = _prepare(root, zones, runtime)
    owner = f"{os.getpid()}:{_process.start_time(os.getpid())}" if ends_with_me else None
    try:
        control = _spawn_control(root, owner)
        agents = [_spawn_agent(root, zone) for zone in zones]
        until = time.monotonic() + timeout
        url = _await(until, root, [control], lambda: _url(root, control), "control.out")
        cluster = Cluster(directory=root, url=url, token=token, zones=tuple(zones))
        for zone, pid in zip(zones, agents, strict=True):
            connected = _connected(cluster.client(), pid)
            _await(until, root, [control, pid], connected, f"agents/{zone}1/agent.out")
    except BaseException:
        sweep(root, grace=0.5)
        raise
    return cluster


def start_agent(
    dir: str | Path,
    zone: str,
    *,
    timeout: float = 15.0,
) -> None:
    """Start a cluster's agent of one zone again, after an outage; nothing while it runs.

    Args:
        dir: the cluster's directory.
        zone: one of the cluster's zones.
        timeout: seconds until it must be connected; default 15.

    Raises:
        ClusterError: when no cluster runs there, the zone is not one of its own, or the agent does
            not connect.
        OSError: when the directory cannot be written.
    """
    root, until = Path(dir).absolute(), time.monotonic() + timeout
    if not has_zone(root, zone):
        raise ClusterError(f"no cluster with a zone {zone!r} runs in {root}", str(root))
    # Who comes second, in this process or another, finds the agent of the first.
    with _locked(root / "agents" / f"{zone}1" / "start.lock", until, root):
        if not agent_runs(root, zone):
            pid = _spawn_agent(root, zone)
            connected, log = _connected(Client.of(root), pid), f"agents/{zone}1/agent.out"
            _await(until, root, [pid], connected, log)


def has_zone(dir: Path, zone: str) -> bool:
    """Whether a cluster with this zone was started in a directory, and not swept since."""
    plan = _process.read_record(dir / "processes.json")
    return plan is not None and zone in plan.get("zones", ())


def agent_runs(dir: Path, zone: str) -> bool:
    """Whether the process of a zone's agent runs."""
    return _running(dir / "agents" / f"{zone}1" / "agent.json")


class Titan:
    """A local cluster as a context manager: everything of it ends with the block.

    Attributes:
        cluster: the cluster.
        client: a client of it.
    """

    def __init__(self, cluster: Cluster, *, temporary: bool) -> None:
        self.cluster = cluster
        self.client = cluster.client()
        self._temporary = temporary

    @classmethod
    def local(
        cls,
        zones: Sequence[str] = ("a", "b", "c"),
        dir: str | Path | None = None,
        runtime: RuntimeName = "auto",
    ) -> Self:
        """Start a cluster that ends with this process, whatever ends it.

        Args:
            zones: one agent in each; default a, b, c.
            dir: its directory; default a temporary one, removed at the end.
            runtime: how tasks are run; default ``auto``.

        Raises:
            ClusterError: when it does not come up; nothing is left then.
        """
        root = Path(tempfile.mkdtemp(prefix="titan-")) if dir is None else Path(dir)
        try:
            cluster = start_cluster(root, zones, runtime=runtime, ends_with_me=True)
        except BaseException:
            if dir is None:
                shutil.rmtree(root, ignore_errors=True)
            raise
        return cls(cluster, temporary=dir is None)

    def submit(self, job: Service | Batch | JobDescriptor) -> Job:
        """Submit a job; see `Client.submit`."""
        return self.client.submit(job)

    def close(self) -> None:
        """End everything; safe to call twice."""
        self.cluster.sweep()
        if self._temporary:
            shutil.rmtree(self.cluster.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextlib.contextmanager
def _locked(path: Path, until: float, root: Path) -> Iterator[None]:
    """Hold a file's lock, against other threads and processes."""
    while (descriptor := _process.claim(path)) is None:
        if time.monotonic() > until:
            raise ClusterError(f"{path.name}: another start is under way", str(root))
        time.sleep(POLL_EVERY)
    try:
        yield
    finally:
        os.close(descriptor)


def _running(record: Path) -> bool:
    found = _process.read_record(record)
    return found is not None and _process.alive(found["pid"], found["start"])


def _prepare(root: Path, zones: Sequence[str], runtime: str) -> str:
    """An empty cluster directory with a plan of what is started there; the new token."""
    # What an earlier cluster left behind here must not be taken for this one's.
    sweep(root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    token, generation = secrets.token_urlsafe(24), secrets.token_hex(8)
    (root / "token").touch(mode=0o600)
    (root / "token").write_text(token)
    (root / "generation").write_text(generation)
    plan = {"zones": list(zones), "runtime": runtime, "generation": generation, "processes": []}
    _process.write_record(root / "processes.json", plan)
    return token


def _spawn_control(root: Path, owner: str | None) -> int:
    plan: dict[str, Any] = _process.read_record(root / "processes.json") or {}
    command = [sys.executable, "-m", "titan_sched", "control", "--dir", str(root), "--port", "0"]
    command += ["--token-file", str(root / "token"), "--generation", plan["generation"]]
    command += ["--owner", owner] if owner else []
    return _spawn_recorded(root, "control", command, root / "control.out")


def _spawn_agent(root: Path, zone: str) -> int:
    plan: dict[str, Any] = _process.read_record(root / "processes.json") or {}
    name, share = f"{zone}1", len(plan["zones"])
    folder = root / "agents" / name
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = int(pages * page * HARDWARE_SHARE / share / 2**20)
    disk = int(shutil.disk_usage(root).free * HARDWARE_SHARE / share / 2**20)
    cpu = CPU_OVERCOMMIT * (os.cpu_count() or 1) / share
    command = [sys.executable, "-m", "titan_sched", "agent", "--id", name, "--zone", zone]
    command += ["--dir", str(folder), "--control-file", str(root / "control.json")]
    command += ["--token-file", str(root / "token"), "--runtime", plan["runtime"]]
    command += [
        "--cpu",
        str(cpu),
        "--memory",
        f"{memory}M",
        "--disk",
        f"{disk}M",
        "--hide",
        str(root / "agents"),
    ]
    command += ["--generation", plan["generation"]]
    return _spawn_recorded(root, f"agent {name}", command, folder / "agent.out")


def _spawn_recorded(root: Path, name: str, command: list[str], log: Path) -> int:
    pid = spawn(command, log)
    record = {"name": name, "pid": pid, "start": _process.start_time(pid)}
    # Agents of two zones may be started at once.
    with _locked(root / "processes.lock", time.monotonic() + RECORDED_WITHIN, root):
        plan: dict[str, Any] = _process.read_record(root / "processes.json") or {"processes": []}
        others = [one for one in plan["processes"] if one["name"] != name]
        _process.write_record(root / "processes.json", {**plan, "processes": [*others, record]})
    return pid


def _url(root: Path, control: int) -> str | None:
    found = _process.read_record(root / "control.json")
    return found["url"] if found is not None and found["pid"] == control else None


def _connected(client: Client, pid: int) -> Callable[[], bool]:
    def look() -> bool:
        try:
            agents = client.agents()
        except ControlError:
            return False
        return any(agent["pid"] == pid and agent["state"] == "Connected" for agent in agents)

    return look


def _await(until: float, root: Path, pids: list[int], look: Callable[[], T | None], log: str) -> T:
    """What `look` finds; gives up at `until`, or when one of the processes has ended."""
    while not (found := look()):
        ended = [pid for pid in pids if not _process.alive(pid, _process.start_time(pid))]
        if ended or time.monotonic() > until:
            path = root / log
            lines = path.read_text().strip().splitlines() if path.exists() else []
            what = "ended" if ended else "did not come up in time"
            raise ClusterError(f"{log}: {what}: {(lines or ['no output'])[-1]}", str(root))
        time.sleep(POLL_EVERY)
    return found
