"""When a request may be sent again, and how often in all. Pure.

RFC 9110 9.2.2 lets an intermediary repeat only what is idempotent; Zuul 2 repeats whatever it has
buffered, which can charge a card twice.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from zuulpy.message import Request, Response

REPLAYABLE: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))


def may_replay(request: Request, *, unsafe: bool) -> bool:
    """Whether the request can reach an origin twice without harm."""
    return unsafe or request.method in REPLAYABLE or "idempotency-key" in request.headers


def earlier_attempts(request: Request) -> int:
    """`x-attempt` as received: above 1, somebody before us retries and we do not."""
    value = request.headers.get("x-attempt", "1")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 1


def worth_retrying(response: Response, left: float, statuses: Container[int]) -> bool:
    """Whether an answer, of one of `statuses`, may be mended by a retry within `left` seconds."""
    if response.status not in statuses:
        return False
    after = response.headers.get("retry-after")
    if after is None:
        return True
    # A date is further away than any deadline here is worth parsing for.
    return after.isascii() and after.isdigit() and int(after[:9]) <= left


class RetryBudget:
    """Retries as a share of requests, so that an outage is not multiplied by everyone's retries.

    Each request earns `ratio` of a retry, each second `per_second`, up to `reserve` saved; a retry
    costs 1. The reserve lets an origin with little traffic retry at all. Times are seconds.
    """

    __slots__ = ("_at", "_balance", "_per_second", "_ratio", "_reserve")

    def __init__(
        self, ratio: float, now: float, *, reserve: float = 10.0, per_second: float = 1.0
    ) -> None:
        self._ratio = ratio
        self._reserve = reserve
        self._per_second = per_second if ratio else 0.0
        self._balance = reserve if ratio else 0.0
        self._at = now

    def deposit(self, now: float) -> None:
        """Count one request."""
        earned = self._ratio + (now - self._at) * self._per_second
        self._balance = min(self._reserve, self._balance + earned)
        self._at = now

    def withdraw(self) -> bool:
        """Pay for one retry; False: there is nothing left to pay with."""
        if self._balance < 1:
            return False
        self._balance -= 1
        return True
