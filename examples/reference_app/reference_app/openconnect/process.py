"""The process around one appliance: its heartbeats are guarded calls, its service is a span."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Any

from opentelemetry.trace import SpanKind

from hystrixpy import HystrixError, command

from ..glue import CallError, Glue
from ..telemetry import new_traceparent
from .appliance import Appliance
from .networks import SITES

HEARTBEAT_TIMEOUT = 0.4
"""Seconds for one heartbeat; the next one is due after half a second."""


def run_appliance(glue: Glue) -> None:
    """Serve until SIGTERM. The loop is asyncio's own: uvloop has no sendfile."""
    asyncio.run(_serve(glue))


async def _serve(glue: Glue) -> None:
    settings = glue.settings
    steering = glue.peer("steering")

    @command(name="steering.heartbeat", group="steering", timeout=HEARTBEAT_TIMEOUT)
    async def heartbeat(report: dict[str, Any]) -> None:
        await steering.call("POST", "/heartbeat", report)

    async def tell(report: dict[str, Any]) -> None:
        # Films are served without a control plane; the next heartbeat tries again.
        with suppress(HystrixError, CallError):
            await heartbeat(report)

    def served(told: dict[str, Any]) -> None:
        traceparent, parent = new_traceparent(told["traceparent"])
        attributes = {name: told[name] for name in ("session", "title", "oca", "bytes")}
        glue.telemetry.record(
            "play.served", traceparent, parent, at=told["started"] + told["ms"] / 1e3,
            ms=told["ms"], kind=SpanKind.SERVER, attributes=attributes,
        )  # fmt: skip

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    appliance = Appliance(
        SITES[settings.service], settings.media, settings.secrets.url,
        on_served=served, on_heartbeat=tell,
    )  # fmt: skip
    await appliance.start(settings.host, settings.port)
    await ended.wait()
    await appliance.close()
    await glue.close()
