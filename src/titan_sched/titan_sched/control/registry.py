"""The registry: one file a job, from which everything else learns where its tasks listen.

``<job>.json`` is a JSON list of Curator's ServiceInstance (`x-discovery`, JsonInstanceSerializer).
It is replaced by one rename, so a reader never sees half of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from titan_sched.control.state import State
from titan_sched.model import Task

# A task of an agent that has been silent for a moment is not known to be dead: taking it out then
# would empty every file when a busy machine delays all agents at once.
_LISTED = ("Started", "Disconnected")


class Registry:
    """The files of a registry directory.

    Args:
        directory: created when missing.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._written: dict[str, bytes] = {}

    def sync(self, state: State) -> None:
        """Write every file whose content has changed; that of a job that ended is an empty list."""
        wanted: dict[str, list[dict[str, Any]]] = {}
        for job in state.jobs.values():
            listed = [task for task in state.current_tasks(job) if task.state in _LISTED]
            wanted.setdefault(job.name, []).extend(map(_instance, listed))
        for name in self._written.keys() - wanted.keys():
            wanted[name] = []
        for name, instances in wanted.items():
            body = json.dumps(instances, indent=1).encode() + b"\n"
            if self._written.get(name) != body:
                self._replace(name, body)
                self._written[name] = body

    def _replace(self, name: str, body: bytes) -> None:
        draft = self._directory / f".{name}.tmp"
        draft.write_bytes(body)
        os.replace(draft, self._directory / f"{name}.json")


def _instance(task: Task) -> dict[str, Any]:
    return {
        "name": task.job,
        "id": task.id,
        "address": task.host,
        "port": task.ports[0] if task.ports else None,
        "sslPort": None,
        "payload": {"zone": task.zone, "name": task.name, "agent": task.agent},
        "registrationTimeUTC": int((task.started_at or 0) * 1000),
        "serviceType": "DYNAMIC",
        "uriSpec": None,
    }
