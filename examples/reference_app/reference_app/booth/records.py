"""The shapes the booth sends: what the page's types are made from.

Everything inside a topic can be carried by a merge patch (RFC 7396), so no member is ever null:
what is not known is left out (``NotRequired``). Inside arrays null is safe and is used for gaps.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

__all__ = [
    "BrokenItem",
    "BrokenTopic",
    "EdgeRate",
    "FaultEntry",
    "Instance",
    "Play",
    "PlaysTopic",
    "Slo",
    "SpanRow",
    "Step",
    "TraceDetail",
    "TraceLine",
    "Zone",
    "ZonesTopic",
]


class Zone(TypedDict):
    """A zone: whether its agent lives, its share (0..1) of the traffic, requests a second."""

    alive: bool
    share: float
    rps: float


class EdgeRate(TypedDict):
    """Calls from one instance to another over the last 30 s."""

    rps: float
    success: NotRequired[float]
    p99ms: NotRequired[float]


class Instance(TypedDict):
    """One instance; ``since`` and ``recovered_at`` in unix seconds, the latter for 10 s only."""

    name: str
    job: str
    layer: str
    zone: str
    state: str
    stopped: bool
    restarts: int
    rps: float
    success: NotRequired[float]
    p99ms: NotRequired[float]
    address: NotRequired[str]
    pid: NotRequired[int]
    since: NotRequired[float]
    recovered_at: NotRequired[float]
    callers: dict[str, EdgeRate]
    callees: dict[str, EdgeRate]


class ZonesTopic(TypedDict):
    """Topic ``zones``; instances keyed by task id."""

    sentence: str
    engine: str
    zones: dict[str, Zone]
    layers: list[str]
    instances: dict[str, Instance]


class Step(TypedDict):
    """One stop of the beam; ``ms`` is null until it is reached (it stands in an array)."""

    name: str
    ms: float | None
    state: Literal["done", "failed", "waiting"]


class Play(TypedDict):
    """One play; ``at`` in unix seconds, ``appliance`` once the first segment was served."""

    trace: str
    at: float
    ok: bool
    zone: str
    steps: list[Step]
    session: NotRequired[str]
    title: NotRequired[str]
    title_name: NotRequired[str]
    member: NotRequired[str]
    error: NotRequired[str]
    appliance: NotRequired[str]


class PlaysTopic(TypedDict):
    """Topic ``plays``; ``order`` is newest first."""

    sentence: str
    order: list[str]
    plays: dict[str, Play]


class SpanRow(TypedDict):
    """One line of a waterfall; ``start_ms`` counts from the first span of the trace."""

    id: str
    parent: str | None
    name: str
    service: str
    instance: str
    zone: str
    start_ms: float
    ms: float
    ok: bool
    parallel: bool
    fields: dict[str, object]


class TraceDetail(TypedDict):
    """Answer of ``GET /booth/plays/{trace}``; ``identity`` is the play, or what is known."""

    identity: dict[str, object]
    summary: list[str]
    spans: list[SpanRow]


class TraceLine(TypedDict):
    """One line of ``GET /booth/traces``."""

    trace: str
    at: float
    name: str
    service: str
    ms: float
    spans: int
    ok: bool
    play: bool


class BrokenItem(TypedDict):
    """Something broken on purpose; ``since`` and ``until`` in unix seconds."""

    id: str
    target: str
    action: Literal["kill", "stop"]
    what: str
    consequence: str
    since: float
    until: float


class BrokenTopic(TypedDict):
    """Topic ``broken``."""

    items: dict[str, BrokenItem]


class FaultEntry(TypedDict):
    """Something that can be broken now, and what follows from it."""

    target: str
    kind: Literal["instance", "appliance", "zone"]
    action: Literal["kill", "stop"]
    consequence: str
    seconds: int


class Slo(TypedDict):
    """One cell of the strip; ``spark`` is one value a second, oldest first, null for a gap."""

    label: str
    unit: str
    target: float
    word: str
    ok: bool
    spark: list[float | None]
    value: NotRequired[float]
