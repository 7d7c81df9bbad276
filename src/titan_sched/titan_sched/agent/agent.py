"""The agent's conversation with the control plane.

Two connections, one question: "this is all I run; what now?". One waits half a second for news
and so is the heartbeat too; the other asks at once whenever something here has changed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from titan_sched import _process
from titan_sched.agent.link import Link
from titan_sched.agent.logs import Logs
from titan_sched.agent.tasks import Tasks

HEARTBEAT = 0.5
RETRY_AFTER = 0.1
BOUND_LOGS_EVERY = 2.0


class Agent:
    """One agent.

    Args:
        agent_id: unique in the cluster.
        facts: what it says of itself: zone, host, total, runtime, runtime_reason.
        tasks: its tasks, already recovered; their `changed` must call `wake`.
        logs: bounded from time to time.
        connect: a new `Link` at each call.
        epoch_file: remembers the highest epoch obeyed; an older control plane is not.
    """

    def __init__(
        self,
        agent_id: str,
        facts: Mapping[str, object],
        *,
        tasks: Tasks,
        logs: Logs,
        connect: Callable[[], Link],
        epoch_file: Path,
    ) -> None:
        self._path = f"/api/v3/agents/{agent_id}/poll?wait="
        self._facts = {**facts, "pid": os.getpid(), "incarnation": os.urandom(8).hex()}
        self._tasks, self._logs, self._connect = tasks, logs, connect
        self._epoch_file = epoch_file
        self._epoch = int((_process.read_record(epoch_file) or {}).get("epoch", 0))
        self._revision = 0
        self._sequence = 0
        self._faults: deque[str] = deque(maxlen=100)
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Something here has changed: tell it at once."""
        self._news.set()

    async def run(self) -> None:
        """Converse until the process ends. Raises `TokenRefusedError` for the wrong token."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._tell())
            group.create_task(self._bound_logs())

    async def _listen(self) -> None:
        link = self._connect()
        while True:
            if not await self._ask(link, HEARTBEAT):
                await asyncio.sleep(RETRY_AFTER)

    async def _tell(self) -> None:
        link = self._connect()
        while True:
            await self._news.wait()
            self._news.clear()
            # A failure is not repeated here: the next heartbeat tells the same.
            await self._ask(link, 0.0)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(BOUND_LOGS_EVERY)
            self._logs.bound()

    async def _ask(self, link: Link, wait: float) -> bool:
        try:
            answer = await link.post(f"{self._path}{wait}", self._report(), wait + 2.0)
        except OSError:
            return False
        self._obey(answer)
        return True

    def _report(self) -> dict[str, Any]:
        self._sequence += 1
        tasks, faults = self._tasks.report(), list(self._faults)
        return {**self._facts, "sequence": self._sequence, "tasks": tasks, "faults": faults}

    def _obey(self, answer: Mapping[str, Any]) -> None:
        """Do what was answered, unless a newer answer, or a newer control plane, was obeyed."""
        order = (answer["epoch"], answer["revision"])
        if order <= (self._epoch, self._revision):
            return
        if answer["epoch"] > self._epoch:
            _process.write_record(self._epoch_file, {"epoch": answer["epoch"]})
        self._epoch, self._revision = order
        for task in answer["launch"]:
            self._tasks.launch(task)
        for end in answer["kill"]:
            self._tasks.kill(end["id"], end["grace"], end["reason"])
        for task_id in answer["forget"]:
            self._tasks.forget(task_id)
        for fault in answer["faults"]:
            self._fault(fault)

    def _fault(self, fault: Mapping[str, Any]) -> None:
        if fault["id"] in self._faults:
            return
        signum = signal.Signals[f"SIG{fault['signal']}"]
        self._tasks.fault(fault["task"], signum, fault["seconds"])
        if signum == signal.SIGKILL and fault["task"] is None:
            os.kill(os.getpid(), signal.SIGKILL)
        self._faults.append(fault["id"])
        self.wake()
