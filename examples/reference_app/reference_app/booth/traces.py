"""Keeps the last traces in memory, bounded by number, by age and by spans each.

Plays have a quota of their own: one home page brings sixty traces of pictures, which must not push
out the play that is being looked at. What is stored is per process; the booth is one process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from .collector import Span
from .plays import PLAY, SERVED, STEPS, play_of
from .records import Play, TraceLine
from .waterfall import distinct

__all__ = ["TraceStore"]

_PLAY_NAMES = frozenset({PLAY, *STEPS.values()})


class _Entry:
    __slots__ = ("count", "first_seen", "is_play", "play", "spans")

    def __init__(self, first_seen: float) -> None:
        self.first_seen = first_seen
        self.is_play = False
        self.count = 0
        self.play: Play | None = None
        self.spans: dict[str, list[Span]] = {}


class TraceStore:
    """The last traces.

    Args:
        max_plays: traces of plays kept, default 200.
        max_others: other traces kept, default 600.
        max_age: seconds after its first span that a trace is kept, default 900.
        max_spans: spans kept of one trace, default 400; later ones are dropped.
    """

    def __init__(
        self,
        *,
        max_plays: int = 200,
        max_others: int = 600,
        max_age: float = 900.0,
        max_spans: int = 400,
    ) -> None:
        self._limits = {True: max_plays, False: max_others}
        self._max_age = max_age
        self._max_spans = max_spans
        self._entries: dict[bool, OrderedDict[str, _Entry]] = {
            True: OrderedDict(),
            False: OrderedDict(),
        }

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def add(self, spans: Iterable[Span], now: float) -> None:
        """Store ``spans``, which came at ``now`` (unix seconds), and drop what is over a bound."""
        for span in spans:
            entry = self._entry(span.trace, now)
            if entry.count < self._max_spans and span not in entry.spans.get(span.span, ()):
                entry.spans.setdefault(span.span, []).append(span)
                entry.count += 1
                entry.play = None
            if span.name in _PLAY_NAMES and not entry.is_play:
                entry.is_play = True
                self._entries[True][span.trace] = self._entries[False].pop(span.trace)
        self.expire(now)

    def expire(self, now: float) -> None:
        """Drop traces that are too old or too many, oldest first."""
        for is_play, entries in self._entries.items():
            while entries:
                oldest = next(iter(entries.values()))
                if (
                    len(entries) <= self._limits[is_play]
                    and now - oldest.first_seen <= self._max_age
                ):
                    break
                entries.popitem(last=False)

    def get(self, trace: str) -> list[Span]:
        """The spans of ``trace`` by start, each once; empty if the trace is not known."""
        entry = self._find(trace)
        if entry is None:
            return []
        return distinct(span for same in entry.spans.values() for span in same)

    def plays(self, limit: int) -> list[Play]:
        """The last ``limit`` plays, newest first."""
        plays = [self._play(trace, entry) for trace, entry in self._entries[True].items()]
        plays.sort(key=lambda play: (-play["at"], play["trace"]))
        return plays[:limit]

    def lines(self, limit: int) -> list[TraceLine]:
        """The last ``limit`` traces of any kind, newest first."""
        known = [trace for entries in self._entries.values() for trace in entries]
        lines = [_line(self.get(trace)) for trace in known]
        lines.sort(key=lambda line: (-line["at"], line["trace"]))
        return lines[:limit]

    def _entry(self, trace: str, now: float) -> _Entry:
        entry = self._find(trace)
        if entry is None:
            entry = self._entries[False][trace] = _Entry(now)
        return entry

    def _find(self, trace: str) -> _Entry | None:
        return self._entries[True].get(trace) or self._entries[False].get(trace)

    def _play(self, trace: str, entry: _Entry) -> Play:
        if entry.play is None:
            # Built once a change: fifty plays are shown twice a second, and most are at rest.
            entry.play = play_of(trace, self.get(trace))
        return entry.play


def _line(spans: list[Span]) -> TraceLine:
    first = spans[0]
    timed = [span for span in spans if span.name != SERVED] or spans
    return {
        "trace": first.trace,
        "at": first.start,
        "name": first.name,
        "service": first.service,
        "ms": round((max(span.end_ns for span in timed) - first.start_ns) / 1e6, 3),
        "spans": len(spans),
        "ok": all(span.ok for span in spans),
        "play": any(span.name in _PLAY_NAMES for span in spans),
    }
