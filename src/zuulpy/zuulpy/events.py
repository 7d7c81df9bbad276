"""What can be observed: events, and the span of the unit of work that they belong to."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass

_log = logging.getLogger("zuulpy")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Events of a unit of work come as `*_started` and `*_stopped`."""

    name: str
    """`zuulpy.request_started`, `zuulpy.request_stopped`, `zuulpy.request_rejected`."""
    at: float
    """Unix time, seconds."""
    trace: str | None
    """32 hex digits; None when the gateway was given no trace variable."""
    span: str | None
    """16 hex digits, of this unit of work."""
    parent: str | None
    """16 hex digits, of the unit of work that caused it."""
    fields: Mapping[str, object]
    """Data; a `*_stopped` event has `ms`."""


Observer = Callable[[Event], None]


class Span:
    """One unit of work under way, made by `Emitter.start`."""

    __slots__ = ("fields", "noun", "parent", "span", "started", "token", "trace")

    def __init__(self, noun: str, fields: dict[str, object]) -> None:
        self.noun = noun
        self.fields = fields
        self.trace: str | None = None
        self.span: str | None = None
        self.parent: str | None = None
        self.token: Token[str | None] | None = None
        self.started = 0.0


class Emitter:
    """Hands events to an observer and keeps the trace variable (W3C Trace Context, level 1).

    `clock` gives unix seconds, `timer` monotonic seconds, `bits(n)` n random bits.
    """

    def __init__(
        self,
        observer: Observer | None,
        trace: ContextVar[str | None] | None,
        *,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
        bits: Callable[[int], int] = random.getrandbits,
    ) -> None:
        self.active = observer is not None or trace is not None
        self._observer = observer
        self._trace = trace
        self._clock = clock
        self._timer = timer
        self._bits = bits

    def start(self, noun: str, inbound: str | None, fields: dict[str, object]) -> Span:
        """Open a unit of work; `inbound` is the caller's traceparent, if it sent one."""
        span = Span(noun, fields)
        span.started = self._timer()
        if self._trace is not None:
            found = _TRACEPARENT.fullmatch(inbound or self._trace.get() or "")
            span.trace = found[1] if found else f"{self._bits(128) or 1:032x}"
            span.parent = found[2] if found else None
            span.span = f"{self._bits(64) or 1:016x}"
            span.token = self._trace.set(f"00-{span.trace}-{span.span}-01")
        self.emit(f"zuulpy.{noun}_started", fields, span)
        return span

    def stop(self, span: Span, fields: dict[str, object]) -> None:
        """Close a unit of work: `fields` are added to those it was opened with."""
        ms = (self._timer() - span.started) * 1000
        self.emit(f"zuulpy.{span.noun}_stopped", {**span.fields, **fields, "ms": ms}, span)
        if self._trace is not None and span.token is not None:
            self._trace.reset(span.token)

    def emit(self, name: str, fields: Mapping[str, object], span: Span | None = None) -> None:
        """Tell the observer; what it raises is logged and goes no further."""
        if self._observer is None:
            return
        ids = (span.trace, span.span, span.parent) if span else (None, None, None)
        event = Event(
            name=name, at=self._clock(), trace=ids[0], span=ids[1], parent=ids[2], fields=fields
        )
        try:
            self._observer(event)
        except Exception:
            _log.exception("zuulpy.observer_failed")
