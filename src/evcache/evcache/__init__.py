"""A cache replicated over zones: reads come from near, and a lost zone goes unnoticed.

The names below are imported when they are first used: a node of the cache is a process of this
package too, and loads nothing of the client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evcache.aio import AsyncEVCache
    from evcache.client import EVCache
    from evcache.errors import (
        CodecError,
        DeadlineExceededError,
        EVCacheError,
        InvalidKeyError,
        KeyTooLongError,
        LatchNotMetError,
        NodeUnavailableError,
        ProtocolError,
        QueueFullError,
        RefusedError,
    )
    from evcache.events import Event
    from evcache.item import Item, Status
    from evcache.latch import AsyncLatch, Latch

__all__ = [
    "AsyncEVCache",
    "AsyncLatch",
    "CodecError",
    "DeadlineExceededError",
    "EVCache",
    "EVCacheError",
    "Event",
    "InvalidKeyError",
    "Item",
    "KeyTooLongError",
    "Latch",
    "LatchNotMetError",
    "NodeUnavailableError",
    "ProtocolError",
    "QueueFullError",
    "RefusedError",
    "Status",
]

_ROOMS = {
    "AsyncEVCache": "aio",
    "AsyncLatch": "latch",
    "EVCache": "client",
    "Event": "events",
    "Item": "item",
    "Latch": "latch",
    "Status": "item",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'evcache' has no attribute {name!r}")
    found = getattr(import_module(f"evcache.{_ROOMS.get(name, 'errors')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
