"""The ranking: by hand for each rule, and as properties over any fleet."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.openconnect.errors import AddressError
from reference_app.openconnect.heartbeat import Heartbeat
from reference_app.openconnect.networks import HOMES, Route, best_route, parse_address
from reference_app.openconnect.signing import Claims, verify
from reference_app.openconnect.steering import CHOICES, rank, signed_urls

from .beats import NOW, TITLES, beat, fleet, fleets

FLAT = HOMES["flat"].address
TITLE = TITLES[0]


def names(appliances: Sequence[Heartbeat], address: str = FLAT) -> list[str]:
    return [choice.appliance.name for choice in rank(address, TITLE, appliances, NOW)]


def route(prefix: str, kind: str) -> Route:
    return Route(prefix=ip_network(prefix), kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("home", "first"),
    [("flat", "oca-b2"), ("house", "oca-a1"), ("loft", "oca-c1"), ("cabin", "oca-c1")],
)
def test_each_home_is_served_from_where_it_is_nearest(home: str, first: str) -> None:
    ranked = rank(HOMES[home].address, TITLE, fleet(), NOW)
    assert ranked[0].appliance.name == first
    assert len(ranked) == 3


def test_what_is_told_of_a_choice() -> None:
    first = rank(FLAT, TITLE, fleet(), NOW)[0]
    assert (first.network, first.distance) == ("inside your provider", 1)
    assert first.reason == "inside the provider (192.0.2.0/24), 0 km, 0 of 400 Mbit/s in use"


def test_the_longest_prefix_goes_before_the_kind() -> None:
    narrow = beat("oca-a1", routes=(route("192.0.2.0/28", "public peering"),))
    near = beat("oca-b2", routes=(route("192.0.2.0/24", "inside"),))
    assert names([near, narrow], "192.0.2.5") == ["oca-a1", "oca-b2"]


def test_the_kind_goes_before_geography() -> None:
    peered = beat("oca-a1", routes=(route("192.0.2.0/24", "private peering"),))
    public = beat("oca-b2", routes=(route("192.0.2.0/24", "public peering"),))
    assert names([public, peered]) == ["oca-a1", "oca-b2"]


def test_geography_goes_before_load() -> None:
    everywhere = (route("0.0.0.0/0", "public peering"),)
    near = beat("oca-b2", routes=everywhere, load_mbit=300.0)
    assert names([beat("oca-a1", routes=everywhere), near])[0] == "oca-b2"


def test_load_decides_between_equals() -> None:
    twin = beat("oca-b2", name="oca-b3", load_mbit=200.0)
    assert names([twin, beat("oca-b2")]) == ["oca-b2", "oca-b3"]
    assert names([replace(twin, load_mbit=0.0), beat("oca-b2", load_mbit=200.0)])[0] == "oca-b3"


def test_a_full_appliance_is_asked_after_the_others() -> None:
    full = beat("oca-b2", load_mbit=390.0)
    assert names([full, beat("oca-a1"), beat("oca-c1")])[-1] == "oca-b2"


def test_a_silent_or_unwell_appliance_is_last() -> None:
    for ill in (beat("oca-b2", at=NOW - 3.1), beat("oca-b2", health="failing")):
        ranked = rank(FLAT, TITLE, [ill, beat("oca-a1", load_mbit=399.0), beat("oca-c1")], NOW)
        assert ranked[-1].appliance.name == "oca-b2"
        assert not ranked[-1].alive
    assert names([beat("oca-b2", at=NOW - 3.0), beat("oca-a1")])[0] == "oca-b2"


def test_an_appliance_without_the_title_or_the_network_is_absent() -> None:
    empty = beat("oca-b2", contents=frozenset())
    foreign = beat("oca-a1", routes=(route("198.51.100.0/24", "inside"),))
    assert names([empty, foreign, beat("oca-c1")]) == ["oca-c1"]
    assert names([]) == []


def test_equal_ones_share_the_titles() -> None:
    twins = [beat("oca-b2", name=f"oca-b{n}", contents=frozenset("abcdefghij")) for n in (1, 2)]
    firsts = {rank(FLAT, title, twins, NOW)[0].appliance.name for title in "abcdefghij"}
    assert firsts == {"oca-b1", "oca-b2"}


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(AddressError):
        rank("the flat", TITLE, fleet(), NOW)


addresses = st.sampled_from([home.address for home in HOMES.values()] + ["10.0.0.1", "2001:db8::7"])


@settings(max_examples=100)
@given(fleets, addresses, st.randoms(use_true_random=False))
def test_the_ranking_holds_for_any_fleet(
    appliances: list[Heartbeat], address: str, random: st.DataObject
) -> None:
    ranked = rank(address, TITLE, appliances, NOW)
    can = [
        a
        for a in appliances
        if TITLE in a.contents and best_route(parse_address(address), a.routes) is not None
    ]
    assert len(ranked) == min(CHOICES, len(can))
    assert all(choice.appliance in can for choice in ranked)
    # The dead never stand before the living, nor the full before those with room.
    standing = [(not c.alive, c.full) for c in ranked]
    assert standing == sorted(standing)
    # Among equally well ones the prefix only gets shorter, and within one length the way longer.
    ways = [
        (*s, -c.route.prefix.prefixlen, c.distance) for s, c in zip(standing, ranked, strict=True)
    ]
    assert ways == sorted(ways)
    # The order in which heartbeats came in means nothing.
    shuffled = list(appliances)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(address, TITLE, shuffled, NOW) == ranked


@settings(max_examples=60)
@given(fleets, addresses, st.floats(0, 500))
def test_more_load_never_moves_an_appliance_up(
    appliances: list[Heartbeat], address: str, more: float
) -> None:
    ranked = rank(address, TITLE, appliances, NOW)
    for place, choice in enumerate(ranked):
        loaded = replace(choice.appliance, load_mbit=choice.appliance.load_mbit + more)
        others = [a for a in appliances if a.name != loaded.name]
        again = [c.appliance.name for c in rank(address, TITLE, [*others, loaded], NOW)]
        assert loaded.name not in again[:place]


@settings(max_examples=60)
@given(fleets, addresses, st.data())
def test_losing_one_appliance_leaves_the_order_of_the_rest(
    appliances: list[Heartbeat], address: str, data: st.DataObject
) -> None:
    ranked = [c.appliance.name for c in rank(address, TITLE, appliances, NOW)]
    lost = data.draw(st.sampled_from([a.name for a in appliances] or [""]))
    rest = [a for a in appliances if a.name != lost]
    left = [c.appliance.name for c in rank(address, TITLE, rest, NOW)]
    kept = [name for name in ranked if name != lost]
    assert left[: len(kept)] == kept


def test_the_three_urls_differ_only_in_the_host_and_outlive_the_film() -> None:
    claims = Claims(
        account=7, device="tv", address=FLAT, mbit=25, title=TITLE, session="s", traceparent=None
    )
    appliances = [replace(a, port=9000 + n) for n, a in enumerate(fleet())]
    urls = signed_urls("secret", claims, 120, appliances, NOW, NOW)
    assert [url["host"] for url in urls] == ["oca-b2", "oca-c1", "oca-a1"]
    segments = {url["url"].split("/", 3)[3] for url in urls}
    assert len(segments) == 1
    segment = segments.pop().split("/")[1]
    assert verify("secret", segment, TITLE, NOW + 719) == claims
    assert segment.startswith(f"{int(NOW + 720)}.")
