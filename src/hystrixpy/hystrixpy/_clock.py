"""Time as an argument: what a command reads and waits by."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


async def _sleep_async(seconds: float) -> None:
    import asyncio  # half of the package's import time, and sync code needs none

    await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The four things that need time.

    Attributes:
        now: monotonic seconds; `perf_counter` is the cheapest.
        wall: unix seconds, for the `at` of events.
        sleep: block the thread, in seconds.
        sleep_async: suspend the task, in seconds.
    """

    now: Callable[[], float] = time.perf_counter
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = _sleep_async
