"""Learning of a process's end at once, and of a server's readiness soon."""

from __future__ import annotations

import asyncio
import contextlib
import os

from titan_sched import _process

PROBE_EVERY = 0.02


async def ended(pid: int, start: str | None) -> None:
    """Return when the process has ended, our own child or not.

    Linux tells through a pidfd the moment it happens; elsewhere it is looked at every 50 ms.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        descriptor = None
    if descriptor is None:
        while _process.alive(pid, start):  # noqa: ASYNC110 - nothing here could set an event
            await asyncio.sleep(0.05)
        return
    try:
        # The pid may have been used again before the descriptor pinned it down.
        if _process.start_time(pid) != start:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        loop.add_reader(descriptor, _resolve, done)
        try:
            await done
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


async def accepting(host: str, port: int) -> None:
    """Return when the port accepts a TCP connection; tried every 20 ms."""
    while True:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection(host, port)
            # A connection that met itself is no server (see `ports`).
            itself = writer.get_extra_info("sockname") == writer.get_extra_info("peername")
            writer.transport.abort()
            if not itself:
                return
        await asyncio.sleep(PROBE_EVERY)
