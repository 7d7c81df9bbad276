"""The connections to one server, and what is known of it."""

from __future__ import annotations

import asyncio
from typing import Final

from zuulpy.errors import ConnectError
from zuulpy.origins.connection import OriginConnection
from zuulpy.origins.health import Health
from zuulpy.origins.resolvers import Server

MAX_IDLE: Final = 60.0
"""Seconds after which an idle connection is not used again."""
MAX_IDLE_UNSAFE: Final = 2.0
"""The same for a request that cannot be replayed if the server has just closed its end."""
MAX_USES: Final = 1000
"""Requests after which a connection is replaced, so that load moves to new servers."""


class ServerPool:
    """Idle connections (last used first), requests in flight, and the health of one server."""

    def __init__(self, origin: str, server: Server) -> None:
        self.origin = origin
        self.server = server
        self.health = Health()
        self.in_flight = 0
        self._idle: list[OriginConnection] = []
        self._retired = False

    def take_idle(self, now: float, max_idle: float) -> OriginConnection | None:
        """The idle connection that was used last, unless even that is stale at `now`."""
        if not self._idle:
            return None
        connection = self._idle.pop()
        if not connection.stale(now, max_idle):
            return connection
        if connection.stale(now, MAX_IDLE):
            # The others have been idle for longer still.
            connection.abort()
            self.drop_idle()
        else:
            self._idle.append(connection)
        return None

    async def connect(self, within: float) -> OriginConnection:
        """A new connection within so many seconds. Raises `ConnectError`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                _, connection = await loop.create_connection(
                    lambda: OriginConnection(loop, self), self.server.host, self.server.port
                )
        except OSError as error:
            reason = "connect timed out" if isinstance(error, TimeoutError) else "no connection"
            raise ConnectError(self.origin, self.server.address, reason) from error
        return connection

    def give_back(self, connection: OriginConnection) -> None:
        """Keep a connection for the next request, or close one that has served enough."""
        if self._retired or connection.used >= MAX_USES:
            connection.abort()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)

    def forget(self, connection: OriginConnection) -> None:
        """A connection is gone."""
        if connection in self._idle:
            self._idle.remove(connection)

    def drop_idle(self) -> None:
        """Close every idle connection: one was found dead, the others are as old."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.abort()

    def retire(self) -> None:
        """The server is no longer listed: what is in flight ends, nothing is kept."""
        self._retired = True
        self.drop_idle()
