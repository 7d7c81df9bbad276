"""How a task is run: the contract, and the choice between its two implementations."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One task to start.

    Attributes:
        command: program and arguments, placeholders filled in.
        env: its whole environment.
        cwd: working directory.
        writable: paths it may write.
        log: file that its output is appended to.
        status: file in which the runtime may leave the exit code for an agent that comes later.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    writable: Sequence[str]
    log: Path
    status: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A started task, found again after the agent's restart.

    Attributes:
        runtime: name of the runtime that started it.
        pid: the process whose end is the task's end.
        start: its start time.
        root: pid of the process with which the whole task dies; `pid` where there is no other.
        root_start: its start time.
    """

    runtime: str
    pid: int
    start: str | None
    root: int
    root_start: str | None


class Runtime(Protocol):
    """Starts tasks and reaches all processes of one."""

    name: str

    async def start(self, launch: Launch) -> tuple[subprocess.Popen[bytes], Handle]:
        """Start a task. Raises OSError when its program or directory is missing."""

    def signal(self, handle: Handle, signum: int) -> None:
        """Send a signal to every process of the task; none is left after SIGKILL."""

    def exit_code(self, returned: int | None, status: Path) -> int | None:
        """The task's exit code (-n for signal n) from what the process returned to its parent.

        `returned` is None when it was another agent's child; then None means nobody knows.
        """


def runtime_named(name: str) -> Runtime:
    """The runtime of a record, for signals and exit codes."""
    from titan_sched.agent.runtime.bubblewrap import Bubblewrap
    from titan_sched.agent.runtime.subprocess import Subprocess

    return Bubblewrap(()) if name == Bubblewrap.name else Subprocess()


def choose(wanted: str, hidden: Sequence[str]) -> tuple[Runtime, str]:
    """The runtime to use and why, in a few words.

    Args:
        wanted: ``bubblewrap``, ``subprocess`` or ``auto``: bubblewrap if it really runs a process
            here (many containers and some distributions refuse), else subprocess.
        hidden: paths that no task may see, under bubblewrap.

    Raises:
        RuntimeError: when bubblewrap is demanded and does not work.
    """
    from titan_sched.agent.runtime.bubblewrap import Bubblewrap
    from titan_sched.agent.runtime.subprocess import Subprocess

    if wanted == "subprocess":
        return Subprocess(), "asked for; no isolation"
    bubblewrap = Bubblewrap(hidden)
    refused = bubblewrap.probe()
    if refused is None:
        return bubblewrap, "asked for" if wanted == "bubblewrap" else "a probe ran in it"
    if wanted == "bubblewrap":
        raise RuntimeError(f"bubblewrap does not work here: {refused}")
    return Subprocess(), f"no isolation; bubblewrap refused: {refused}"


def as_handle(record: Mapping[str, Any]) -> Handle:
    """The handle of a stored record."""
    return Handle(**{key: record[key] for key in Handle.__slots__})
