"""Tasks as plain processes: a session each, and no isolation at all."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from titan_sched._process import start_time
from titan_sched.agent.runtime import Handle, Launch


class Subprocess:
    """Runs a task as the leader of its own session; a signal goes to its process group."""

    name = "subprocess"

    async def start(self, launch: Launch) -> tuple[subprocess.Popen[bytes], Handle]:
        """Start a task. Raises OSError when its program or directory is missing."""
        with launch.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - a fork, not a wait
                launch.command,
                cwd=launch.cwd,
                env=launch.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        pid, start = process.pid, start_time(process.pid)
        return process, Handle(runtime=self.name, pid=pid, start=start, root=pid, root_start=start)

    def signal(self, handle: Handle, signum: int) -> None:
        """Send a signal to the process group; one that is gone is no error."""
        # While any process of the group lives its number cannot be another process's pid; so a
        # process of that pid and another start time means that the group is long gone.
        if start_time(handle.pid) not in (None, handle.start):
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(handle.pid, signum)

    def exit_code(self, returned: int | None, status: Path) -> int | None:
        """What the process returned; unknown after the agent's restart."""
        return returned
