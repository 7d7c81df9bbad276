"""Uvicorn for the booth: it ends the open streams before it waits for them."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette

from .hub import Hub

__all__ = ["BoothServer"]


class BoothServer(uvicorn.Server):
    """A server of one booth; ``run()`` serves until SIGTERM or SIGINT.

    Without this a shutdown waits for readers of the stream, who never leave by themselves.

    Args:
        app: what :func:`~reference_app.booth.app.booth_app` made.
        host: address to listen on, default 127.0.0.1.
        port: 0 for any free one.
    """

    def __init__(self, app: Starlette, *, host: str = "127.0.0.1", port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._hub: Hub = app.state.hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then as uvicorn does."""
        self._hub.close()
        await super().shutdown(sockets)
