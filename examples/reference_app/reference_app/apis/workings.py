"""Reading through the cache, and telling how: the record that the page's lens shows.

Every read-mostly datum takes this way: the nearest zone's copy, else the others', else the service
behind one guarded call, made once however many ask.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from evcache import AsyncEVCache

from ..server import current_trace, elapsed_ms

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
    """The value under `key`, computed by `call` where no copy is fresh, and its workings."""
    begun = time.perf_counter()
    item = await cache.get_item(key)
    status = item.status.name
    told: dict[str, object] = {"status": status, "tier": "RAM", "zone": item.zone}
    if status == "HIT":
        return item.value, workings(service, command, begun, cache=told)
    value = await cache.get_or_compute(key, call, ttl, stale_ttl=STALE)
    return value, workings(service, command, begun, cache=told)
