"""What can be broken here, what is broken, and how it comes back.

Pure: this file decides and returns :class:`Order` records, ``console.py`` carries them out. A
``stop`` is reverted by the agent itself after its seconds; a ``kill`` is over when the scheduler
has put another in its place; a killed zone comes back by an order when its time is up.
The booth itself and the zone it runs in are not offered: it must outlive what it breaks, and it
is what brings a zone back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .errors import AlreadyBrokenError, UnknownFaultError
from .instances import Slot, TaskDict, alive_zones
from .records import BrokenItem, FaultEntry

__all__ = ["SECONDS", "Faults", "Order", "catalogue"]

SECONDS = 30
"""Default seconds of a fault."""
_REMEMBERED = 60.0
_OTHERS = {
    "edge": "No page answers until it is back; a film that plays goes on.",
    "gateway": "The load balancer sends every request to the gateways that remain.",
    "apis": "The gateways use the instances that remain; no play should fail.",
    "services": "Calls to it go to the instances that remain.",
    "appliances": "A player that uses it takes the next appliance, with no stall.",
    "cache": "Reads come from the copies in the other zones.",
}
_ALONE = {
    **_OTHERS,
    "gateway": "It is the only gateway: no page answers until it is back; a playing film goes on.",
    "apis": "It is the only one: what it answers fails until it is back; a playing film goes on.",
    "services": "It is the only one: calls to it fall back or fail until it is back.",
    "appliances": "It is the only appliance: films stall when their buffer is used up.",
    "cache": "It is the only copy: reads go to the services behind it.",
}
_ENDS = {
    "kill": "titan_sched puts another in its place.",
    "stop": "It keeps its connections and answers nothing until it may go on.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing to do: send ``signal`` to ``target`` for ``seconds``, or restore a zone.

    ``item`` is the id of the broken item it belongs to; ``signal`` is KILL, STOP, CONT, or
    RESTORE for a zone; ``seconds`` is None where the signal has no end of its own.
    """

    item: str
    target: str
    signal: Literal["KILL", "STOP", "CONT", "RESTORE"]
    seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class _Active:
    item: BrokenItem
    kind: str
    # (id, pid) of what was hit: what runs under another pair is its replacement.
    victims: frozenset[tuple[str, object]] = field(default_factory=frozenset)


def catalogue(slots: Sequence[Slot], agents: Iterable[TaskDict]) -> list[FaultEntry]:
    """Everything that can be broken now: running instances and appliances, living zones."""
    # What has no port is called by nobody: its end has no consequence to show.
    running = [s for s in slots if s.running and s.layer != "booth" and ":" in s.address]
    entries: list[FaultEntry] = []
    for slot in running:
        # Appliances stand in for each other whatever their jobs are called.
        peers = [
            s
            for s in running
            if s.layer == slot.layer
            and (s.job == slot.job or slot.layer in ("appliances", "cache"))
        ]
        said = (_OTHERS if len(peers) > 1 else _ALONE)[slot.layer]
        kind: Literal["instance", "appliance"] = (
            "appliance" if slot.layer == "appliances" else "instance"
        )
        entries.append(_entry(slot.name, kind, "kill", f"{said} {_ENDS['kill']}"))
        entries.append(_entry(slot.name, kind, "stop", f"{said} {_ENDS['stop']}"))
    own = {slot.zone for slot in slots if slot.layer == "booth"}
    zones = [zone for zone, alive in alive_zones(agents).items() if alive]
    for zone in zones if len(zones) > 1 else ():
        if zone not in own:
            lost = sum(slot.zone == zone for slot in running)
            entries.append(_entry(f"zone-{zone}", "zone", "kill", _zone_consequence(lost)))
    return entries


def _entry(
    target: str,
    kind: Literal["instance", "appliance", "zone"],
    action: Literal["kill", "stop"],
    consequence: str,
) -> FaultEntry:
    return {
        "target": target,
        "kind": kind,
        "action": action,
        "consequence": consequence,
        "seconds": SECONDS,
    }


def _zone_consequence(lost: int) -> str:
    instances = "its one instance dies" if lost == 1 else f"its {lost} instances die"
    return (
        f"The agent and {instances} at once; traffic goes to the other zones, "
        "and the zone comes back when the time is up."
    )


