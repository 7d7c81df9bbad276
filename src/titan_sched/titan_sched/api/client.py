"""The synchronous client: one short connection a call, standard library only."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

from titan_sched import _process, jobs
from titan_sched.errors import (
    ControlError,
    ControlUnreachableError,
    InvalidJobError,
    JobExistsError,
    NotFoundError,
    StartTimeoutError,
    TokenRefusedError,
)
from titan_sched.jobs import Batch, Service
from titan_sched.model import JobDescriptor, Task

POLL_EVERY = 0.02


class Client:
    """Talks to a control plane. Safe to share between threads.

    Args:
        url: ``http://127.0.0.1:7001``.
        token: the cluster's bearer token.
        timeout: seconds for one call; default 10.

    Every call raises `ControlUnreachableError` when nobody answers and `ControlError` for an answer
    that no other error of this package stands for.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 10.0) -> None:
        self.url = url
        self._token, self._timeout = token, timeout
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port

    @classmethod
    def of(cls, directory: str | Path, *, timeout: float = 10.0) -> Self:
        """The client of the cluster in a directory.

        Raises:
            ControlUnreachableError: when no cluster was started there.
        """
        record = _process.read_record(Path(directory, "control.json"))
        token = Path(directory, "token")
        if record is None or not token.exists():
            raise ControlUnreachableError(str(directory))
        return cls(record["url"], token.read_text().strip(), timeout=timeout)

    def submit(self, job: Service | Batch | JobDescriptor) -> Job:
        """Submit a job; it is durable on return.

        Raises:
            InvalidJobError: when the control plane refuses it.
            JobExistsError: while a job of this name is alive.
        """
        descriptor = job if isinstance(job, JobDescriptor) else job.descriptor()
        answer = self._call("POST", "/jobs", jobs.to_json(descriptor))
        return Job(self, answer["id"], descriptor.application_name)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, the last 20 finished ones among them, as Titus's JSON."""
        found: list[dict[str, Any]] = self._call("GET", "/jobs")["items"]
        return found

    def job(self, job_id: str) -> Job:
        """A job by id or name. Raises `NotFoundError`."""
        answer = self._call("GET", f"/jobs/{quote(job_id, safe='')}")
        return Job(self, answer["id"], answer["applicationName"])

    def tasks(self, job_id: str | None = None, *, history: bool = False) -> list[Task]:
        """The newest task of each slot, of all living jobs or of one (by id or name).

        Args:
            job_id: the one job; default all.
            history: also tasks that ended, the last 20 of each job.
        """
        query = f"all={int(history)}" + (f"&jobId={quote(job_id, safe='')}" if job_id else "")
        return [Task.from_json(one) for one in self._call("GET", f"/tasks?{query}")["items"]]

    def agents(self) -> list[dict[str, Any]]:
        """All agents: id, zone, state, pid, runtime and why, what they offer, silentMs."""
        found: list[dict[str, Any]] = self._call("GET", "/agents")["items"]
        return found

    def kill_job(self, job_id: str) -> None:
        """End a job (by id or name) and its tasks; returns before they have ended."""
        self._call("DELETE", f"/jobs/{quote(job_id, safe='')}")

    def explain(self, job_id: str) -> str:
        """Why a job (by id or name) is not all running, in one line."""
        return str(self._call("GET", f"/jobs/{quote(job_id, safe='')}/explain")["text"])

    def fault(
        self,
        target: str,
        signal: Literal["KILL", "STOP", "CONT"],
        seconds: float | None = None,
    ) -> list[str]:
        """Inject a fault, and wait until it is done.

        Args:
            target: a task's id or name, a job (its first running task), an agent, or a zone
                (``b`` or ``zone-b``). KILL of an agent or zone ends all its tasks and then the
                agent itself: an outage, which CONT of the zone ends.
            signal: KILL, STOP (hold all processes) or CONT.
            seconds: after which the agent takes a STOP back; default None, at a CONT.

        Returns:
            the agents that acted.

        Raises:
            NotFoundError: for a target that does not run.
            ControlError: when an agent did not confirm within two seconds, or was lost before it
                did; or when the agent of a zone does not come back.
        """
        order = {"target": target, "signal": signal, "seconds": seconds}
        answer = self._call("POST", "/faults", order)
        if not answer["applied"]:
            raise ControlError(f"{signal} of {target}: not confirmed by {answer['agents']}")
        return list(answer["agents"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body)
        try:
            connection.request(method, "/api/v3" + path, payload, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ControlUnreachableError(self.url) from error
        finally:
            connection.close()
        if status == 200:
            return json.loads(text)
        raise _error(status, text)


class Job:
    """A submitted job.

    Attributes:
        id: its id.
        name: its name.
    """

    def __init__(self, client: Client, job_id: str, name: str) -> None:
        self._client = client
        self.id, self.name = job_id, name

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def tasks(self, *, history: bool = False) -> list[Task]:
        """The newest task of each slot; with `history` also those before."""
        return self._client.tasks(self.id, history=history)

    def wait_started(self, timeout: float) -> list[Task]:
        """Wait until every task is Started, or has ended well (a batch); the tasks.

        Args:
            timeout: seconds.

        Raises:
            StartTimeoutError: with the states of the missing ones and the job's explanation.
        """
        until = time.monotonic() + timeout
        while True:
            tasks = self.tasks()
            waiting = [task for task in tasks if not _running_or_well(task)]
            if tasks and not waiting:
                return tasks
            if time.monotonic() > until:
                states = tuple(f"{task.name} {task.state}" for task in waiting)
                raise StartTimeoutError(self.name, timeout, states, self.explain())
            time.sleep(POLL_EVERY)

    def explain(self) -> str:
        """Why the job is not all running, in one line."""
        return self._client.explain(self.id)

    def kill(self) -> None:
        """End the job and its tasks; returns before they have ended."""
        self._client.kill_job(self.id)


def _running_or_well(task: Task) -> bool:
    return task.state == "Started" or (task.reason or "").startswith("normal:")


def _error(status: int, text: bytes) -> Exception:
    """The exception that an error answer stands for."""
    try:
        data = json.loads(text)
        message = str(data["error"])
    except (ValueError, TypeError, KeyError):
        return ControlError(f"HTTP {status}: {text[:200].decode(errors='replace')}", status)
    if status == 401:
        return TokenRefusedError()
    if status == 400 and "field" in data:
        return InvalidJobError(data["field"], _Shown(data["value"]), data["allowed"])
    if status == 409:
        return JobExistsError(data["name"], data["jobId"])
    if status == 404 and "kind" in data:
        return NotFoundError(data["kind"], data["key"])
    return ControlError(message, status)


class _Shown(str):
    """A value that was already made readable by the other side."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
