"""The strip on top of every page: what was promised, and what is true. Pure."""

from __future__ import annotations

from .rates import Rates
from .records import Slo

__all__ = ["slo_topic"]

START_SHARE = 0.99
AVAILABILITY = 99.9
PLAY_P99 = 150.0


def slo_topic(rates: Rates, now: float) -> dict[str, Slo]:
    """Topic ``slo``: values of the last 30 s, one point a second over 60 s.

    - ``starts``: plays answered with an appliance, a second; its target is the plays asked for.
    - ``availability``: share of requests at the load balancer that did not fail, in percent.
    - ``play_p99``: 99th percentile of the play request, in milliseconds.
    """
    return {
        "starts": _starts(rates, now),
        "availability": _availability(rates, now),
        "play_p99": _play_p99(rates, now),
    }


def _starts(rates: Rates, now: float) -> Slo:
    asked = rates.plays.rate(now)
    success = 1.0 if asked.success is None else asked.success
    ok = success >= START_SHARE
    return {
        "label": "Stream starts",
        "unit": "/s",
        "value": round(asked.rps * success, 2),
        "target": round(asked.rps, 2),
        "word": "none asked" if not asked.count else "all start" if success == 1 else "some fail",
        "ok": ok,
        "spark": [round(r.rps * (r.success or 0), 2) for r in rates.plays.series(now)],
    }


def _availability(rates: Rates, now: float) -> Slo:
    rate = rates.requests.rate(now)
    cell: Slo = {
        "label": "Availability",
        "unit": "%",
        "target": AVAILABILITY,
        "word": "no traffic",
        "ok": True,
        "spark": [
            None if r.success is None else round(100 * r.success, 2)
            for r in rates.requests.series(now)
        ],
    }
    if rate.success is not None:
        cell["value"] = round(100 * rate.success, 2)
        cell["ok"] = cell["value"] >= AVAILABILITY
        cell["word"] = "kept" if cell["ok"] else "below target"
    return cell


def _play_p99(rates: Rates, now: float) -> Slo:
    rate = rates.plays.rate(now)
    cell: Slo = {
        "label": "Play p99",
        "unit": "ms",
        "target": PLAY_P99,
        "word": "none asked",
        "ok": True,
        "spark": [None if r.p99 is None else round(r.p99, 1) for r in rates.plays.series(now)],
    }
    if rate.p99 is not None:
        cell["value"] = round(rate.p99, 1)
        cell["ok"] = cell["value"] <= PLAY_P99
        cell["word"] = "kept" if cell["ok"] else "too slow"
    return cell
