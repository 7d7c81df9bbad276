"""Puts the spans of a trace in the order of its waterfall.

Pure. Spans arrive from many processes in any order, some twice (an exporter repeats what was not
acknowledged); the rows depend on the set of spans alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from .collector import Span
from .records import SpanRow

__all__ = ["distinct", "waterfall"]


def distinct(spans: Iterable[Span]) -> list[Span]:
    """Each span id once, by start.

    Of two different spans with one id the one that ended last stands: it is the fuller report.
    """
    kept: dict[str, Span] = {}
    for span in spans:
        known = kept.get(span.span)
        if known is None or _fullness(span) > _fullness(known):
            kept[span.span] = span
    return sorted(kept.values(), key=_order)


def waterfall(spans: Iterable[Span]) -> list[SpanRow]:
    """Rows in tree order: a span, then its children by start.

    A span whose parent never came, or which is its own ancestor, stands as a root with parent
    None. ``parallel`` marks siblings that ran at the same time.
    """
    ordered = distinct(spans)
    if not ordered:
        return []
    known = {span.span for span in ordered}
    children: defaultdict[str | None, list[Span]] = defaultdict(list)
    for span in ordered:
        children[span.parent if span.parent in known else None].append(span)
    origin = ordered[0].start_ns
    parallel = {span.span for group in children.values() for span in _overlapping(group)}
    return [
        _row(span, parent, origin, span.span in parallel)
        for span, parent in _walk(ordered, children)
    ]


def _order(span: Span) -> tuple[int, int, str]:
    return (span.start_ns, span.end_ns, span.span)


def _fullness(span: Span) -> tuple[int, int, str]:
    return (span.end_ns, -span.start_ns, repr(span))


def _walk(
    ordered: Sequence[Span], children: dict[str | None, list[Span]]
) -> Iterator[tuple[Span, str | None]]:
    seen: set[str] = set()
    # After the roots come all spans again: those not seen yet hang in a circle.
    for root in (*children.get(None, ()), *ordered):
        stack: list[tuple[Span, str | None]] = [(root, None)]
        while stack:
            span, parent = stack.pop()
            if span.span in seen:
                continue
            seen.add(span.span)
            yield span, parent
            stack.extend((child, span.span) for child in reversed(children.get(span.span, ())))


def _overlapping(siblings: Sequence[Span]) -> Iterator[Span]:
    """Those of ``siblings`` (by start) that share a moment with another one."""
    reach = -1
    for at, span in enumerate(siblings):
        next_start = siblings[at + 1].start_ns if at + 1 < len(siblings) else None
        if span.start_ns < reach or (next_start is not None and next_start < span.end_ns):
            yield span
        reach = max(reach, span.end_ns)


def _row(span: Span, parent: str | None, origin: int, parallel: bool) -> SpanRow:
    return {
        "id": span.span,
        "parent": parent,
        "name": span.name,
        "service": span.service,
        "instance": span.instance,
        "zone": span.zone,
        "start_ms": round((span.start_ns - origin) / 1e6, 3),
        "ms": round(span.ms, 3),
        "ok": span.ok,
        "parallel": parallel,
        "fields": dict(span.fields),
    }
