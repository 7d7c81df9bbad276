"""One job's desired state: its slots, when each may start again, and when the job is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from titan_sched import jobs
from titan_sched.model import BatchJob, JobDescriptor, Task

STABLE_AFTER = 10.0

JobState = Literal["Accepted", "KillInitiated", "Finished"]


def restart_delay(failures: int) -> float:
    """Seconds before the restart after so many failures in a row: 0, 0.5, 1, 2, 4, 8, 10, 10."""
    return 0.0 if failures <= 1 else min(10.0, 0.5 * 2.0 ** min(failures - 2, 10))


@dataclass(slots=True)
class Slot:
    """One of a job's places: its newest task, and how its tasks have fared."""

    task: str | None = None
    attempts: int = 0
    failures: int = 0
    not_before: float = 0.0
    done: bool = False

    def ended(self, task: Task, job: JobDescriptor, lived: float, now: float) -> None:
        """Account for the end of the slot's task; `lived` is seconds since it was Started."""
        code = (task.reason or "").partition(":")[0]
        if isinstance(job.kind, BatchJob) and code != "lost":
            # A lost task was no failure of its own, so it costs no retry.
            self.failures += code != "normal"
            self.done = code == "normal" or self.failures > job.kind.retries
        elif code not in ("lost", "killed"):
            self.failures = 1 if lived >= STABLE_AFTER else self.failures + 1
            self.not_before = now + restart_delay(self.failures)


@dataclass(slots=True)
class Job:
    """A job that was accepted.

    Attributes:
        id: never used twice.
        descriptor: what was asked for.
        submitted_at: unix seconds.
        state: Accepted, KillInitiated, Finished.
        slots: one a task, by index.
    """

    id: str
    descriptor: JobDescriptor
    submitted_at: float
    state: JobState = "Accepted"
    slots: list[Slot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slots = self.slots or [Slot() for _ in range(self.descriptor.count)]

    @property
    def name(self) -> str:
        """The job's name."""
        return self.descriptor.application_name

    def to_json(self) -> dict[str, Any]:
        """The job as Titus's API sends it."""
        status = {"state": self.state}
        body = jobs.to_json(self.descriptor)
        return {"id": self.id, "submittedAt": self.submitted_at, "status": status, **body}

    def stored(self) -> dict[str, Any]:
        """The job as the store keeps it: what the API sends, and how its slots have fared."""
        return {**self.to_json(), "slots": [[slot.failures, slot.done] for slot in self.slots]}

    @classmethod
    def from_stored(cls, data: dict[str, Any]) -> Job:
        """A job as `stored` wrote it; a pause before a restart is not kept."""
        body = {key: data[key] for key in data.keys() & {"applicationName", *_BODY}}
        return cls(
            id=data["id"],
            descriptor=jobs.from_json(body),
            submitted_at=data["submittedAt"],
            state=data["status"]["state"],
            slots=[Slot(failures=failures, done=done) for failures, done in data["slots"]],
        )


_BODY = ("container", "service", "batch")
