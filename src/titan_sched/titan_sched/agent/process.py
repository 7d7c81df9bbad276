"""The agent as a process: what it offers, what it found again, and its one line at start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from titan_sched import _process
from titan_sched._spawn import generation_is
from titan_sched.agent.agent import Agent
from titan_sched.agent.link import Link
from titan_sched.agent.logs import Logs
from titan_sched.agent.ports import PortPool
from titan_sched.agent.record import Records
from titan_sched.agent.runtime import Runtime, choose
from titan_sched.agent.tasks import Tasks
from titan_sched.errors import TokenRefusedError

PORTS = 1000
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """How an agent is run.

    Attributes:
        agent_id: unique in the cluster.
        zone: its availability zone.
        directory: holds ``agent.json`` (pid, start), ``tasks/`` and ``logs/``.
        address: gives the control plane's URL.
        token_file: the API's bearer token.
        runtime: ``auto``, ``bubblewrap`` or ``subprocess``.
        cpu: cores that it offers.
        memory_mb: MiB of memory that it offers.
        disk_mb: MiB of disk that it offers.
        hidden: paths that tasks may not see, beside the token and this directory.
        generation: the cluster's directory and generation; it has been swept when they differ.
    """

    agent_id: str
    zone: str
    directory: Path
    address: Callable[[], str]
    token_file: Path
    runtime: str
    cpu: float
    memory_mb: int
    disk_mb: int
    hidden: Sequence[str] = ()
    generation: tuple[Path, str] | None = None


def serve(config: AgentConfig) -> int:
    """Run an agent until SIGTERM; its tasks go on without it. The exit code."""
    name, directory = f"titan_sched agent {config.agent_id}", config.directory
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _process.claim(directory / "lock") is None:
        print(f"{name}: another one runs in {directory}", file=sys.stderr)
        return 1
    record = _process.own_record(id=config.agent_id, zone=config.zone)
    _process.write_record(directory / "agent.json", record)
    if config.generation is not None and not generation_is(*config.generation):
        return 1
    hidden = [str(directory), str(config.token_file), *config.hidden]
    try:
        runtime, why = choose(config.runtime, hidden)
        asyncio.run(_run(config, runtime, why, config.token_file.read_text().strip()))
    except RuntimeError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except BaseExceptionGroup as group:
        if group.subgroup(TokenRefusedError) is None:
            raise
        print(f"{name}: the token was refused", file=sys.stderr)
        return 1
    return 0


async def _run(config: AgentConfig, runtime: Runtime, why: str, token: str) -> None:
    directory = config.directory
    logs = Logs(directory / "logs")
    tasks = Tasks(
        host=HOST,
        zone=config.zone,
        runtime=runtime,
        records=Records(directory / "tasks"),
        logs=logs,
        ports=PortPool(HOST, int.from_bytes(os.urandom(4), "big")),
        changed=lambda: agent.wake(),
    )
    agent = Agent(
        config.agent_id,
        {
            "zone": config.zone,
            "host": HOST,
            "total": [config.cpu, config.memory_mb, config.disk_mb, PORTS],
            "runtime": runtime.name,
            "runtime_reason": why,
        },
        tasks=tasks,
        logs=logs,
        connect=lambda: Link(config.address, token),
        epoch_file=directory / "epoch.json",
    )
    found = tasks.recover()
    line = f"titan_sched agent {config.agent_id} (zone {config.zone}): {runtime.name} ({why})"
    print(f"{line}, {found} tasks found again", flush=True)
    conversation = asyncio.ensure_future(agent.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, conversation.cancel)
    await conversation
