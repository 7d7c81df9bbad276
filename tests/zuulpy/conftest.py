"""Real small servers to stand in front of, and raw sockets to speak to a gateway with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from zuulpy import Gateway

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"


class Upstream:
    """An origin server on a real socket whose every answer is scripted.

    `script(n)` gives, for the n-th request (from 1), the bytes to answer with, or "reset", "close"
    or "hang". `requests` are (head, body) as they came, `connections` how many were accepted.
    """

    def __init__(self, script: Callable[[int], bytes | str]) -> None:
        self.script = script
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self.port = 0
        self.released = asyncio.Event()
        self.asked = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def header(self, index: int, name: str) -> str | None:
        for line in self.requests[index][0].split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.released.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass  # stop() ends what hangs; the streams module would log it as a failure
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            (
                int(line.split(":")[1])
                for line in head.lower().split("\r\n")
                if line.startswith("content-length:")
            ),
            0,
        )
        self.requests.append((head, await reader.readexactly(length)))
        self.asked.set()
        answer = self.script(len(self.requests))
        if answer == "hang":
            await self.released.wait()
            return False
        if answer == "reset":
            writer.transport.abort()
            return False
        if answer == "close":
            return False
        assert isinstance(answer, bytes)
        writer.write(answer)
        await writer.drain()
        return b"connection: close" not in answer


StartUpstream = Callable[..., Awaitable[Upstream]]
Serve = Callable[[Gateway], Awaitable[int]]
Raw = Callable[..., Awaitable[bytes]]


@pytest.fixture
async def upstream() -> AsyncIterator[StartUpstream]:
    started: list[Upstream] = []

    async def start(script: Callable[[int], bytes | str] | bytes | str = OK) -> Upstream:
        one = Upstream(script if callable(script) else lambda n: script)
        started.append(one)
        await one.start()
        return one

    yield start
    for one in started:
        await one.stop()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    started: list[Gateway] = []

    async def start(gateway: Gateway) -> int:
        started.append(gateway)
        return await gateway.start()

    yield start
    for gateway in started:
        await gateway.stop(0.05)


@pytest.fixture
async def raw() -> Raw:
    """Send bytes (in pieces, if several) to a port; everything that comes back until the end."""

    async def exchange(port: int, *pieces: bytes, half_close: bool = True) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if half_close:
                writer.write_eof()
            async with asyncio.timeout(5):
                return await reader.read()
        finally:
            writer.close()

    return exchange


@pytest.fixture
async def dead_address() -> str:
    """An address where nothing listens."""
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"127.0.0.1:{port}"


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test runs on both loops: their transports differ where it hurts."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "asyncio": asyncio.new_event_loop
    }
    with contextlib.suppress(ImportError):  # no uvloop on Windows
        import uvloop

        factories["uvloop"] = uvloop.new_event_loop
    return factories
