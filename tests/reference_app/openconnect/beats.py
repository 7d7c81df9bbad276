"""Heartbeats for tests: by hand, and any that there could be."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st
from reference_app.openconnect.heartbeat import HEALTHS, Heartbeat
from reference_app.openconnect.networks import KINDS, SITES, Place, Route

NOW = 1_000.0
TITLES = ("quiet-orbit", "glass-harbour")


def beat(site_name: str, /, **changes: Any) -> Heartbeat:
    """A well, idle appliance of the demo that has all titles."""
    site = SITES[site_name]
    well = Heartbeat(
        name=site_name,
        zone=site.zone,
        host="127.0.0.1",
        port=9000,
        health="ok",
        place=site.place,
        routes=site.routes,
        contents=frozenset(TITLES),
        capacity_mbit=site.capacity_mbit,
        load_mbit=0.0,
        connections=0,
        at=NOW,
    )
    return replace(well, **changes)


def fleet() -> list[Heartbeat]:
    """The three appliances of the demo."""
    return [beat(name) for name in SITES]


prefixes = st.sampled_from(
    ["192.0.2.0/24", "192.0.2.16/28", "192.0.0.0/8", "0.0.0.0/0", "203.0.113.0/25", "2001:db8::/32"]
).map(ip_network)
routes = st.builds(Route, prefix=prefixes, kind=st.sampled_from(KINDS))
places = st.builds(
    Place,
    name=st.text(max_size=5),
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
)
heartbeats = st.builds(
    Heartbeat,
    name=st.from_regex(r"oca-[a-d][1-9]", fullmatch=True),
    zone=st.sampled_from("abc"),
    host=st.just("127.0.0.1"),
    port=st.integers(1, 65535),
    health=st.sampled_from(HEALTHS),
    place=places,
    routes=st.lists(routes, max_size=4).map(tuple),
    contents=st.frozensets(st.sampled_from(TITLES)),
    capacity_mbit=st.sampled_from([0.0, 100.0, 400.0]),
    load_mbit=st.floats(0, 500),
    connections=st.integers(0, 99),
    at=st.sampled_from([NOW, NOW - 2, NOW - 10]),
)
fleets = st.lists(heartbeats, max_size=5, unique_by=lambda beat: beat.name)
