"""What a read finds."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from evcache.errors import EVCacheError


class Status(StrEnum):
    """How a read ended. A miss is an answer; UNAVAILABLE is the lack of one."""

    HIT = "HIT"
    STALE = "STALE"
    MISS = "MISS"
    UNAVAILABLE = "UNAVAILABLE"


class Item(NamedTuple):
    """One read, told whole."""

    value: Any
    """The value; None where there is none."""
    status: Status
    """HIT; STALE, a value that somebody is renewing; MISS; or UNAVAILABLE."""
    zone: str | None = None
    """The zone that answered."""
    ttl: int | None = None
    """Seconds the value has left; None for one that never expires."""
    tier: str | None = None
    """Where in that zone it was: ``ram``."""
    error: EVCacheError | None = None
    """Why it is UNAVAILABLE."""

    @property
    def found(self) -> bool:
        """Whether there is a value, fresh or stale."""
        return self.status is Status.HIT or self.status is Status.STALE

    def __repr__(self) -> str:
        told = "" if self.error is None else f", error={self.error!r}"
        return f"Item({self.value!r}, {self.status}, zone={self.zone!r}, ttl={self.ttl!r}{told})"
