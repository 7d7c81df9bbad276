"""Processes by pid and start time, so that a pid that was used again is never mistaken.

Linux reads ``/proc``; elsewhere ``ps`` is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_PROC = Path("/proc/self/stat").exists()


def _stat(pid: int) -> tuple[str, int, str] | None:
    """State letter, parent's pid and start time of a process, None when there is none."""
    if _PROC:
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The name is in brackets and may hold anything, brackets and spaces too.
        rest = text[text.rindex(")") + 2 :].split()
        return rest[0], int(rest[1]), rest[19]
    asked = ["/bin/ps", "-o", "stat=,ppid=,lstart=", "-p", str(pid)]
    words = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603
    return (words[0][0], int(words[1]), " ".join(words[2:])) if len(words) > 2 else None


def start_time(pid: int) -> str | None:
    """When the process started, as a text to compare with; None when there is no such process."""
    found = _stat(pid)
    return found[2] if found else None


def parent(pid: int) -> int | None:
    """The pid of a process's parent."""
    found = _stat(pid)
    return found[1] if found else None


def alive(pid: int, start: str | None) -> bool:
    """Whether this very process runs; a zombie does not, and one of our own children is reaped."""
    found = _stat(pid)
    if found is None or found[2] != start:
        return False
    if found[0] != "Z":
        return True
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return False


def descendants(pid: int) -> list[int]:
    """All processes below this one."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (found := _stat(int(entry))):
            children.setdefault(found[1], []).append(int(entry))
    below = list(children.get(pid, ()))
    for one in below:
        below.extend(children.get(one, ()))
    return below


def with_variable(name: str, value: str) -> list[int]:
    """Processes that were started with this environment variable, as far as they may be read."""
    wanted, found = f"{name}={value}".encode(), []
    for entry in os.listdir("/proc") if _PROC else ():
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if wanted in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    found.append(int(entry))
    return found


def send(pid: int, signum: int) -> None:
    """Send a signal; a process that is gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def end(processes: Iterable[tuple[int, str | None]], grace: float) -> list[int]:
    """End processes by (pid, start): SIGTERM, and SIGKILL after `grace` seconds.

    Returns:
        pids that would not die within two more seconds.
    """
    left = [one for one in processes if alive(*one)]
    for signum, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0)):
        for pid, _ in left:
            send(pid, signum)
            # One that is held by SIGSTOP would never see the SIGTERM.
            send(pid, signal.SIGCONT)
        until = time.monotonic() + patience
        while left and time.monotonic() < until:
            time.sleep(0.01)
            left = [one for one in left if alive(*one)]
    return [pid for pid, _ in left]


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None when it is missing or was only half written."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_record(path: Path, record: Mapping[str, Any], mode: int = 0o600) -> None:
    """Replace a file by a JSON object, in one rename."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "w") as file:
        json.dump(record, file)
    os.replace(draft, path)


def own_record(**more: object) -> dict[str, object]:
    """What a process writes of itself: pid and start time, and what is given."""
    return {"pid": os.getpid(), "start": start_time(os.getpid()), **more}


def claim(path: Path) -> int | None:
    """Lock a file for the life of this process; its descriptor, or None when another has it."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
