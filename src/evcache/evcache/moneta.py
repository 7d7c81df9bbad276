"""Moneta: a node of the cache as a process of its own, in memory, on asyncio.

It speaks memcached's meta and classic protocols, so any memcached client can use it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from functools import partial
from typing import cast

from evcache.dialect import Session
from evcache.stores.memory import MemoryStore


class Connection(asyncio.Protocol):
    """One client. It is not read while it does not take its replies."""

    def __init__(self, store: MemoryStore, clients: set[asyncio.BaseTransport]) -> None:
        self._session = Session(store, time.monotonic, time.time)
        self._clients = clients
        self._transport: asyncio.Transport
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._clients.add(transport)

    def data_received(self, data: bytes) -> None:
        """Execute what is whole and answer."""
        session = self._session
        self._transport.write(session.feed(data))
        while session.waiting and not self._full:
            self._transport.write(session.feed(b""))
        if session.closing:
            self._transport.close()

    def pause_writing(self) -> None:
        """The client does not take its replies: read no further commands."""
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It does again: go on with what was received before."""
        self._full = False
        self._transport.resume_reading()
        if self._session.waiting:
            self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._clients.discard(self._transport)


async def serve(host: str, port: int, memory: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        host: address to listen on.
        port: port; 0 takes a free one. ``listening on host:port`` tells it on stdout.
        memory: bytes for all items.

    Raises:
        OSError: the address cannot be listened on.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows: there KeyboardInterrupt ends it.
            break
    clients: set[asyncio.BaseTransport] = set()
    store = MemoryStore(memory, time.monotonic)
    server = await loop.create_server(partial(Connection, store, clients), host, port)
    bound = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"listening on {host}:{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()
    for transport in list(clients):
        transport.close()
    await asyncio.sleep(0)
