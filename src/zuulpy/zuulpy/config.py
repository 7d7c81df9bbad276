"""Settings of listeners and origins: frozen, checked when they are made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from zuulpy.errors import ConfigError

Balance = Literal["zone_first", "round_robin"]
BALANCES = ("zone_first", "round_robin")


def positive(key: str, value: float) -> None:
    """Refuse what is not a number above 0 (bool included: True is no duration)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ConfigError(key, value, "a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may ask of a gateway before it is turned away."""

    head_bytes: int = 65_536
    """Request line and headers, bytes; more is 431."""
    head_fields: int = 128
    """Header lines; more is 431."""
    body_bytes: int = 1_048_576
    """Request body, bytes, held in memory so that it can be replayed; more is 413."""
    head_seconds: float = 10.0
    """Time to send a whole head, from its first byte, seconds; then 408."""
    body_seconds: float = 30.0
    """Time to send a whole body, seconds; then 408."""
    idle_seconds: float = 75.0
    """Time between two requests of one connection, seconds; then it is closed."""
    write_seconds: float = 30.0
    """Time a client may take no byte of a waiting answer, seconds; then it is cut off."""

    def __post_init__(self) -> None:
        for key in self.__slots__:
            positive(key, getattr(self, key))


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginConfig:
    """How an origin is called. Durations in seconds."""

    attempts: int = 2
    """Tries in all, the first included."""
    connect_timeout: float = 0.5
    """One connection attempt."""
    try_timeout: float = 2.0
    """One try, from choosing a server to the head of the answer."""
    timeout: float = 10.0
    """The whole call: all tries and the whole body."""
    max_per_server: int = 50
    """Requests in flight to one server, each on a connection of its own."""
    retry_budget: float = 0.1
    """Retries as a share of requests (plus a small reserve, see `origins.retry.RetryBudget`)."""
    retry_unsafe: bool = False
    """Replay POST and PATCH without an Idempotency-Key too."""
    retry_statuses: Collection[int] = (502, 503, 504)
    """Statuses retried like a reset; none: every answer is final. For an origin that retries too,
    so that a failure behind it is not multiplied here."""
    balance: Balance = "zone_first"
    """Own zone while it has a healthy server, or all zones alike."""
    body_bytes: int = 16_777_216
    """Answer body held in memory by `send()` without `stream=True` and by `read()`, bytes."""

    def __post_init__(self) -> None:
        for key in ("attempts", "max_per_server", "body_bytes"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(key, value, "an integer of 1 or more")
        for key in ("connect_timeout", "try_timeout", "timeout"):
            positive(key, getattr(self, key))
        if isinstance(self.retry_budget, bool) or not 0 <= self.retry_budget <= 1:
            raise ConfigError("retry_budget", self.retry_budget, "a share from 0 to 1")
        if not isinstance(self.retry_unsafe, bool):
            raise ConfigError("retry_unsafe", self.retry_unsafe, "true or false")
        statuses = self.retry_statuses
        if not isinstance(statuses, (tuple, list, set, frozenset)) or not all(
            type(status) is int and 400 <= status <= 599 for status in statuses
        ):
            raise ConfigError("retry_statuses", statuses, "a collection of 400 to 599")
        if self.balance not in BALANCES:
            raise ConfigError("balance", self.balance, " or ".join(BALANCES))
