"""Reading through the cache, and telling how: the record that the page's lens shows.

Every read-mostly datum takes this way: the nearest zone's copy, else the others', else the service
behind one guarded call, made once however many ask.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from evcache import AsyncEVCache, DeadlineExceededError

from ..glue import CallError
from ..server import current_trace, elapsed_ms
from .calls import UNANSWERED, RefusedError

FRESH = 30
"""Seconds for which a copy is served without asking the service."""
STALE = 3600
"""Seconds after that for which an old copy is better than none."""


def workings(
    service: str,
    command: str,
    begun: float,
    *,
    cache: dict[str, object] | None = None,
    fallback: str | None = None,
) -> dict[str, object]:
    """One record for the page: who answered, from where, how fast, and what stood in."""
    return {
        "service": service,
        "command": command,
        "cache": cache,
        "ms": elapsed_ms(begun),
        "fallback": fallback,
        "trace": current_trace(),
    }


async def read_through(
    cache: AsyncEVCache,
    key: str,
    call: Callable[[], Awaitable[Any]],
    *,
    service: str,
    command: str,
    ttl: int = FRESH,
) -> tuple[Any, dict[str, object]]:
    """The value under `key`, computed by `call` where no copy is fresh, and its workings.

    A copy is fresh for `ttl` seconds. After that one reader computes while the others have the old
    copy; where nobody can compute, everybody has it, for `STALE` seconds more.
    """
    begun = time.perf_counter()
    item = await cache.get_item(key)
    told: dict[str, object] = {"status": item.status.name, "tier": None, "zone": item.zone}
    if item.found:
        told["tier"] = "RAM"
        if item.ttl is None or item.ttl > STALE:
            return item.value, workings(service, command, begun, cache=told)
        told["status"] = "STALE"
    try:
        value = await cache.get_or_compute(key, call, ttl, stale_ttl=STALE)
    except (DeadlineExceededError, *UNANSWERED) as error:
        if item.found and not isinstance(error, RefusedError):
            kept = "the old copy"
            return item.value, workings(service, command, begun, cache=told, fallback=kept)
        if isinstance(error, DeadlineExceededError):
            raise CallError(service, 503) from error
        raise
    return value, workings(service, command, begun, cache=told)
