"""What can be observed: one pair of events a call, ``call_started`` and ``call_stopped``.

``evcache.call_started`` has the fields `cache`, `op`, `key_prefix` and `keys` (how many).
``evcache.call_stopped`` adds `status`, `zone`, `tier` and `ms`. The status of a read is that of
`Item`; that of a write is ``MET`` or ``NOT_MET``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextvars import ContextVar, Token

_log = logging.getLogger("evcache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    name: str
    """What happened, as ``evcache.call_stopped``."""
    at: float
    """When, in unix seconds."""
    trace: str | None
    """The trace it belongs to: 32 hex digits, or None where the application gave no `trace=`."""
    span: str | None
    """The call itself: 16 hex digits."""
    parent: str | None
    """The span it was called from: 16 hex digits."""
    fields: Mapping[str, object]
    """What is known about it."""


Observer = Callable[[Event], None]


class Call:
    """One call as it is seen from outside: a context manager that tells its start and its stop."""

    __slots__ = ("_begun", "_eyes", "_fields", "_ids", "_token", "status", "tier", "zone")

    def __init__(self, eyes: Eyes, fields: dict[str, object]) -> None:
        self._eyes = eyes
        self._fields = fields
        self._ids: tuple[str | None, str | None, str | None] = (None, None, None)
        self._token: Token[str | None] | None = None
        self._begun = 0.0
        self.status = "ERROR"
        self.zone: str | None = None
        self.tier: str | None = None

    def __enter__(self) -> Call:
        trace = self._eyes.trace
        if trace is not None:
            self._ids = _child_of(trace.get())
            self._token = trace.set(f"00-{self._ids[0]}-{self._ids[1]}-01")
        self._eyes.tell("evcache.call_started", self._ids, self._fields)
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        ms = (time.perf_counter() - self._begun) * 1000.0
        if self._token is not None and self._eyes.trace is not None:
            self._eyes.trace.reset(self._token)
        seen = {"status": self.status, "zone": self.zone, "tier": self.tier, "ms": ms}
        self._eyes.tell("evcache.call_stopped", self._ids, {**self._fields, **seen})


class Eyes:
    """Who watches the calls of one cache: an observer, a trace variable, both or neither.

    `watching` is False when there is neither; callers ask it first, so that nobody pays for
    events that nobody sees.
    """

    __slots__ = ("_name", "_observer", "trace", "watching")

    def __init__(
        self, name: str, observer: Observer | None, trace: ContextVar[str | None] | None
    ) -> None:
        self._name = name
        self._observer = observer
        self.trace = trace
        self.watching = observer is not None or trace is not None

    def call(self, op: str, key: str, keys: int = 1) -> Call:
        """Watch one call. Of the key only what stands before its first colon is told."""
        head, colon, _ = key.partition(":")
        prefix = head[:40] if colon else ""
        return Call(self, {"cache": self._name, "op": op, "key_prefix": prefix, "keys": keys})

    def tell(
        self, name: str, ids: tuple[str | None, str | None, str | None], fields: dict[str, object]
    ) -> None:
        """Hand one event to the observer; one that raises is logged and changes nothing."""
        if self._observer is None:
            return
        trace, span, parent = ids
        event = Event(
            name=name, at=time.time(), trace=trace, span=span, parent=parent, fields=fields
        )
        try:
            self._observer(event)
        except Exception:
            _log.exception("evcache.observer_failed")


def _child_of(parent: str | None) -> tuple[str, str, str | None]:
    """Ids of a new span under a W3C traceparent, or of the first span of a new trace."""
    span = os.urandom(8).hex()
    parts = parent.split("-") if parent else []
    if len(parts) == 4 and len(parts[1]) == 32 and len(parts[2]) == 16:
        return parts[1], span, parts[2]
    return os.urandom(16).hex(), span, None
