"""Reads a play out of its trace: the beam's five steps, who and what, and its story in sentences.

Pure functions of spans. The steps carry the design's names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .collector import Span
from .records import Play, Step, TraceDetail
from .waterfall import waterfall

__all__ = ["CACHE_CALL", "PLAY", "PROXIED", "SERVED", "STEPS", "detail", "play_of", "summary"]

PLAY = "play"
SERVED = "play.served"
PROXIED = "zuulpy.request"
CACHE_CALL = "evcache.call"
STEPS = {
    "asked": "play.asked",
    "allowed": "play.allowed",
    "files chosen": "play.files_chosen",
    "steered": "play.steered",
    "served": SERVED,
}


def play_of(trace: str, spans: Sequence[Span]) -> Play:
    """The play that ``spans`` (one trace, by start, at least one) tell of, as far as they do."""
    # A repeated POST or a second appliance adds later spans of the same name; the first counts.
    first: dict[str, Span] = {}
    for span in spans:
        first.setdefault(span.name, span)
    root = first.get(PLAY)
    told = [first[name] for name in (PLAY, *STEPS.values()) if name in first]
    start = root or min(told or spans, key=lambda span: span.start_ns)
    steps = _steps(first, failed=root is not None and not root.ok)
    play: Play = {
        "trace": trace,
        "at": round(start.start, 3),
        "ok": all(span.ok for span in told),
        "zone": start.zone,
        "steps": steps,
    }
    if session := _told(told, "session"):
        play["session"] = session
    if title := _told(told, "title"):
        play["title"] = title
        play["title_name"] = _told(told, "title_name") or title
    if member := _told(told, "member"):
        play["member"] = member
    if not play["ok"]:
        play["error"] = _told(told, "error") or "failed"
    if SERVED in first and (appliance := first[SERVED].text("oca") or first[SERVED].instance):
        play["appliance"] = appliance
    return play


def detail(trace: str, spans: Sequence[Span]) -> TraceDetail:
    """Everything about one trace: identity, summary and waterfall.

    The identity of a play is its :class:`Play`; of another trace its first span.
    """
    identity: dict[str, object]
    if any(span.name == PLAY or span.name in STEPS.values() for span in spans):
        identity = {**play_of(trace, spans)}
    else:
        first = spans[0]
        identity = {
            "trace": trace,
            "at": round(first.start, 3),
            "ok": all(span.ok for span in spans),
            "zone": first.zone,
            "name": first.name,
        }
    return {"identity": identity, "summary": summary(spans), "spans": waterfall(spans)}


def summary(spans: Sequence[Span]) -> list[str]:
    """At most six sentences, one a level, from the load balancer down to the appliance."""
    levels: tuple[Callable[[Sequence[Span]], str], ...] = (
        _balancer,
        _gateway,
        _api,
        _commands,
        _cache,
        _appliance,
    )
    return [sentence for level in levels if (sentence := level(spans))]


def _told(spans: Sequence[Span], field: str) -> str:
    return next((text for span in spans if (text := span.text(field))), "")


def _steps(first: dict[str, Span], *, failed: bool) -> list[Step]:
    steps: list[Step] = []
    for name, span_name in STEPS.items():
        span = first.get(span_name)
        if span is None:
            steps.append({"name": name, "ms": None, "state": "waiting"})
        else:
            ms = round(span.ms, 1)
            steps.append({"name": name, "ms": ms, "state": "done" if span.ok else "failed"})
    if failed and all(step["state"] != "failed" for step in steps):
        # The play failed between two stops: the first one it did not reach is where.
        for step in steps:
            if step["state"] == "waiting":
                step["state"] = "failed"
                break
    return steps


def _proxied(spans: Sequence[Span], *, balancer: bool) -> Span | None:
    return next(
        (s for s in spans if s.name == PROXIED and (s.text("gateway") == "elb") == balancer), None
    )


def _balancer(spans: Sequence[Span]) -> str:
    span = _proxied(spans, balancer=True)
    if span is None:
        return ""
    where = f"zone {span.text('zone')}" if span.text("zone") else "no zone"
    return f"The load balancer chose {where} and answered {_status(span)} after {_ms(span.ms)}."


def _gateway(spans: Sequence[Span]) -> str:
    span = _proxied(spans, balancer=False)
    if span is None:
        return ""
    route, server = span.text("route"), span.text("server")
    tries = span.text("attempts") or "1"
    return (
        f"{_who(span)} took it{f' by route {route}' if route else ''}"
        f"{f' to {server}' if server else ''} in {_count(int(tries), 'attempt')}, {_ms(span.ms)}."
        if tries.isdigit()
        else f"{_who(span)} answered {_status(span)} after {_ms(span.ms)}."
    )


def _api(spans: Sequence[Span]) -> str:
    span = next((s for s in spans if s.name == PLAY), None)
    if span is None:
        served = next((s for s in spans if s.name == "http.server"), None)
        return f"{_who(served)} answered {_status(served)}, {_ms(served.ms)}." if served else ""
    first: dict[str, Span] = {}
    for step in spans:
        first.setdefault(step.name, step)
    stops = [
        f"{name} {_ms(first[span_name].ms)}"
        for name, span_name in STEPS.items()
        if span_name in first and span_name != SERVED
    ]
    said = f": {', '.join(stops)}" if stops else ""
    verdict = "" if span.ok else f" It failed: {span.text('error') or 'no reason given'}."
    return f"{_who(span)} worked {_ms(span.ms)}{said}.{verdict}"


def _commands(spans: Sequence[Span]) -> str:
    commands = [span for span in spans if span.name == "hystrixpy.command"]
    if not commands:
        return ""
    fell = [span.text("command") for span in commands if "FALLBACK_SUCCESS" in span.text("events")]
    failed = [span.text("command") for span in commands if not span.ok]
    slowest = max(commands, key=lambda span: (span.end_ns - span.start_ns, span.span))
    if failed:
        verdict = f"{', '.join(sorted(set(failed)))} failed"
    elif fell:
        verdict = f"{', '.join(sorted(set(fell)))} fell back"
    else:
        verdict = "all succeeded"
    return (
        f"{_count(len(commands), 'guarded call')}: {verdict}; "
        f"the slowest was {slowest.text('command') or 'unnamed'}, {_ms(slowest.ms)}."
    )


def _cache(spans: Sequence[Span]) -> str:
    calls = [span for span in spans if span.name == CACHE_CALL]
    if not calls:
        return ""
    hits = sum(span.text("status") == "HIT" for span in calls)
    tiers = sorted(
        {
            " ".join(filter(None, (s.text("tier"), s.text("zone") and f"zone {s.text('zone')}")))
            for s in calls
            if s.text("status") == "HIT"
        }
        - {""}
    )
    source = f" ({', '.join(tiers)})" if tiers else ""
    return f"{_count(len(calls), 'cache call')}: {_count(hits, 'hit')}{source}."


def _appliance(spans: Sequence[Span]) -> str:
    span = next((s for s in spans if s.name == SERVED), None)
    if span is None:
        return ""
    size = span.text("bytes")
    amount = f", {int(size) / 1000:,.0f} kB" if size.isdigit() else ""
    return f"{span.text('oca') or _who(span)} served the first segment{amount}, {_ms(span.ms)}."


def _who(span: Span) -> str:
    return span.instance or span.service or "an unnamed process"


def _status(span: Span) -> str:
    status = span.http_status
    return str(status) if status is not None else "well" if span.ok else "with an error"


def _ms(ms: float) -> str:
    return f"{ms:.0f} ms" if ms >= 9.95 else f"{ms:.1f} ms"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
