"""Items in memory, the least recently used leaving first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

OVERHEAD = 400
"""Bytes an item costs beside its key and value in CPython; counted, so that the bound is true."""


class Stored:
    """One item. `expires` is a time of the store's clock, None never."""

    __slots__ = ("cas", "expires", "flags", "leased", "stale", "value")

    def __init__(self, value: bytes, flags: int, expires: float | None, cas: int) -> None:
        self.value = value
        self.flags = flags
        self.expires = expires
        self.cas = cas
        self.leased = False
        self.stale = False


class MemoryStore:
    """A bounded mapping of bytes with expiry.

    Args:
        limit: bytes that all items together may cost, their overhead included.
        clock: monotonic seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.size = 0
        self.evictions = 0
        self._clock = clock
        self._items: OrderedDict[bytes, Stored] = OrderedDict()
        self._cas = 0

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: bytes) -> Stored | None:
        """The live item under a key, which then is the last to leave."""
        item = self._items.get(key)
        if item is None:
            return None
        if item.expires is not None and item.expires <= self._clock():
            self.delete(key)
            return None
        self._items.move_to_end(key)
        return item

    def set(self, key: bytes, value: bytes, flags: int, expires: float | None) -> Stored:
        """Put an item in the place of any other; others leave until it fits."""
        self.delete(key)
        self._cas += 1
        item = self._items[key] = Stored(value, flags, expires, self._cas)
        self.size += len(key) + len(value) + OVERHEAD
        while self.size > self.limit and len(self._items) > 1:
            oldest, gone = self._items.popitem(last=False)
            self.size -= len(oldest) + len(gone.value) + OVERHEAD
            self.evictions += 1
        return item

    def renew(self, item: Stored) -> None:
        """Give an item a new version: whoever read the old one may not replace it any more."""
        self._cas += 1
        item.cas = self._cas

    def delete(self, key: bytes) -> bool:
        """Remove an item; whether there was one."""
        item = self._items.pop(key, None)
        if item is None:
            return False
        self.size -= len(key) + len(item.value) + OVERHEAD
        return True

    def clear(self) -> None:
        """Remove everything."""
        self._items.clear()
        self.size = 0
