"""Starting the cluster's own processes, detached from the one that starts them.

A process that is being started while the cluster is swept must not stay behind. So every cluster
has a generation, a file: who starts writes its own record first and then looks whether the
generation is still its own; who sweeps removes the generation first and then reads the records.
In any order, one of the two sees the other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def spawn(command: list[str], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a process in a session of its own, its output appended to `log`; its pid."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    # Not subprocess: what is started here outlives its handle, on purpose.
    return os.posix_spawn(command[0], command, env or os.environ, file_actions=actions, setsid=True)


def generation_is(directory: Path, generation: str | None) -> bool:
    """Whether the cluster has not been swept since a process was told its generation."""
    if generation is None:
        return True
    try:
        return (directory / "generation").read_text() == generation
    except OSError:
        return False
