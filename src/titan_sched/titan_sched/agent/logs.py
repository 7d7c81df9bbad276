"""Task logs: one file a task, bounded in size and in number.

Tasks write to their file themselves, so that their output outlives the agent. The price is that a
file may pass its bound for as long as one round of `Logs.bound` takes to come.
"""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

LOG_BYTES = 4 * 1024 * 1024
KEPT_LOGS = 50


class Logs:
    """The log directory of one agent.

    Args:
        directory: created when missing.
        limit: bytes at which a log moves to ``<task>.log.1``; default 4 MiB.
        keep: how many logs of ended tasks stay; default 50.
    """

    def __init__(self, directory: Path, limit: int = LOG_BYTES, keep: int = KEPT_LOGS) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory, self._limit, self._keep = directory, limit, keep

    def path(self, task: str) -> Path:
        """A task's log."""
        return self._directory / f"{task}.log"

    def bound(self) -> None:
        """Move logs that are too long aside; the task goes on writing to the same file."""
        for log in self._directory.glob("*.log"):
            if log.stat().st_size > self._limit:
                log.with_suffix(".log.1").write_bytes(log.read_bytes())
                # The task appends (O_APPEND), so after this it writes at the new end.
                os.truncate(log, 0)

    def prune(self, living: Container[str]) -> None:
        """Remove the oldest logs of ended tasks beyond the number that is kept."""
        ended = [log for log in self._directory.glob("*.log") if log.stem not in living]
        ended.sort(key=lambda log: log.stat().st_mtime, reverse=True)
        for log in ended[self._keep :]:
            log.unlink(missing_ok=True)
            log.with_suffix(".log.1").unlink(missing_ok=True)

    def last_line(self, task: str) -> str:
        """The last line a task wrote, at most 200 characters; empty when there is none."""
        try:
            with self.path(task).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                lines = log.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")
