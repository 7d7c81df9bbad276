"""How many calls may be in progress at once (Hystrix: SEMAPHORE isolation)."""

from __future__ import annotations


class Bulkhead:
    """A list of tokens: `pop` and `append` are atomic and the cheapest semaphore there is.

    Attributes:
        limit: calls at once.
        take: pops a token; IndexError when there is none.
        give: gives a token (any value) back.
    """

    __slots__ = ("_free", "give", "limit", "take")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free: list[None] = [None] * limit
        self.take = self._free.pop
        self.give = self._free.append

    @property
    def in_use(self) -> int:
        """Calls in progress."""
        return self.limit - len(self._free)

    def admit(self) -> bool:
        """Take a token; False when there is none."""
        try:
            self.take()
        except IndexError:
            return False
        return True
