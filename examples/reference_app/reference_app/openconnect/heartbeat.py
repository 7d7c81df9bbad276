"""What an appliance tells the control plane twice a second, as a record and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Literal, TypeVar, get_args

from .errors import HeartbeatError
from .networks import KINDS, Place, Route

Health = Literal["ok", "failing", "closing"]
HEALTHS: tuple[Health, ...] = get_args(Health)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """One appliance as it was at `at` (unix seconds). Load and capacity in Mbit/s."""

    name: str
    zone: str
    host: str
    port: int
    health: Health
    place: Place
    routes: tuple[Route, ...]
    contents: frozenset[str]
    capacity_mbit: float
    load_mbit: float
    connections: int
    at: float

    def as_json(self) -> dict[str, Any]:
        """The form in which it travels."""
        return {
            "name": self.name,
            "zone": self.zone,
            "host": self.host,
            "port": self.port,
            "health": self.health,
            "place": {
                "name": self.place.name,
                "latitude": self.place.latitude,
                "longitude": self.place.longitude,
            },
            "routes": [{"prefix": str(r.prefix), "kind": r.kind} for r in self.routes],
            "contents": sorted(self.contents),
            "capacity_mbit": self.capacity_mbit,
            "load": {"mbit": self.load_mbit, "connections": self.connections},
            "at": self.at,
        }

    @classmethod
    def from_json(cls, data: object) -> Heartbeat:
        """Read one from the wire. Raises `HeartbeatError` naming the field that is wrong."""
        beat = _is(data, dict, "heartbeat")
        load = _get(beat, "load", dict)
        health = _get(beat, "health", str)
        if health not in HEALTHS:
            raise HeartbeatError("health", f"{health!r} is none of {', '.join(HEALTHS)}")
        titles = _get(beat, "contents", list)
        return cls(
            name=_get(beat, "name", str),
            zone=_get(beat, "zone", str),
            host=_get(beat, "host", str),
            port=_get(beat, "port", int),
            health=health,
            place=_place(_get(beat, "place", dict)),
            routes=tuple(_route(route) for route in _get(beat, "routes", list)),
            contents=frozenset(_is(title, str, "contents") for title in titles),
            capacity_mbit=_number(beat, "capacity_mbit"),
            load_mbit=_number(load, "mbit"),
            connections=_get(load, "connections", int),
            at=_number(beat, "at"),
        )


def _is(value: object, kind: type[_T], field: str) -> _T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise HeartbeatError(field, f"{value!r} is no {kind.__name__.lower()}")
    return value


def _get(data: Mapping[str, object], field: str, kind: type[_T]) -> _T:
    return _is(data.get(field), kind, field)


def _number(data: Mapping[str, object], field: str) -> float:
    value = data.get(field)
    return float(value) if isinstance(value, int) else _is(value, float, field)


def _place(data: Mapping[str, object]) -> Place:
    return Place(
        name=_get(data, "name", str),
        latitude=_number(data, "latitude"),
        longitude=_number(data, "longitude"),
    )


def _route(data: object) -> Route:
    route = _is(data, dict, "routes")
    kind = _get(route, "kind", str)
    if kind not in KINDS:
        raise HeartbeatError("routes", f"{kind!r} is none of {', '.join(KINDS)}")
    try:
        prefix = ip_network(_get(route, "prefix", str))
    except ValueError as error:
        raise HeartbeatError("routes", str(error)) from error
    return Route(prefix=prefix, kind=kind)
