"""The only file that imports more than one of the four libraries: it wires them to each other.

They meet in plain values. The trace is one `ContextVar`, given to all; finished work comes back as
events and becomes spans; the deadline is hystrixpy's `remaining`, handed to evcache and to the HTTP
client; the idempotency key is carried from the request that came in to every call that goes out.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

import evcache
import hystrixpy
import zuulpy

from .settings import Settings
from .telemetry import OtlpJsonExporter, Telemetry, went_well

trace: ContextVar[str | None] = ContextVar("halation_trace", default=None)
idempotency_key: ContextVar[str | None] = ContextVar("halation_idempotency_key", default=None)


class CallError(Exception):
    """A peer answered with an error, or with nothing."""

    def __init__(self, service: str, status: int, body: Any = None) -> None:
        super().__init__(f"{service} answered {status}")
        self.service, self.status, self.body = service, status, body


LibraryEvent = evcache.Event | hystrixpy.Event | zuulpy.Event


def _exporter(settings: Settings) -> OtlpJsonExporter:
    """To the booth, which asks for the peers' token; strangers are not shown it."""
    if settings.otlp is not None:
        return OtlpJsonExporter(settings.otlp, {})
    url = f"http://127.0.0.1:{settings.booth_port}/v1/traces"
    return OtlpJsonExporter(url, {"x-peer": settings.secrets.peer})


class Glue:
    """What one process has in its hands: its telemetry, the cache, and its peers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.telemetry = Telemetry(
            _exporter(settings),
            service=settings.service,
            instance=settings.name,
            zone=settings.zone,
            trace=trace,
        )
        hystrixpy.instrument(self.observe, trace=trace)
        self.cache = evcache.AsyncEVCache(
            settings.registry("cache"),
            zone=settings.zone,
            prefix="h",
            ttl=3600,
            deadline=seconds_left,
            observer=self.observe,
            trace=trace,
        )
        self._peers: dict[str, Peer] = {}

    def peer(self, service: str) -> Peer:
        """The client for another service; one a process, made at first use."""
        if service not in self._peers:
            self._peers[service] = Peer(self, service)
        return self._peers[service]

    def gateway(self, name: str, zone: str | None) -> zuulpy.Gateway:
        """A gateway whose requests become spans of this process."""
        return zuulpy.Gateway(zone=zone, name=name, observer=self.observe, trace=trace)

    def observe(self, event: LibraryEvent) -> None:
        """Turn the end of a unit of work in a library into a span."""
        noun, _, end = event.name.rpartition("_")
        if end != "stopped" or event.trace is None or event.span is None:
            return
        fields = dict(event.fields)
        ms = float(str(fields.pop("ms", 0.0)))
        ok = went_well(fields)
        self.telemetry.record(
            noun,
            f"00-{event.trace}-{event.span}-01",
            event.parent,
            at=event.at,
            ms=ms,
            ok=ok,
            attributes=fields,
        )

    async def close(self) -> None:
        """Let go of connections and send the last spans."""
        for peer in self._peers.values():
            await peer.close()
        await self.cache.close()
        self.telemetry.close()


def seconds_left() -> float | None:
    """Seconds left of the deadline in force, 0 when it is spent; None where nothing bounds it."""
    try:
        return hystrixpy.remaining()
    except hystrixpy.CommandTimeoutError:
        return 0.0


class Peer:
    """JSON calls to one service, nearest zone first. Retries are the command's that calls it."""

    def __init__(self, glue: Glue, service: str) -> None:
        settings = glue.settings
        self._service = service
        self._origin = zuulpy.Origin(
            service, settings.registry(service), zone=settings.zone, attempts=1
        )
        self._identity = {"x-peer": settings.secrets.peer, "x-caller": settings.name}

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one request and return its JSON, or its text. Raises `CallError` over status 399."""
        headers = {**self._identity, "accept": "application/json"}
        if parent := trace.get():
            headers["traceparent"] = parent
        if key := idempotency_key.get():
            headers["idempotency-key"] = key
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        request = zuulpy.Request(method, path, headers=headers, body=data)
        try:
            response = await self._origin.send(request, deadline=seconds_left)
        except zuulpy.OriginError as error:
            raise CallError(self._service, 503) from error
        kind = response.headers.get("content-type", "")
        answer = json.loads(response.body) if "json" in kind else response.body.decode()
        if response.status >= 400:
            raise CallError(self._service, response.status, answer)
        return answer

    async def close(self) -> None:
        """Close its connections."""
        await self._origin.close()