class Faults:
    """What is broken on purpose. Its state is this object's; the booth is one process."""

    def __init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._ended: dict[str, float] = {}
        self._made = 0

    def items(self) -> list[BrokenItem]:
        """What is broken now, oldest first."""
        return [active.item for active in self._active.values()]

    def recovered(self) -> Mapping[str, float]:
        """Target -> unix seconds when its last fault ended, for the last minute."""
        return dict(self._ended)

    def begin(
        self,
        target: str,
        action: str,
        seconds: float,
        slots: Sequence[Slot],
        agents: Sequence[TaskDict],
        now: float,
    ) -> Order:
        """Note that ``target`` is to be broken, and return the order that breaks it.

        Raises:
            UnknownFaultError: the catalogue has no such entry now.
            AlreadyBrokenError: a fault of ``target`` is under way.
        """
        for active in self._active.values():
            if active.item["target"] == target:
                raise AlreadyBrokenError(target, active.item["until"])
        entry = next(
            (e for e in catalogue(slots, agents) if (e["target"], e["action"]) == (target, action)),
            None,
        )
        if entry is None:
            raise UnknownFaultError(target, action)
        self._made += 1
        item: BrokenItem = {
            "id": f"{int(now)}-{self._made}",
            "target": target,
            "action": entry["action"],
            "what": _what(entry),
            "consequence": entry["consequence"],
            "since": round(now, 3),
            "until": round(now + seconds, 3),
        }
        victims = _standing(target, entry["kind"], slots, agents)
        self._active[item["id"]] = _Active(item=item, kind=entry["kind"], victims=victims)
        # A dead process has nothing to go back to; only a stop carries its seconds.
        span = seconds if action == "stop" else None
        signal: Literal["KILL", "STOP"] = "KILL" if action == "kill" else "STOP"
        return Order(item=item["id"], target=target, signal=signal, seconds=span)

    def due(self, slots: Sequence[Slot], agents: Sequence[TaskDict], now: float) -> list[Order]:
        """End what is over, and return the orders that bring back zones whose time is up.

        An item with an order stays until :meth:`finish`.
        """
        orders: list[Order] = []
        for id, active in list(self._active.items()):
            item = active.item
            back = item["action"] == "kill" and bool(
                _standing(item["target"], active.kind, slots, agents) - active.victims
            )
            if back or (now >= item["until"] and active.kind != "zone"):
                self.finish(id, now)
            elif now >= item["until"]:
                orders.append(Order(item=id, target=item["target"], signal="RESTORE"))
        self._ended = {t: at for t, at in self._ended.items() if now - at <= _REMEMBERED}
        return orders

    def restore(self) -> list[Order]:
        """The orders that end everything now; a killed instance needs none, it has its successor.

        Items without an order are to be finished like the others.
        """
        orders: list[Order] = []
        for id, active in self._active.items():
            target = active.item["target"]
            if active.kind == "zone":
                orders.append(Order(item=id, target=target, signal="RESTORE"))
            elif active.item["action"] == "stop":
                orders.append(Order(item=id, target=target, signal="CONT"))
        return orders

    def finish(self, id: str, now: float) -> None:
        """The fault ``id`` is over since ``now``."""
        active = self._active.pop(id, None)
        if active is not None:
            self._ended[active.item["target"]] = now

    def forget(self, id: str) -> None:
        """The fault ``id`` never came to be: its order failed."""
        self._active.pop(id, None)


def _standing(
    target: str, kind: str, slots: Sequence[Slot], agents: Sequence[TaskDict]
) -> frozenset[tuple[str, object]]:
    """(id, pid) of what stands for ``target`` now."""
    if kind == "zone":
        living = (
            agent
            for agent in agents
            if f"zone-{agent.get('zone')}" == target and any(alive_zones([agent]).values())
        )
        return frozenset((str(agent.get("id")), agent.get("pid")) for agent in living)
    return frozenset((s.id, s.pid) for s in slots if s.name == target and s.running)


def _what(entry: FaultEntry) -> str:
    if entry["kind"] == "zone":
        return f"{entry['target'].replace('-', ' ')} was killed"
    return f"{entry['target']} was {'killed' if entry['action'] == 'kill' else 'stopped'}"
