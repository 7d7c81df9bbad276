"""The durable store: SQLite of the standard library, one transaction a pass.

With WAL and ``synchronous=FULL`` a commit that returned survives ``kill -9`` and a power cut.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

from titan_sched.control.slots import Job
from titan_sched.control.state import State
from titan_sched.model import Task

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epoch (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL);
INSERT OR IGNORE INTO epoch VALUES (1, 0);
"""

_Rows = dict[str, dict[str, Any] | None]


class Store:
    """Jobs and tasks on disk.

    Args:
        path: the database file, created when missing. It holds what jobs were submitted with,
            secrets in their environment too: only its owner may read it.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
        # SQLite gives its -wal and -shm files the mode of the database.
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def next_epoch(self) -> int:
        """The fencing epoch of this life of the control plane: one more than any before."""
        (value,) = self._db.execute("UPDATE epoch SET value = value + 1 RETURNING value").fetchone()
        return int(value)

    def load(self) -> tuple[list[Job], list[Task]]:
        """Everything that was saved, jobs in the order they were submitted."""
        bodies = [json.loads(body) for (body,) in self._db.execute("SELECT body FROM jobs")]
        jobs = [Job.from_stored(body) for body in bodies]
        rows = self._db.execute("SELECT body FROM tasks")
        tasks = [Task.from_json(json.loads(body)) for (body,) in rows]
        return sorted(jobs, key=lambda job: job.submitted_at), tasks

    def save(self, state: State) -> None:
        """Write, or delete, what `state.changed` names, in one transaction, and clear it."""
        changed = state.changed
        if not changed.jobs and not changed.tasks:
            return
        jobs: _Rows = {
            key: job.stored() if (job := state.jobs.get(key)) else None for key in changed.jobs
        }
        tasks: _Rows = {
            key: task.to_json() if (task := state.tasks.get(key)) else None for key in changed.tasks
        }
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._write(jobs, tasks)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            # Such as a full disk: `changed` stays, and the next pass tries again.
            self._db.rollback()
            raise
        changed.jobs.clear()
        changed.tasks.clear()

    def _write(self, jobs: _Rows, tasks: _Rows) -> None:
        for table, rows in (("jobs", jobs), ("tasks", tasks)):
            kept = [(key, json.dumps(body)) for key, body in rows.items() if body is not None]
            gone = [(key,) for key, body in rows.items() if body is None]
            self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", kept)  # noqa: S608
            self._db.executemany(f"DELETE FROM {table} WHERE id = ?", gone)  # noqa: S608

    def close(self) -> None:
        """Close the file."""
        self._db.close()
