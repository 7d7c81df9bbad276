"""The control plane at work: what arrives is decided, stored, registered, and then answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from titan_sched.control.agents import Agent, Fault
from titan_sched.control.reconciler import Reconciler
from titan_sched.control.registry import Registry
from titan_sched.control.slots import Job
from titan_sched.control.state import State
from titan_sched.control.store import Store
from titan_sched.events import Observer
from titan_sched.local import agent_runs, has_zone, start_agent
from titan_sched.model import JobDescriptor

TICK_EVERY = 0.25
# Less than a client waits for its answer.
RESTART_WITHIN = 6.0

_log = logging.getLogger("titan_sched")


class ControlPlane:
    """A reconciler with its store and its registry; single-threaded, used inside one event loop.

    Args:
        directory: where ``titan.db`` and ``registry/`` are.
        observer: takes the events of `titan_sched.events`.
    """

    def __init__(self, directory: Path, observer: Observer | None = None) -> None:
        self._directory = directory
        self._store = Store(directory / "titan.db")
        self._registry = Registry(directory / "registry")
        self._reconciler = Reconciler(
            monotonic=time.monotonic,
            wall=time.time,
            new_id=lambda: secrets.token_hex(4),
            observer=observer,
        )
        self._reconciler.restore(*self._store.load())
        self.epoch = self._store.next_epoch()
        self._revision = 0
        self._news: dict[str, asyncio.Event] = {}
        self._settle()

    @property
    def state(self) -> State:
        """What is known of the cluster."""
        return self._reconciler.state

    def _settle(self) -> None:
        """Decide, make it durable, show it in the registry, and wake the agents it concerns."""
        self._reconciler.tick()
        self._store.save(self.state)
        self._registry.sync(self.state)
        for agent_id, news in self._news.items():
            if any(self._directives(agent_id).values()):
                news.set()

    def _directives(self, agent_id: str) -> dict[str, Any]:
        """What an agent is told: nothing that is not stored yet."""
        if self.state.changed.jobs or self.state.changed.tasks:
            return {"launch": [], "kill": [], "forget": [], "faults": []}
        return self._reconciler.directives(agent_id)

    async def run(self) -> None:
        """Tick for ever; silence and pauses pass without any arrival."""
        while True:
            await asyncio.sleep(TICK_EVERY)
            try:
                self._settle()
            except Exception:
                # Such as a full disk. What is not stored is not told, and is tried again.
                _log.exception("a pass failed")

    def submit(self, descriptor: JobDescriptor) -> Job:
        """Accept a job; durable on return. Raises `JobExistsError`."""
        job = self._reconciler.submit(descriptor)
        self._settle()
        return job

    def kill_job(self, job_id: str) -> Job:
        """End a job. Raises `NotFoundError`."""
        job = self._reconciler.kill_job(job_id)
        self._settle()
        return job

    def explain(self, job_id: str) -> dict[str, Any]:
        """Why a job is not all running. Raises `NotFoundError`."""
        job = self.state.job(job_id)
        text, found = self.state.explain_job(job, time.monotonic())
        removed = [] if found is None else found.removed
        return {
            "jobId": job.id,
            "text": text,
            "pending": found is not None,
            "fits": [] if found is None else list(found.fits),
            "removed": [[gone.host, gone.constraint, gone.detail] for gone in removed],
            "change": None if found is None else found.change,
        }

    def agents(self) -> list[dict[str, Any]]:
        """All agents as the API sends them."""
        return self.state.agent_json(time.monotonic())

    async def poll(self, agent_id: str, report: Mapping[str, Any], wait: float) -> dict[str, Any]:
        """Take an agent's report; answer when there is something to do, or after `wait` seconds."""
        self._reconciler.report(agent_id, report)
        news = self._news.setdefault(agent_id, asyncio.Event())
        self._settle()
        directives = self._directives(agent_id)
        if wait and not any(directives.values()):
            news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), wait)
            directives = self._directives(agent_id)
        self.state.agents[agent_id].handed_over(directives["faults"])
        self._revision += 1
        return {"epoch": self.epoch, "revision": self._revision, **directives}

    async def fault(
        self, target: str, signal: str, seconds: float | None, patience: float = 2.0
    ) -> dict[str, Any]:
        """Order a fault and wait until every agent it concerns has confirmed it.

        What an agent that is lost has not confirmed was not applied, and neither is what is not
        confirmed within `patience` seconds; nobody is told of it later. CONT of a zone ends its
        outage: its agent is started again where it does not run, or ends while this waits, in a
        cluster that was started by `titan_sched.start_cluster`.

        Returns:
            the agents, and whether all have applied it.

        Raises:
            NotFoundError: for a target that does not exist.
            ClusterError: when the agent of a zone does not come back.
        """
        zone = self._outage(target) if signal == "CONT" else None
        if zone is None:
            return await self._apply(target, signal, seconds, patience, lambda: True)
        # Twice: one that was told to end may still run when it is looked at first.
        for _ in range(2):
            await asyncio.to_thread(start_agent, self._directory, zone, timeout=RESTART_WITHIN)
            runs = partial(agent_runs, self._directory, zone)
            answer = await self._apply(target, signal, seconds, patience, runs)
            if answer["applied"] or runs():
                break
        return answer

    async def _apply(
        self,
        target: str,
        signal: str,
        seconds: float | None,
        patience: float,
        worth_waiting: Callable[[], bool],
    ) -> dict[str, Any]:
        """Order once; what is not confirmed in time, or while it is worth waiting, is given up."""
        ordered = self._reconciler.fault(target, signal, seconds)
        self._settle()
        until = time.monotonic() + patience
        while _open(ordered) and time.monotonic() < until:
            if not worth_waiting():
                break
            await asyncio.sleep(0.005)
        for agent, fault in ordered:
            agent.drop([fault.id])
        applied = all(fault.state == "applied" for _, fault in ordered)
        return {"agents": [agent.id for agent, _ in ordered], "applied": applied}

    def _outage(self, target: str) -> str | None:
        """The zone that is meant, where its agent can be started from here."""
        zone = target.removeprefix("zone-")
        known = any(agent.zone == zone for agent in self.state.agents.values())
        return zone if known and has_zone(self._directory, zone) else None

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _open(ordered: Sequence[tuple[Agent, Fault]]) -> bool:
    return any(fault.state == "open" for _, fault in ordered)
