"""What can be observed of a command.

`hystrixpy.command_started`, `hystrixpy.command_stopped`: one pair a call (fields `command`,
`group`; on stop also `events`, `ms`, `attempts`, `state`). `hystrixpy.circuit_opened`,
`hystrixpy.circuit_half_opened`, `hystrixpy.circuit_closed`: fields `command`,
`error_percentage`, `volume`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from random import Random

EventType = Literal[
    "SUCCESS",
    "FAILURE",
    "TIMEOUT",
    "BAD_REQUEST",
    "SHORT_CIRCUITED",
    "SEMAPHORE_REJECTED",
    "FALLBACK_SUCCESS",
    "FALLBACK_FAILURE",
    "FALLBACK_REJECTION",
    "FALLBACK_MISSING",
    "EXCEPTION_THROWN",
    "CANCELLED",
]
"""Hystrix's event types, as far as something counts them. EXCEPTION_THROWN is a sum on read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        name: `hystrixpy.<what>`.
        at: unix seconds.
        trace: W3C trace id, 32 hex digits; None when no trace variable was given.
        span: id of this unit of work, 16 hex digits; None likewise.
        parent: span id of the unit of work around this one; None when it is the first.
        fields: data of the event; `ms` is a duration in milliseconds.
    """

    name: str
    at: float
    trace: str | None
    span: str | None
    parent: str | None
    fields: Mapping[str, object]


Observer = Callable[[Event], None]
TraceVar = ContextVar[str | None]


@dataclass(frozen=True, slots=True)
class Unit:
    """The ids of one unit of work (W3C trace context); all None when nobody traces."""

    trace: str | None = None
    span: str | None = None
    parent: str | None = None
    token: Token[str | None] | None = None

    @classmethod
    def start(cls, variable: TraceVar, random: Random) -> Unit:
        """Make this the current span in `variable` until `stop`."""
        trace, parent = _read(variable.get(None))
        trace = trace or f"{random.getrandbits(128) or 1:032x}"
        span = f"{random.getrandbits(64) or 1:016x}"
        return cls(trace, span, parent, variable.set(f"00-{trace}-{span}-01"))

    def stop(self, variable: TraceVar | None) -> None:
        """Give the variable its former value back."""
        if variable is not None and self.token is not None:
            # A coroutine that is thrown away is closed from a context that was never changed.
            with suppress(ValueError):
                variable.reset(self.token)


NO_UNIT = Unit()


def _read(traceparent: str | None) -> tuple[str | None, str | None]:
    """Trace and span id of a traceparent; a malformed one starts a new trace (W3C 3.2)."""
    parts = traceparent.split("-") if traceparent else []
    if len(parts) < 4 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return None, None
    try:
        sound = int(parts[1], 16) and int(parts[2], 16)
    except ValueError:
        return None, None
    return (parts[1], parts[2]) if sound else (None, None)


def tell(
    observer: Observer, name: str, at: float, unit: Unit, fields: Mapping[str, object]
) -> None:
    """Hand an event to the observer. One that raises is logged and never breaks the call."""
    try:
        observer(
            Event(
                name=name,
                at=at,
                trace=unit.trace,
                span=unit.span,
                parent=unit.parent,
                fields=fields,
            )
        )
    except Exception:
        import logging  # 8 ms that a healthy process never pays

        logging.getLogger("hystrixpy").exception("hystrixpy.observer_failed event=%s", name)
