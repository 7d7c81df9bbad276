"""Which appliances a viewer is sent to: a pure ranking, and the signed URLs made of it.

The order follows what the design of Open Connect says of its steering: among appliances that have
the title and are well, the longest announced prefix around the viewer wins, then the preferred kind
of connection (inside the provider, private peering, public peering), then geography, then load.
Equal ones are told apart by a hash of title and appliance, so that each title keeps its place.

Not in the list: appliances that lack the title or announce no prefix around the viewer. Last in it:
those that were not heard of for a while or are unwell (they may be back before they are needed),
and before them those that are full.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .heartbeat import Heartbeat
from .networks import KINDS, Address, Route, best_route, locate, parse_address
from .signing import Claims, sign

FRESH_SECONDS = 3.0
"""An appliance that was silent for longer is taken for dead."""
FULL_SHARE = 0.95
"""Share of its capacity at which an appliance is full."""
REGION_KM = 100.0
"""Distances are compared in steps of this size: nearer than that is equally near."""
CHOICES = 3
URL_SLACK_SECONDS = 600.0
"""A URL outlives its film by this much, for pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One choice, and why it stands where it stands."""

    appliance: Heartbeat
    route: Route
    km: float | None
    """To the viewer; None where the viewer's place is not known."""
    alive: bool
    """Heard of lately, and well."""
    full: bool
    reason: str

    @property
    def network(self) -> str:
        """The way to the viewer, in words."""
        if self.route.kind == "inside":
            return "inside your provider"
        return self.route.kind

    @property
    def distance(self) -> int:
        """1 inside the provider, 2 private peering, 3 public peering."""
        return KINDS.index(self.route.kind) + 1

    def as_json(self) -> dict[str, Any]:
        """As `GET /rank` lists it."""
        return {
            "host": self.appliance.name,
            "network": self.network,
            "distance": self.distance,
            "prefix": str(self.route.prefix),
            "km": None if self.km is None else round(self.km),
            "alive": self.alive,
            "full": self.full,
            "reason": self.reason,
        }


def rank(
    client_address: str, title: str, appliances: Iterable[Heartbeat], now: float
) -> list[Ranked]:
    """Up to three appliances for this viewer and title, best first; `now` in unix seconds.

    Raises `AddressError` when the address is none.
    """
    address = parse_address(client_address)
    found = [
        judged
        for appliance in appliances
        if title in appliance.contents and (judged := _judge(address, appliance, now))
    ]
    found.sort(key=lambda ranked: _order(ranked, title))
    return found[:CHOICES]


def signed_urls(
    secret: str,
    claims: Claims,
    seconds: float,
    appliances: Iterable[Heartbeat],
    now: float,
    as_of: float,
) -> list[dict[str, Any]]:
    """The ranked, signed URLs of one play; they differ only in the host.

    `seconds` is the film's length: from `now` the URLs hold for that and ten minutes more. The
    appliances are judged as they were at `as_of` (both unix seconds).
    """
    ranked = rank(claims.address, claims.title, appliances, as_of)
    segment = sign(secret, claims, now, seconds + URL_SLACK_SECONDS)
    return [
        {
            "host": choice.appliance.name,
            "network": choice.network,
            "distance": choice.distance,
            "url": (
                f"http://{choice.appliance.host}:{choice.appliance.port}"
                f"/v/{segment}/{claims.title}/master.m3u8"
            ),
            "reason": choice.reason,
        }
        for choice in ranked
    ]


def is_alive(appliance: Heartbeat, now: float) -> bool:
    """Whether an appliance was heard of in the last three seconds and is well."""
    return appliance.health == "ok" and now - appliance.at <= FRESH_SECONDS


def _judge(address: Address, appliance: Heartbeat, now: float) -> Ranked | None:
    route = best_route(address, appliance.routes)
    if route is None:
        return None
    place = locate(address)
    km = None if place is None else place.km_to(appliance.place)
    alive = is_alive(appliance, now)
    full = appliance.load_mbit >= FULL_SHARE * appliance.capacity_mbit
    return Ranked(
        appliance=appliance,
        route=route,
        km=km,
        alive=alive,
        full=full,
        reason=_reason(appliance, route, km, alive=alive, full=full, now=now),
    )


def _order(ranked: Ranked, title: str) -> tuple[object, ...]:
    appliance = ranked.appliance
    share = appliance.load_mbit / appliance.capacity_mbit if appliance.capacity_mbit else 1.0
    return (
        not ranked.alive,
        ranked.full,
        -ranked.route.prefix.prefixlen,
        ranked.distance,
        0 if ranked.km is None else int(ranked.km // REGION_KM),
        # In tenths: a beat's jitter must not send every other viewer somewhere else.
        int(share * 10),
        hashlib.sha256(f"{title}\0{appliance.name}".encode()).digest(),
    )


def _reason(
    appliance: Heartbeat, route: Route, km: float | None, *, alive: bool, full: bool, now: float
) -> str:
    way = "inside the provider" if route.kind == "inside" else route.kind
    parts = [f"{way} ({route.prefix})"]
    if km is not None:
        parts.append(f"{km:.0f} km")
    if not alive and appliance.health == "ok":
        parts.append(f"not heard of for {now - appliance.at:.0f} s")
    elif not alive:
        parts.append(f"says it is {appliance.health}")
    elif full:
        parts.append("full")
    else:
        parts.append(f"{appliance.load_mbit:.0f} of {appliance.capacity_mbit:.0f} Mbit/s in use")
    return ", ".join(parts)
