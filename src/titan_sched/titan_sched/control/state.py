"""All that a control plane knows of its cluster, and the questions that can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from titan_sched.control.agents import Agent
from titan_sched.control.slots import Job
from titan_sched.core.explain import Explanation, explain
from titan_sched.core.hosts import Host, TaskRequest
from titan_sched.errors import NotFoundError
from titan_sched.model import Resources, Task

# Ended tasks kept for each job, beside the newest of each slot; and finished jobs kept in all.
HISTORY = 20


@dataclass(slots=True)
class Changes:
    """What the store must write before anything else happens."""

    jobs: set[str] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)


@dataclass(slots=True)
class State:
    """Jobs, tasks and agents by id, and what of it is not stored yet."""

    jobs: dict[str, Job] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    changed: Changes = field(default_factory=Changes)

    def job(self, job_id: str) -> Job:
        """A job by id, or the newest by name. Raises `NotFoundError`."""
        if job_id in self.jobs:
            return self.jobs[job_id]
        for job in reversed(self.jobs.values()):
            if job.name == job_id:
                return job
        raise NotFoundError("job", job_id)

    def current_tasks(self, job: Job) -> list[Task]:
        """The newest task of each slot."""
        return [self.tasks[slot.task] for slot in job.slots if slot.task is not None]

    def agent_json(self, now: float) -> list[dict[str, Any]]:
        """All agents as the API sends them, by zone and id."""
        return [agent.to_json(now, len(self.on(agent.id))) for agent in self._by_zone()]

    def explain_job(self, job: Job, now: float) -> tuple[str, Explanation | None]:
        """Why a job is not all running, in one line, and the placement's part of it."""
        tasks = self.current_tasks(job)
        pending = [task for task in tasks if task.state == "Accepted"]
        if pending and job.state == "Accepted":
            found = explain(self.request(pending[0]), self.hosts())
            return str(found), found
        started = sum(task.state == "Started" for task in tasks)
        parts = [f"{started} of {len(job.slots)} tasks are Started."]
        for task, slot in zip(tasks, job.slots, strict=False):
            if not task.alive:
                wait = (
                    "" if slot.done else f", starts again in {max(0, slot.not_before - now):.1f} s"
                )
                parts.append(f"{task.name}: {task.reason}{wait}.")
            elif task.state != "Started":
                parts.append(f"{task.name} is {task.state} on {task.agent}.")
        return " ".join(parts), None

    def living(self, job: Job) -> list[Task]:
        """The job's tasks that have not Finished."""
        return [task for task in self.current_tasks(job) if task.alive]

    def on(self, agent_id: str) -> list[Task]:
        """The tasks that an agent has, or is to have."""
        return [task for task in self.tasks.values() if task.alive and task.agent == agent_id]

    def hosts(self) -> list[Host]:
        """The connected agents with what they have left.

        A task that was given up but that its agent still reports alive keeps its share until it
        is gone: else a host that came back would be over-committed.
        """
        return [
            agent.as_host(self._reserved(agent))
            for agent in self._by_zone()
            if agent.state == "Connected" and agent.pid is not None
        ]

    def _by_zone(self) -> list[Agent]:
        return sorted(self.agents.values(), key=lambda agent: (agent.zone, agent.id))

    def _reserved(self, agent: Agent) -> list[tuple[Task, Resources]]:
        held = {task.id: task for task in self.on(agent.id)}
        for task_id, entry in agent.reported.items():
            if entry["state"] != "Finished" and task_id in self.tasks:
                held.setdefault(task_id, self.tasks[task_id])
        return [
            (task, self.jobs[task.job_id].descriptor.container.resources) for task in held.values()
        ]

    def request(self, task: Task) -> TaskRequest:
        """A task as placement sees it."""
        box = self.jobs[task.job_id].descriptor.container
        return TaskRequest(
            id=task.id, job=task.job_id, resources=box.resources, constraints=box.constraints
        )

    def forget(self) -> None:
        """Drop old history, so that a service that fails for a year does not fill the store."""
        over = [job.id for job in self.jobs.values() if job.state == "Finished"][:-HISTORY]
        current = {slot.task for job in self.jobs.values() for slot in job.slots}
        ended: dict[str, list[str]] = {}
        for task in self.tasks.values():
            if task.job_id in over or (not task.alive and task.id not in current):
                ended.setdefault(task.job_id, []).append(task.id)
        for job_id, ids in ended.items():
            for task_id in ids if job_id in over else ids[:-HISTORY]:
                del self.tasks[task_id]
                self.changed.tasks.add(task_id)
        for job_id in over:
            del self.jobs[job_id]
            self.changed.jobs.add(job_id)
