"""Rolling figures of the last 30 s: per instance, per call from one instance to another, per zone.

Pure: time is an argument. Spans are counted by the second in which they ended, so that the order
of their arrival does not matter; a window is that many whole seconds, the running one included.
Success counts server faults only: an answer of 4xx is a success of the server.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from .collector import Span
from .plays import CACHE_CALL, PLAY, PROXIED, SERVED

__all__ = [
    "BALANCER",
    "CACHE_OF_ZONE",
    "REFUSALS",
    "WINDOW",
    "Rate",
    "Rates",
    "Report",
    "Window",
    "percentile",
]

WINDOW = 30
"""Seconds a rate looks back."""
KEEP = 75
"""Seconds kept: the 60 s of a sparkline, and what exporters may be late."""
BALANCER = "elb"
CACHE_OF_ZONE = "cache of zone "
"""Callee of an edge to a cache node: the client knows which zone's copy answered, no more."""
REFUSALS = frozenset({"not_entitled", "too_many_streams"})
"""A play refused for one of these was answered rightly; it is no failure of the house."""
_SERVER = "http.server"
_MAX_KEYS = 2000
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Rate:
    """Figures of one window: calls a second, share that succeeded (0..1), 99th percentile in ms.

    ``success`` and ``p99`` are None where nothing was called.
    """

    count: int
    rps: float
    success: float | None
    p99: float | None


class _Second:
    __slots__ = ("failures", "ms")

    def __init__(self) -> None:
        self.failures = 0
        self.ms: list[float] = []


class Window:
    """Calls by the second in which they ended."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: defaultdict[int, _Second] = defaultdict(_Second)

    def add(self, at: float, *, ok: bool, ms: float) -> None:
        """Count one call that ended at ``at`` (unix seconds) after ``ms``."""
        second = self._seconds[math.floor(at)]
        second.ms.append(ms)
        second.failures += not ok

    def forget(self, now: float, keep: int = KEEP) -> bool:
        """Drop what is older than ``keep`` seconds; True if nothing is left."""
        for second in [s for s in self._seconds if s <= now - keep]:
            del self._seconds[second]
        return not self._seconds

    def rate(self, now: float, seconds: int = WINDOW) -> Rate:
        """Figures of the last ``seconds`` seconds."""
        last = math.floor(now)
        found = [
            self._seconds[s] for s in range(last - seconds + 1, last + 1) if s in self._seconds
        ]
        ms = [value for second in found for value in second.ms]
        if not ms:
            return Rate(0, 0.0, None, None)
        failures = sum(second.failures for second in found)
        return Rate(len(ms), len(ms) / seconds, 1 - failures / len(ms), percentile(ms, 0.99))

    def series(self, now: float, seconds: int = 60) -> Iterator[Rate]:
        """Figures of each of the last ``seconds`` seconds, oldest first."""
        return (self.rate(now - back, 1) for back in range(seconds - 1, -1, -1))


def percentile(values: Iterable[float], share: float) -> float:
    """Nearest-rank percentile of ``values`` (at least one), ``share`` in 0..1."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One look at all windows: by instance name, by (caller, callee), by zone.

    A callee is an instance's name, the address by which a gateway called it, or
    ``CACHE_OF_ZONE`` and the zone's letter.
    """

    instances: dict[str, Rate]
    edges: dict[tuple[str, str], Rate]
    zones: dict[str, Rate]


class Rates:
    """All windows, fed by spans."""

    def __init__(self) -> None:
        self._instances: dict[str, Window] = {}
        self._edges: dict[tuple[str, str], Window] = {}
        self._zones: dict[str, Window] = {}
        self.requests = Window()
        """Every request at the load balancer."""
        self.plays = Window()
        """Every play that was asked for and not refused."""

    def add(self, spans: Iterable[Span], now: float) -> None:
        """Count ``spans``; one that ended outside what is kept, or in the future, is ignored."""
        for span in spans:
            if now - KEEP < span.end < now + 5:
                self._count(span)

    def _count(self, span: Span) -> None:
        at, ms = span.end, span.ms
        ok = span.ok and (span.http_status or 0) < 500
        if span.name in (PROXIED, _SERVER, SERVED):
            _window(self._instances, span.instance).add(at, ok=ok, ms=ms)
        if span.name == PROXIED:
            if server := span.text("server"):
                _window(self._edges, (span.instance, server)).add(at, ok=ok, ms=ms)
            if span.text("gateway") == BALANCER:
                self.requests.add(at, ok=ok, ms=ms)
                if zone := span.text("zone"):
                    _window(self._zones, zone).add(at, ok=ok, ms=ms)
        elif span.name == _SERVER:
            if caller := span.text("caller"):
                _window(self._edges, (caller, span.instance)).add(at, ok=ok, ms=ms)
        elif span.name == CACHE_CALL:
            if zone := span.text("zone"):
                edge = (span.instance, CACHE_OF_ZONE + zone)
                _window(self._edges, edge).add(at, ok=ok, ms=ms)
        elif span.name == PLAY and span.text("error") not in REFUSALS:
            self.plays.add(at, ok=ok, ms=ms)

    def forget(self, now: float) -> None:
        """Drop what no figure needs any more; to be called every few seconds."""
        self.requests.forget(now)
        self.plays.forget(now)
        _forget(self._instances, now)
        _forget(self._edges, now)
        _forget(self._zones, now)

    def report(self, now: float) -> Report:
        """Figures of the last 30 s; what was not called in them is left out."""
        return Report(
            instances=_rates(self._instances, now),
            edges=_rates(self._edges, now),
            zones=_rates(self._zones, now),
        )


def _window(windows: dict[K, Window], key: K) -> Window:
    window = windows.get(key)
    if window is None:
        if len(windows) >= _MAX_KEYS:
            # Names come over the wire; the oldest goes rather than memory.
            del windows[next(iter(windows))]
        window = windows[key] = Window()
    return window


def _rates(windows: dict[K, Window], now: float) -> dict[K, Rate]:
    rates = {key: window.rate(now) for key, window in windows.items()}
    return {key: rate for key, rate in rates.items() if rate.count}


def _forget(windows: dict[K, Window], now: float) -> None:
    for key in [key for key, window in windows.items() if window.forget(now, WINDOW)]:
        del windows[key]
