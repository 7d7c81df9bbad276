"""Builds the topics of the stream, and the sentence on each that says what is true now.

Pure functions of tasks, agents, figures, plays, faults and the time. Figures are rounded here: a
patch then carries what a person can see changing, not the last digits of a float.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .instances import LAYERS, Slot, TaskDict, alive_zones
from .rates import CACHE_OF_ZONE, WINDOW, Rate, Report
from .records import (
    BrokenItem,
    BrokenTopic,
    EdgeRate,
    Instance,
    Play,
    PlaysTopic,
    Zone,
    ZonesTopic,
)

__all__ = [
    "RECOVERY",
    "broken_topic",
    "plays_sentence",
    "plays_topic",
    "zones_sentence",
    "zones_topic",
]

RECOVERY = 10.0
"""Seconds that a recovery is shown."""
SILENCE = 3.0
"""Seconds without the scheduler after which the page says so."""
_UNEVEN = 0.1
# Fewer requests than this say nothing about how zones are shared.
_FEW = 10


def zones_topic(
    slots: Sequence[Slot],
    agents: Iterable[TaskDict],
    report: Report,
    *,
    now: float,
    recovered: Mapping[str, float],
    silent_for: float = 0.0,
) -> ZonesTopic:
    """Topic ``zones``.

    Args:
        slots: the instances.
        agents: the scheduler's agents.
        report: figures of the last 30 s.
        now: unix seconds.
        recovered: instance name -> unix seconds when a fault of it ended.
        silent_for: seconds since the scheduler last answered.
    """
    agents = list(agents)
    zones = _zones(slots, agents, report)
    callers, callees = _neighbours(slots, report)
    instances: dict[str, Instance] = {}
    for slot in slots:
        instance = _instance(slot, report.instances.get(slot.name))
        instance["callers"] = callers.get(slot.name, {})
        instance["callees"] = callees.get(slot.name, {})
        if slot.layer == "cache":
            # A cache node tells nothing itself; what it did is what its callers say.
            instance["rps"] = round(sum(e["rps"] for e in instance["callers"].values()), 2)
        if (at := _recovered_at(slot, recovered, now)) is not None:
            instance["recovered_at"] = round(at, 3)
        instances[slot.id] = instance
    runtimes = sorted({str(agent["runtime"]) for agent in agents if agent.get("runtime")})
    return {
        "sentence": zones_sentence(slots, zones, silent_for=silent_for),
        "engine": ", ".join(["titan_sched", *runtimes]),
        "zones": zones,
        "layers": list(LAYERS),
        "instances": instances,
    }


def zones_sentence(
    slots: Sequence[Slot], zones: Mapping[str, Zone], *, silent_for: float = 0.0
) -> str:
    """What is true now: how many run, what does not, where the traffic goes and why."""
    if silent_for > SILENCE:
        return "The scheduler does not answer; what you see is what it last said. Films go on."
    if not slots:
        return "No task is known yet: the scheduler has placed nothing."
    running = sum(slot.running for slot in slots)
    parts = [f"{running} of {len(slots)} tasks run."]
    lost = [zone for zone, told in zones.items() if not told["alive"]]
    if lost:
        parts.append(f"Zone {_listed(lost)} {'is' if len(lost) == 1 else 'are'} down.")
    parts.extend(_troubles([slot for slot in slots if slot.zone not in lost]))
    parts.append(_traffic(slots, zones))
    return " ".join(parts)


def _troubles(slots: Sequence[Slot]) -> list[str]:
    stopped = [slot.name for slot in slots if slot.state == "Started" and slot.stopped]
    starting = [slot.name for slot in slots if slot.state != "Started"]
    return [
        f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {what}."
        for names, what in ((stopped, "stopped"), (starting, "being replaced"))
        if names
    ]


def _traffic(slots: Sequence[Slot], zones: Mapping[str, Zone]) -> str:
    requests = round(WINDOW * sum(told["rps"] for told in zones.values()))
    if not requests:
        return "No traffic in the last 30 s."
    if requests < _FEW:
        return f"Little traffic: {requests} request{'s' * (requests > 1)} in the last 30 s."
    top = max(zones, key=lambda zone: (zones[zone]["share"], zone))
    share = zones[top]["share"]
    if share - 1 / len(zones) <= _UNEVEN:
        return f"Zones {_listed(list(zones))} share the traffic evenly."
    return f"Zone {top} takes {share:.0%} of traffic{_reason(slots, zones, top)}.".replace(
        "%", " %"
    )


def _reason(slots: Sequence[Slot], zones: Mapping[str, Zone], top: str) -> str:
    """Why zone ``top`` has the most; "" where the gateways do not explain it."""
    gateways = dict.fromkeys(zones, 0)
    for slot in slots:
        if slot.layer == "gateway" and slot.running and slot.zone in gateways:
            gateways[slot.zone] += 1
    expected = gateways[top] / max(1, sum(gateways.values()))
    least = min(gateways.values())
    fewer = [zone for zone in zones if gateways[zone] == least < gateways[top]]
    if not fewer or abs(zones[top]["share"] - expected) > _UNEVEN:
        return ""
    missing = gateways[top] - least
    words = f"{missing} gateway{'s' * (missing > 1)} fewer" if least else "no gateway"
    zone, has = ("zone", "has") if len(fewer) == 1 else ("zones", "have")
    return f": {zone} {_listed(fewer)} {has} {words}"


def _listed(names: Sequence[str]) -> str:
    shown = list(names) if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _zones(slots: Sequence[Slot], agents: Iterable[TaskDict], report: Report) -> dict[str, Zone]:
    alive = alive_zones(agents)
    for slot in slots:
        if slot.zone:
            alive.setdefault(slot.zone, slot.running)
    total = sum(rate.count for rate in report.zones.values())
    zones: dict[str, Zone] = {}
    for zone in sorted(alive):
        rate = report.zones.get(zone)
        zones[zone] = {
            "alive": alive[zone],
            "share": round(rate.count / total, 2) if rate else 0.0,
            "rps": round(rate.rps, 2) if rate else 0.0,
        }
    return zones


def _instance(slot: Slot, rate: Rate | None) -> Instance:
    instance: Instance = {
        "name": slot.name,
        "job": slot.job,
        "layer": slot.layer,
        "zone": slot.zone,
        "state": slot.state,
        "stopped": slot.stopped,
        "restarts": slot.restarts,
        "rps": round(rate.rps, 2) if rate else 0.0,
        "callers": {},
        "callees": {},
    }
    if slot.address:
        instance["address"] = slot.address
    if slot.pid is not None:
        instance["pid"] = slot.pid
    if slot.since is not None:
        instance["since"] = round(slot.since, 3)
    if rate is not None and rate.success is not None and rate.p99 is not None:
        instance["success"] = round(rate.success, 4)
        instance["p99ms"] = round(rate.p99, 1)
    return instance


def _recovered_at(slot: Slot, recovered: Mapping[str, float], now: float) -> float | None:
    times = [recovered[slot.name]] if slot.name in recovered else []
    if slot.restarts and slot.since is not None:
        times.append(slot.since)
    recent = [at for at in times if 0 <= now - at <= RECOVERY]
    return max(recent) if slot.running and recent else None


def _neighbours(
    slots: Sequence[Slot], report: Report
) -> tuple[dict[str, dict[str, EdgeRate]], dict[str, dict[str, EdgeRate]]]:
    """Callers and callees of every instance, by names."""
    known = {slot.name for slot in slots}
    by_address = {slot.address: slot.name for slot in slots if slot.address}
    caches: dict[str, list[str]] = {}
    for slot in slots:
        if slot.layer == "cache":
            caches.setdefault(CACHE_OF_ZONE + slot.zone, []).append(slot.name)
    callers: dict[str, dict[str, EdgeRate]] = {}
    callees: dict[str, dict[str, EdgeRate]] = {}
    for (caller, told), rate in report.edges.items():
        callee = told if told in known else by_address.get(told, "")
        if len(caches.get(told, ())) == 1:
            callee = caches[told][0]
        if caller not in known or callee not in known:
            continue
        # A gateway's call is told twice: by its address and by the callee. The caller's own
        # account also has the calls that never arrived, so the one with more calls stands.
        shown = callees.setdefault(caller, {}).get(callee)
        edge = _edge(rate)
        if shown is None or edge["rps"] > shown["rps"]:
            callees[caller][callee] = callers.setdefault(callee, {})[caller] = edge
    return callers, callees


def _edge(rate: Rate) -> EdgeRate:
    edge: EdgeRate = {"rps": round(rate.rps, 2)}
    if rate.success is not None and rate.p99 is not None:
        edge["success"] = round(rate.success, 4)
        edge["p99ms"] = round(rate.p99, 1)
    return edge


def plays_topic(plays: Sequence[Play], now: float) -> PlaysTopic:
    """Topic ``plays``: ``plays`` are newest first, at most 50 are meant."""
    return {
        "sentence": plays_sentence(plays, now),
        "order": [play["trace"] for play in plays],
        "plays": {play["trace"]: play for play in plays},
    }


def plays_sentence(plays: Sequence[Play], now: float) -> str:
    """What is true now: how many plays, which failed where, how long the last took."""
    if not plays:
        return "Nothing was played yet: press Play in the house, and the beam appears here."
    recent = [play for play in plays if now - play["at"] <= 60]
    failed = [play for play in recent if not play["ok"]]
    many = f"{len(recent)} play{'' if len(recent) == 1 else 's'} in the last minute"
    if failed:
        stop = next((s["name"] for s in failed[0]["steps"] if s["state"] == "failed"), "asked")
        verdict = f"{len(failed)} failed, the last at {stop}: {failed[0].get('error', 'failed')}."
        return f"{many}; {verdict}"
    if not recent:
        return f"No play in the last minute; {_last(plays[0])}"
    return f"{many}, none failed; {_last(plays[0])}"


def _last(play: Play) -> str:
    title = play.get("title_name", "an unnamed title")
    reached = [step for step in play["steps"] if step["ms"] is not None]
    took = sum(step["ms"] or 0.0 for step in reached)
    if not play["ok"]:
        return f"the last, {title}, failed."
    if "appliance" not in play:
        return f"the last, {title}, waits for its first segment."
    return f"the last, {title}, took {took:.0f} ms from asked to served by {play['appliance']}."


def broken_topic(items: Iterable[BrokenItem]) -> BrokenTopic:
    """Topic ``broken``: what is broken on purpose, keyed by id."""
    return {"items": {item["id"]: item for item in items}}
