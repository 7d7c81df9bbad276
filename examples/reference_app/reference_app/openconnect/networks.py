"""The simulated network as data: providers, the four homes, the three appliances.

Addresses are those that RFC 5737 sets aside for documentation, so that no real viewer is ever
meant. Two providers have an appliance inside, one is peered privately, one is far. Besides what is
near to it every appliance also announces everything (0.0.0.0/0) at a public exchange: it is the
last resort of the far home, and the second and third choice of everybody else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, get_args

from .errors import AddressError

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network
Kind = Literal["inside", "private peering", "public peering"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Ways to reach a viewer, best first. The index plus one is the distance shown to people."""

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map. Degrees, north and east positive."""

    name: str
    latitude: float
    longitude: float

    def km_to(self, other: Place) -> float:
        """Great-circle distance in kilometres (haversine)."""
        north, other_north = math.radians(self.latitude), math.radians(other.latitude)
        east = math.radians(other.longitude - self.longitude)
        half = (
            math.sin((other_north - north) / 2) ** 2
            + math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
        )
        return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A prefix that an appliance announces, and how it reaches the viewers in it."""

    prefix: Prefix
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One appliance as it is installed. Capacity in Mbit/s."""

    name: str
    zone: str
    place: Place
    routes: tuple[Route, ...]
    capacity_mbit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who brings the internet to a home: its prefix, and where its viewers are."""

    name: str
    prefix: Prefix
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One of the homes that the player's lens offers."""

    id: str
    name: str
    provider: str
    address: str
    note: str


def _announces(prefix: str, kind: Kind) -> Route:
    return Route(prefix=ip_network(prefix), kind=kind)


_LISBON = Place(name="Lisbon", latitude=38.72, longitude=-9.14)
_VIENNA = Place(name="Vienna", latitude=48.21, longitude=16.37)
_OSLO = Place(name="Oslo", latitude=59.91, longitude=10.75)
_FAROE = Place(name="Tórshavn", latitude=62.01, longitude=-6.77)
_EVERYTHING = _announces("0.0.0.0/0", "public peering")

PROVIDERS = (
    Provider(name="Brightline", prefix=ip_network("192.0.2.0/24"), place=_VIENNA),
    Provider(name="Copperleaf", prefix=ip_network("198.51.100.0/24"), place=_LISBON),
    Provider(name="Saltwind", prefix=ip_network("203.0.113.0/25"), place=_OSLO),
    Provider(name="Farlight", prefix=ip_network("203.0.113.128/25"), place=_FAROE),
)

HOMES = {
    home.id: home
    for home in (
        Home(
            id="flat",
            name="Flat in town",
            provider="Brightline",
            address="192.0.2.17",
            note="An appliance stands inside this provider's network (oca-b2).",
        ),
        Home(
            id="house",
            name="House by the sea",
            provider="Copperleaf",
            address="198.51.100.23",
            note="An appliance stands inside this provider's network (oca-a1).",
        ),
        Home(
            id="loft",
            name="Loft at the harbour",
            provider="Saltwind",
            address="203.0.113.41",
            note="This provider is peered privately with oca-c1.",
        ),
        Home(
            id="cabin",
            name="Cabin, far away",
            provider="Farlight",
            address="203.0.113.201",
            note="No appliance is near: the film comes over a public exchange.",
        ),
    )
}
"""The homes that the player's lens offers, by id; the first is where the demo begins."""

SITES = {
    site.name: site
    for site in (
        Site(
            name="oca-a1",
            zone="a",
            place=_LISBON,
            routes=(_announces("198.51.100.0/24", "inside"), _EVERYTHING),
            capacity_mbit=400,
        ),
        Site(
            name="oca-b2",
            zone="b",
            place=_VIENNA,
            routes=(_announces("192.0.2.0/24", "inside"), _EVERYTHING),
            capacity_mbit=400,
        ),
        Site(
            name="oca-c1",
            zone="c",
            place=_OSLO,
            routes=(_announces("203.0.113.0/25", "private peering"), _EVERYTHING),
            capacity_mbit=800,
        ),
    )
}
"""The appliances by name."""


def parse_address(address: str) -> Address:
    """The address as an object; `AddressError` when it is none."""
    try:
        return ip_address(address)
    except ValueError as error:
        raise AddressError(address) from error


def best_route(address: Address, routes: tuple[Route, ...]) -> Route | None:
    """The route with the longest prefix around the address; among equal ones the preferred kind."""
    around = [route for route in routes if address in route.prefix]
    return max(around, key=lambda r: (r.prefix.prefixlen, -KINDS.index(r.kind)), default=None)


def locate(address: Address) -> Place | None:
    """Where the provider of this address is, as far as known."""
    around = [provider for provider in PROVIDERS if address in provider.prefix]
    return max(around, key=lambda p: p.prefix.prefixlen).place if around else None
