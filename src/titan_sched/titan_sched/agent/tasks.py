"""The tasks of one agent: start, watch, hold, end, and find again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from titan_sched import _process
from titan_sched.agent.logs import Logs
from titan_sched.agent.ports import PortPool
from titan_sched.agent.record import TASK_ID, Records, TaskRecord
from titan_sched.agent.runtime import Launch, Runtime, runtime_named
from titan_sched.agent.watch import accepting, ended

_PLACEHOLDER = re.compile(r"\{(port\d*|host|zone|index|name|task)\}")


@dataclass(slots=True, eq=False)
class _Task:
    """A record, and what of the task lives in this process only."""

    record: TaskRecord
    runtime: Runtime
    child: subprocess.Popen[bytes] | None = None
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def later(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call once, instead of an earlier call of that name."""
        self.cancel(name)
        self.timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), call)

    def cancel(self, *names: str) -> None:
        """Give up calls; all without names."""
        for name in names or tuple(self.timers):
            if timer := self.timers.pop(name, None):
                timer.cancel()


class Tasks:
    """All tasks of an agent; used inside one event loop.

    Args:
        host: the address that tasks listen on.
        zone: the agent's zone.
        runtime: starts new tasks; found ones keep theirs.
        records: where they are written down.
        logs: where their output goes.
        ports: where their ports come from.
        changed: called whenever `report` has something new.
    """

    def __init__(
        self,
        *,
        host: str,
        zone: str,
        runtime: Runtime,
        records: Records,
        logs: Logs,
        ports: PortPool,
        changed: Callable[[], None],
    ) -> None:
        self._host, self._zone, self._runtime = host, zone, runtime
        self._records, self._logs, self._ports = records, logs, ports
        self._changed = changed
        self._tasks: dict[str, _Task] = {}
        self._running: set[asyncio.Task[None]] = set()

    def recover(self) -> int:
        """Take up the tasks of this agent's earlier life; how many of them still run."""
        alive = 0
        for record in self._records.load():
            task = self._tasks[record.id] = _Task(record, runtime_named(record.runtime))
            self._ports.hold(record.ports)
            if record.state == "Finished":
                continue
            if record.handle is None:
                self._finish(task, "failed: its agent died while starting it")
                continue
            alive += _process.alive(record.handle.pid, record.handle.start)
            self._go(self._follow(task))
            if record.stopped_until is not None:
                self._cont_at(task, record.stopped_until)
            if record.state == "KillInitiated":
                task.later("kill", 0.0, lambda task=task: self._signal(task, signal.SIGKILL))  # type: ignore[misc]
        return alive

    def report(self) -> list[dict[str, Any]]:
        """Every task that was not forgotten."""
        return [task.record.report() for task in self._tasks.values()]

    def launch(self, order: Mapping[str, Any]) -> None:
        """Start a task, unless its id was ever started here."""
        if order["id"] in self._tasks:
            return
        record = TaskRecord(id=order["id"], ports=[], runtime=self._runtime.name)
        task = self._tasks[record.id] = _Task(record, self._runtime)
        try:
            record.ports = self._ports.take(order["ports"])
        except OSError as error:
            self._finish(task, f"failed: {error}")
            return
        self._save(task)
        self._go(self._start(task, self._prepare(record, order)))

    def kill(self, task_id: str, grace: float, reason: str) -> None:
        """End a task: SIGTERM, and SIGKILL after `grace` seconds."""
        task = self._tasks.get(task_id)
        if task is None or task.record.state in ("KillInitiated", "Finished"):
            return
        task.record.state, task.record.reason = "KillInitiated", reason
        self._save(task)
        self._signal(task, signal.SIGTERM)
        # One that is held would not see the SIGTERM.
        self._signal(task, signal.SIGCONT)
        task.later("kill", grace, lambda: self._signal(task, signal.SIGKILL))

    def forget(self, task_id: str) -> None:
        """Drop an ended task, whose end the control plane knows."""
        task = self._tasks.get(task_id)
        if task is not None and task.record.state == "Finished":
            del self._tasks[task_id]
            self._records.drop(task_id)
            self._logs.prune(self._tasks)

    def fault(self, task_id: str | None, signum: int, seconds: float | None) -> None:
        """Send KILL, STOP or CONT to a task, or to all; a STOP is taken back after `seconds`."""
        for task in list(self._tasks.values()):
            record = task.record
            if task_id not in (None, record.id) or record.state == "Finished":
                continue
            self._signal(task, signum)
            if signum == signal.SIGKILL:
                continue
            task.cancel("cont")
            record.stopped = signum == signal.SIGSTOP
            record.stopped_until = None
            if record.stopped and seconds is not None:
                record.stopped_until = time.time() + seconds
                self._cont_at(task, record.stopped_until)
            self._save(task)

    # -- one task's life ------------------------------------------------------------------------

    def _prepare(self, record: TaskRecord, order: Mapping[str, Any]) -> Launch:
        """The order with its placeholders filled in."""
        values = {key: str(order[key]) for key in ("index", "name")}
        values |= {"host": self._host, "zone": self._zone, "task": record.id}
        values |= {f"port{n or ''}": str(port) for n, port in enumerate(record.ports)}
        values |= {"port0": str(record.ports[0])} if record.ports else {}

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

        home = "/tmp" if record.runtime == "bubblewrap" else os.environ.get("HOME", "/")  # noqa: S108
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8"}
        env |= {name: fill(text) for name, text in order["env"].items()}
        env |= {TASK_ID: record.id, "TITUS_JOB_ID": order["job_id"]}
        return Launch(
            command=[fill(word) for word in order["command"]],
            env=env,
            cwd=order["cwd"] or os.getcwd(),
            writable=order["writable"],
            log=self._logs.path(record.id),
            status=self._records.status(record.id),
        )

    async def _start(self, task: _Task, launch: Launch) -> None:
        record = task.record
        try:
            task.child, record.handle = await task.runtime.start(launch)
        except (OSError, ValueError) as error:
            self._finish(task, f"failed: could not start: {error}")
            return
        if record.state == "KillInitiated":
            # The order to end it came while it was being started and met no process.
            self._signal(task, signal.SIGKILL)
        self._save(task)
        await self._follow(task)

    async def _follow(self, task: _Task) -> None:
        """From the first process to the last."""
        record = task.record
        assert record.handle is not None  # noqa: S101 - both callers have just set it
        readiness = asyncio.create_task(self._ready(task))
        await ended(record.handle.pid, record.handle.start)
        readiness.cancel()
        # Before the child is reaped, while its pid cannot belong to anything else: what it left.
        self._signal(task, signal.SIGKILL)
        returned = task.child.wait() if task.child else None
        code = task.runtime.exit_code(returned, self._records.status(record.id))
        reason = record.reason if record.state == "KillInitiated" else None
        self._finish(task, reason or self._reason(record.id, code))

    async def _ready(self, task: _Task) -> None:
        record = task.record
        if record.ports and record.state == "StartInitiated":
            await accepting(self._host, record.ports[0])
        if record.state == "StartInitiated":
            record.state, record.started_at = "Started", time.time()
            self._save(task)

    def _finish(self, task: _Task, reason: str) -> None:
        record = task.record
        task.cancel()
        self._ports.give_back(record.ports)
        record.state, record.reason = "Finished", reason
        record.stopped, record.stopped_until = False, None
        self._save(task)

    def _reason(self, task_id: str, code: int | None) -> str:
        if code == 0:
            return "normal: exit code 0"
        if code is None:
            return "failed: exit code unknown, its agent was restarted"
        last = self._logs.last_line(task_id)
        what = f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
        return f"failed: {what}" + (f" ({last})" if last else "")

    def _signal(self, task: _Task, signum: int) -> None:
        if task.record.handle is not None:
            task.runtime.signal(task.record.handle, signum)

    def _cont_at(self, task: _Task, at: float) -> None:
        resume = signal.SIGCONT
        task.later("cont", at - time.time(), lambda: self.fault(task.record.id, resume, None))

    def _save(self, task: _Task) -> None:
        self._records.write(task.record)
        self._changed()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
