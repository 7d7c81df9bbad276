"""What an agent keeps of one task on disk, and reports of it to the control plane.

The record is written before the task is started, so that no crash leaves a task that nobody knows:
between that and the pid, the task is found by the ``TITUS_TASK_ID`` of its environment.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from titan_sched import _process
from titan_sched.agent.runtime import Handle, as_handle

TASK_ID = "TITUS_TASK_ID"

State = Literal["StartInitiated", "Started", "KillInitiated", "Finished"]


@dataclass(slots=True, kw_only=True)
class TaskRecord:
    """One task of an agent.

    Attributes:
        id: the task's id.
        ports: what it was given of the host's ports.
        runtime: name of the runtime that starts it.
        state: as the control plane's, from StartInitiated on.
        handle: its processes, once started.
        reason: why it is killed, or why it Finished.
        started_at: unix seconds when it was ready.
        stopped: held by SIGSTOP.
        stopped_until: unix seconds when it is let go; None: when told.
    """

    id: str
    ports: list[int]
    runtime: str
    state: State = "StartInitiated"
    handle: Handle | None = None
    reason: str | None = None
    started_at: float | None = None
    stopped: bool = False
    stopped_until: float | None = None

    def report(self) -> dict[str, Any]:
        """What the control plane is told."""
        out = {
            key: getattr(self, key) for key in self.__slots__ if key not in ("handle", "runtime")
        }
        return {**out, "pid": self.handle.root if self.handle else None}


@dataclass(frozen=True, slots=True)
class Records:
    """The directory of an agent's records, one file a task."""

    directory: Path

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def write(self, record: TaskRecord) -> None:
        """Replace a task's record."""
        _process.write_record(self.directory / f"{record.id}.json", asdict(record))

    def status(self, task: str) -> Path:
        """Where the runtime may leave a task's exit code."""
        return self.directory / f"{task}.status"

    def drop(self, task: str) -> None:
        """Forget a task."""
        (self.directory / f"{task}.json").unlink(missing_ok=True)
        self.status(task).unlink(missing_ok=True)

    def load(self) -> list[TaskRecord]:
        """All records; one that was started without its pid noted gets it from its environment."""
        return read_records(self.directory)


def read_records(directory: Path) -> list[TaskRecord]:
    """All task records of a directory, which may be missing."""
    out = []
    for path in sorted(directory.glob("*.json")):
        if (body := _process.read_record(path)) is None:
            continue
        handle = as_handle(body.pop("handle")) if body["handle"] else body.pop("handle")
        record = TaskRecord(**body, handle=handle)
        if record.handle is None and record.state != "Finished":
            record.handle = _find(record)
        out.append(record)
    return out


def _find(record: TaskRecord) -> Handle | None:
    """The processes of a task whose agent died while it was starting it."""
    found = _process.with_variable(TASK_ID, record.id)
    if not found:
        return None
    # The leader is the one that the agent forked; bwrap's child is pid 1 of the namespace.
    pid = next((one for one in found if _process.parent(one) not in found), found[0])
    below = _process.descendants(pid) if record.runtime == "bubblewrap" else []
    root = below[0] if below else pid
    start, root_start = _process.start_time(pid), _process.start_time(root)
    return Handle(runtime=record.runtime, pid=pid, start=start, root=root, root_start=root_start)
