"""The control plane's decisions, without I/O: desired against observed, one pass at a time.

The process around it hands in what arrives (`submit`, `kill_job`, `report`, `fault`), calls `tick`,
stores what `changed` names, and only then lets agents see `directives`; so nothing is told that is
not durable. Clocks, ids and the observer are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from titan_sched.control.agents import (
    LOST_AFTER,
    REJOIN_WITHIN,
    SILENT_AFTER,
    Agent,
    Fault,
    reason_lost,
)
from titan_sched.control.slots import Job
from titan_sched.control.state import State
from titan_sched.core.place import schedule_once
from titan_sched.errors import JobExistsError, NotFoundError
from titan_sched.events import Observer, notify
from titan_sched.model import BatchJob, JobDescriptor, Task

KILL_GRACE = 2.0
TICK_AT_MOST = 0.5


class Reconciler:
    """All jobs, tasks and agents of a cluster, and what has to happen next.

    Args:
        monotonic: seconds for waiting and silence.
        wall: unix seconds for what people read.
        new_id: a new random id of eight or more hex digits at each call.
        observer: takes the events of `titan_sched.events`.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        new_id: Callable[[], str],
        observer: Observer | None = None,
    ) -> None:
        self.state = State()
        self._monotonic, self._wall, self._new_id = monotonic, wall, new_id
        self._observer = observer
        self._ticked = monotonic()

    # -- what arrives ---------------------------------------------------------------------------

    def restore(self, jobs: Iterable[Job], tasks: Iterable[Task]) -> None:
        """Take up stored state; agents with living tasks have a few seconds to come back."""
        self.state.jobs = {job.id: job for job in jobs}
        seen = self._monotonic() + REJOIN_WITHIN - LOST_AFTER
        for task in sorted(tasks, key=lambda task: task.attempts):
            self.state.tasks[task.id] = task
            job = self.state.jobs[task.job_id]
            slot = job.slots[task.index]
            slot.task, slot.attempts = task.id, task.attempts
            if task.alive and task.agent is not None and task.zone is not None:
                known = Agent(id=task.agent, zone=task.zone, seen=seen, state="Disconnected")
                self.state.agents.setdefault(task.agent, known)

    def submit(self, descriptor: JobDescriptor) -> Job:
        """Accept a job; it is durable once the store has written what `changed` names.

        Raises:
            JobExistsError: when a job of that name is not Finished.
        """
        for other in self.state.jobs.values():
            if other.name == descriptor.application_name and other.state != "Finished":
                raise JobExistsError(other.name, other.id)
        job = Job(f"{descriptor.application_name}-{self._new_id()}", descriptor, self._wall())
        self.state.jobs[job.id] = job
        self.state.changed.jobs.add(job.id)
        return job

    def kill_job(self, job_id: str) -> Job:
        """End a job and its tasks."""
        job = self.state.job(job_id)
        if job.state == "Accepted":
            job.state = "KillInitiated"
            self.state.changed.jobs.add(job.id)
            for task in self.state.living(job):
                self._kill(task, "killed: its job was killed")
        return job

    def report(self, agent_id: str, report: Mapping[str, Any]) -> None:
        """Take in what an agent says it is and runs."""
        agent = self.state.agents.get(agent_id)
        if agent is None or agent.state == "Lost" or agent.pid is None:
            fields = {"agent": agent_id, "zone": report["zone"], "runtime": report["runtime"]}
            notify(self._observer, "titan_sched.agent_joined", self._wall(), fields)
        if agent is None:
            agent = Agent(id=agent_id, zone=report["zone"], seen=self._monotonic())
            self.state.agents[agent_id] = agent
        if not agent.read(report, self._monotonic()):
            return
        for task in self.state.on(agent_id):
            self._observe(agent, task)

    def fault(self, target: str, signal: str, seconds: float | None) -> list[tuple[Agent, Fault]]:
        """Order a fault: `signal` for a task (id or name), an agent or a zone (``b``, ``zone-b``).

        The name of a job means its first task that runs.

        Returns:
            each agent that was ordered to act, with its order.

        Raises:
            NotFoundError: when the target is none of these, or does not run.
        """
        running = [one for one in self.state.tasks.values() if one.alive and one.agent is not None]
        named = [one for one in running if target in (one.id, one.name)]
        of_job = sorted((one for one in running if one.job == target), key=lambda one: one.index)
        for task in (*named, *of_job):
            agent = self.state.agents[str(task.agent)]
            return [(agent, self._order(agent, signal, seconds, task.id))]
        hit = [
            agent
            for agent in self.state.agents.values()
            if target in (agent.id, agent.zone, f"zone-{agent.zone}") and agent.state != "Lost"
        ]
        if not hit:
            raise NotFoundError("running task, connected agent or zone", target)
        return [(agent, self._order(agent, signal, seconds, None)) for agent in hit]

    # -- what follows ---------------------------------------------------------------------------

    def tick(self) -> None:
        """One pass: silent agents, slots without a task, tasks without a host."""
        now = self._monotonic()
        # Time in which this process itself stood still is nobody else's silence.
        stall = now - self._ticked - TICK_AT_MOST
        for agent in self.state.agents.values():
            if stall > 0:
                agent.seen += stall
            self._silence(agent, now)
        self._ticked = now
        for job in self.state.jobs.values():
            if job.state != "Finished":
                self._fill(job, now)
        self._place()
        self.state.forget()

    def directives(self, agent_id: str) -> dict[str, Any]:
        """What an agent must do to come to what is wanted; empty lists when nothing.

        launch: tasks it has not reported yet; kill: tasks it reports and must end; forget: ended
        tasks whose end is known here; faults: those it has not confirmed.
        """
        agent = self.state.agents[agent_id]
        launch = [
            self._launch(task)
            for task in self.state.on(agent_id)
            if task.state == "Launched" and task.id not in agent.reported
        ]
        kill, forget = [], []
        for task_id, entry in agent.reported.items():
            task = self.state.tasks.get(task_id)
            unwanted = task is None or not task.alive or task.state == "KillInitiated"
            if entry["state"] == "Finished":
                if task is None or not task.alive:
                    forget.append(task_id)
            elif entry["state"] != "KillInitiated" and unwanted:
                reason = (task and task.reason) or "killed: unknown to the control plane"
                kill.append({"id": task_id, "grace": KILL_GRACE, "reason": reason})
        faults = [fault.order() for fault in agent.faults.values()]
        return {"launch": launch, "kill": kill, "forget": forget, "faults": faults}

    # -- inside ---------------------------------------------------------------------------------

    def _set(self, task: Task, **values: Any) -> Task:
        task = self.state.tasks[task.id] = replace(task, **values)
        self.state.changed.tasks.add(task.id)
        return task

    def _observe(self, agent: Agent, task: Task) -> None:
        """Bring one task of an agent to what the agent reported of it."""
        entry = agent.reported.get(task.id)
        if entry is None:
            if task.state == "KillInitiated":
                self._finish(task, task.reason or "killed")
            elif task.state != "Launched":
                self._finish(task, f"lost: agent {agent.id} does not know it")
            return
        if entry["state"] == "Finished":
            self._finish(task, entry["reason"])
            return
        seen = {key: entry[key] for key in ("pid", "started_at", "stopped", "stopped_until")}
        seen |= {"ports": tuple(entry["ports"]), "host": agent.host, "state": entry["state"]}
        if task.state == "KillInitiated":
            seen["state"] = task.state
        was_started = task.started_at is not None
        if any(getattr(task, key) != value for key, value in seen.items()):
            task = self._set(task, **seen)
        if not was_started and task.started_at is not None:
            self._notify("titan_sched.task_started", task)

    def _kill(self, task: Task, reason: str) -> None:
        if task.agent is None:
            self._finish(task, reason)
        elif task.state != "KillInitiated":
            self._set(task, state="KillInitiated", reason=reason)

    def _finish(self, task: Task, reason: str) -> None:
        job, now = self.state.jobs[task.job_id], self._wall()
        task = self._set(task, state="Finished", reason=reason, stopped=False, stopped_until=None)
        lived = 0.0 if task.started_at is None else max(0.0, now - task.started_at)
        job.slots[task.index].ended(task, job.descriptor, lived, self._monotonic())
        if isinstance(job.descriptor.kind, BatchJob):
            self.state.changed.jobs.add(job.id)
        if task.started_at is None:
            self._notify("titan_sched.task_failed", task, reason=reason)
        else:
            self._notify("titan_sched.task_stopped", task, reason=reason, ms=lived * 1000)

    def _notify(self, name: str, task: Task, **more: object) -> None:
        fields = {"job": task.job, "task": task.id, "zone": task.zone, "agent": task.agent}
        notify(self._observer, name, self._wall(), {**fields, **more})

    def _order(self, agent: Agent, signal: str, seconds: float | None, task: str | None) -> Fault:
        fault = Fault(self._new_id(), signal, seconds, task)
        agent.faults[fault.id] = fault
        return fault

    def _silence(self, agent: Agent, now: float) -> None:
        silent = now - agent.seen
        if agent.state == "Lost" or silent < SILENT_AFTER:
            return
        if silent >= LOST_AFTER:
            agent.state = "Lost"
            agent.drop()
            for task in self.state.on(agent.id):
                self._finish(task, reason_lost(agent, now))
            fields = {"agent": agent.id, "zone": agent.zone, "reason": reason_lost(agent, now)}
            notify(self._observer, "titan_sched.agent_lost", self._wall(), fields)
        elif agent.state == "Connected":
            agent.state = "Disconnected"
            for task in self.state.on(agent.id):
                if task.state == "Started":
                    self._set(task, state="Disconnected")

    def _fill(self, job: Job, now: float) -> None:
        """Give every slot its task, as far as it may start now; end a job that is over."""
        limit = (
            job.descriptor.kind.runtime_limit if isinstance(job.descriptor.kind, BatchJob) else None
        )
        for index, slot in enumerate(job.slots):
            task = self.state.tasks[slot.task] if slot.task is not None else None
            if task is not None and task.alive:
                if limit is not None and self._wall() - (task.started_at or self._wall()) > limit:
                    self._kill(task, f"runtimeLimitExceeded: ran longer than {limit:g} s")
            elif job.state == "Accepted" and not slot.done and now >= slot.not_before:
                self._accept(job, index)
        over = job.state == "KillInitiated" or all(slot.done for slot in job.slots)
        if over and not self.state.living(job):
            job.state = "Finished"
            self.state.changed.jobs.add(job.id)

    def _accept(self, job: Job, index: int) -> None:
        slot, name = job.slots[index], f"{job.name}-{index + 1}"
        slot.attempts += 1
        slot.task = f"{name}-{self._new_id()}"
        self.state.tasks[slot.task] = Task(
            id=slot.task,
            job=job.name,
            job_id=job.id,
            name=name,
            index=index,
            attempts=slot.attempts,
        )
        self.state.changed.tasks.add(slot.task)

    def _place(self) -> None:
        pending = [task for task in self.state.tasks.values() if task.state == "Accepted"]
        # After a restart the first agent to come back would else be given everything.
        awaited = any(one.pid is None and one.state != "Lost" for one in self.state.agents.values())
        if not pending or awaited or not (hosts := self.state.hosts()):
            return
        result = schedule_once(map(self.state.request, pending), hosts)
        for task_id, agent_id in result.placements.items():
            agent = self.state.agents[agent_id]
            where = {"agent": agent.id, "zone": agent.zone, "host": agent.host}
            self._set(self.state.tasks[task_id], state="Launched", **where)

    def _launch(self, task: Task) -> dict[str, Any]:
        box = self.state.jobs[task.job_id].descriptor.container
        return {
            "id": task.id,
            "job_id": task.job_id,
            "name": task.name,
            "index": task.index,
            "command": list(box.entry_point),
            "env": dict(box.env),
            "ports": box.resources.ports,
            "writable": list(box.writable),
            "cwd": box.cwd,
        }
