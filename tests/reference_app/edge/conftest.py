"""Small services in a registry of their own, for the edge to stand before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from reference_app.settings import Secrets, Settings

from zuulpy import Gateway, Request, Response


class Recorder:
    """Answers with `status` after `seconds`, and keeps what it was asked."""

    def __init__(self, status: int, seconds: float) -> None:
        self.requests: list[Request] = []
        self.status = status
        self.seconds = seconds

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        await asyncio.sleep(self.seconds)
        return Response(self.status, "asked\n")

    def told(self, name: str) -> list[str | None]:
        """What each request said in the header `name`."""
        return [request.headers.get(name) for request in self.requests]


def register(path: Path, ports: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"address": "127.0.0.1", "port": port} for port in ports]))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        run=tmp_path,
        service="gateway",
        name="gateway-1",
        zone="zone-a",
        host="127.0.0.1",
        port=0,
        booth_port=1,
        media=tmp_path,
        secrets=Secrets.make(),
    )


@pytest.fixture
async def start() -> AsyncIterator[Callable[[Gateway], Awaitable[int]]]:
    """Start a gateway; it ends with the test."""
    started: list[Gateway] = []

    async def begin(gateway: Gateway) -> int:
        started.append(gateway)
        return await gateway.start()

    yield begin
    for gateway in started:
        await gateway.stop(0.05)


@pytest.fixture
def service(
    settings: Settings, start: Callable[[Gateway], Awaitable[int]]
) -> Callable[..., Awaitable[Recorder]]:
    """Start an instance of a service, and list it in the registry as the scheduler does."""
    ports: dict[str, list[int]] = {}

    async def begin(name: str, status: int = 200, seconds: float = 0.0) -> Recorder:
        recorder = Recorder(status, seconds)
        gateway = Gateway(name=name)
        gateway.inbound(recorder, order=-2000.0)  # sees headers before shipped filters read them
        listed = ports.setdefault(name, [])
        listed.append(await start(gateway))
        register(Path(settings.registry(name).removeprefix("file:")), listed)
        return recorder

    return begin


@pytest.fixture
def ask() -> Callable[..., Awaitable[int]]:
    """Ask a port as a browser does, with these headers and no more; the answer's status."""

    def exchange(port: int, method: str, path: str, headers: list[tuple[str, str]]) -> int:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.putrequest(method, path)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            return connection.getresponse().status
        finally:
            connection.close()

    async def send(port: int, path: str, *headers: tuple[str, str], method: str = "GET") -> int:
        return await asyncio.to_thread(exchange, port, method, path, list(headers))

    return send
