"""Who watches over a run: one `refapp up` at a time, found by others through one locked file.

`up.json` of the run directory is locked for the life of the one who may start and end what runs
there, and names that process by id and start time. It is never removed, only emptied: a lock on a
file that another one replaces would hold nobody off.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

ENDS_WITHIN = 20.0
"""Seconds for an `up` that was asked to end; then it is killed, and what it left is ended."""
POLL_EVERY = 0.05
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(Exception):
    """Why a run cannot start or end, in one line that says what to do."""


class Stopped(BaseException):
    """A signal asked the run to end."""


class Signals:
    """Turns the first of the three ways to end a program into `Stopped`, within a `with` block.

    Those that follow do nothing: an ending is not itself ended half way.
    """

    def __init__(self) -> None:
        self.ignored = False
        """Set it, and none of them does anything from there on."""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._stop) for number in NUMBERS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _: FrameType | None) -> None:
        if not self.ignored:
            self.ignored = True
            raise Stopped(signal.Signals(number).name)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What `up.json` says of the last one who started a run."""

    pid: int
    start: str
    """The kernel's start time of the process, so that a reused id is not mistaken for it."""
    detached: bool = False
    """Whether it came to its end on purpose and left the run behind."""

    @classmethod
    def read(cls, run: Path) -> Record | None:
        """The record of a run directory; None where nobody started anything, or has ended it."""
        try:
            return cls(**json.loads((run / "up.json").read_text()))
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return bool(self.start) and _start_time(self.pid) == self.start


def _start_time(pid: int) -> str:
    """Field 22 of proc_pid_stat(5); empty for a process that is gone or only not yet reaped."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if words[0] in "ZX" else words[19]


class Watch:
    """The right to start and end what runs in a directory, for the length of a `with` block."""

    def __init__(self, run: Path, fd: int) -> None:
        self._run, self._fd = run, fd

    @classmethod
    def take(cls, run: Path, *, patience: float = 0.0) -> Self:
        """Lock the run directory. Raises `StartError` where another holds it past `patience` s."""
        fd = os.open(run / "up.json", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return cls(run, fd)
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(fd)
                    record = Record.read(run)
                    who = f"process {record.pid}" if record and record.alive else "another refapp"
                    raise StartError(f"{who} is at work in {run} already: refapp down") from None
            time.sleep(POLL_EVERY)

    def sign(self, *, detached: bool = False) -> None:
        """Name this process as the one who watches, or as the one who left the run behind."""
        me = os.getpid()
        record = Record(pid=me, start=_start_time(me), detached=detached)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(asdict(record)).encode(), 0)

    @property
    def replaced(self) -> bool:
        """Whether another process has signed meanwhile: somebody removed the locked file."""
        record = Record.read(self._run)
        return record is not None and record.pid != os.getpid()

    def clear(self) -> None:
        """Say that nothing runs here any more."""
        os.ftruncate(self._fd, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)


def end_watcher(run: Path) -> int | None:
    """Ask the `up` that watches over a run to end it, and wait for that; its id, None for none."""
    record = Record.read(run)
    if record is None or not record.alive:
        return None
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
        # One that was put to sleep with Ctrl-Z would never hear of it.
        os.kill(record.pid, signal.SIGCONT)
        until = time.monotonic() + ENDS_WITHIN
        while record.alive:
            if time.monotonic() > until:
                os.kill(record.pid, signal.SIGKILL)
            time.sleep(POLL_EVERY)
    return record.pid
