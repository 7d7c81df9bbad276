"""The booth's process: the console over the cluster's own client."""

from __future__ import annotations

import time
from dataclasses import asdict

from titan_sched import Client

from ..edge.page import DIST
from ..settings import Settings
from . import BoothServer, booth_app
from .instances import TaskDict


def run_booth(settings: Settings) -> None:
    """Serve until SIGTERM."""
    assert settings.titan is not None  # noqa: S101 - `profiles` tells the booth, and only the booth
    client = Client(*settings.titan, timeout=2)

    def tasks() -> list[TaskDict]:
        return [{**asdict(task), "address": task.address} for task in client.tasks()]

    def fault(target: str, signal: str, seconds: float | None) -> None:
        client.fault(target, signal, seconds)  # type: ignore[arg-type]

    def restore_zone(zone: str) -> None:
        client.fault(f"zone-{zone}", "CONT")

    app = booth_app(
        token=settings.secrets.booth,
        peer_token=settings.secrets.peer,
        dist=DIST,
        tasks=tasks,
        agents=client.agents,
        fault=fault,
        restore_zone=restore_zone,
        clock=time.time,
        allowed_hosts=("127.0.0.1", "localhost"),
    )
    BoothServer(app, host=settings.host, port=settings.port).run()
