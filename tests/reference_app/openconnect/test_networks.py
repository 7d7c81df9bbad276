"""The simulated network hangs together."""

import pytest
from reference_app.openconnect.errors import AddressError
from reference_app.openconnect.networks import (
    HOMES,
    PROVIDERS,
    SITES,
    Place,
    best_route,
    locate,
    parse_address,
)


def test_every_home_lies_in_its_providers_prefix() -> None:
    prefixes = {provider.name: provider.prefix for provider in PROVIDERS}
    for home in HOMES.values():
        assert parse_address(home.address) in prefixes[home.provider]


def test_all_addresses_are_those_of_documentation() -> None:
    nets = ("192.0.2.", "198.51.100.", "203.0.113.")
    assert all(home.address.startswith(nets) for home in HOMES.values())


def test_two_homes_have_an_appliance_inside_one_is_peered_one_is_far() -> None:
    def kinds(address: str) -> list[str]:
        routes = [best_route(parse_address(address), site.routes) for site in SITES.values()]
        return sorted(route.kind for route in routes if route)

    assert {home.id: kinds(home.address) for home in HOMES.values()} == {
        "flat": ["inside", "public peering", "public peering"],
        "house": ["inside", "public peering", "public peering"],
        "loft": ["private peering", "public peering", "public peering"],
        "cabin": ["public peering"] * 3,
    }


def test_each_zone_has_one_appliance() -> None:
    assert {name: site.zone for name, site in SITES.items()} == {
        "oca-a1": "a",
        "oca-b2": "b",
        "oca-c1": "c",
    }


def test_an_address_outside_all_providers_has_no_place() -> None:
    assert locate(parse_address("10.1.2.3")) is None
    assert locate(parse_address("2001:db8::1")) is None


def test_what_is_no_address_is_said_so() -> None:
    with pytest.raises(AddressError) as caught:
        parse_address("192.0.2.300")
    assert caught.value.address == "192.0.2.300"


def test_distance_follows_the_great_circle() -> None:
    london = Place(name="London", latitude=51.5074, longitude=-0.1278)
    paris = Place(name="Paris", latitude=48.8566, longitude=2.3522)
    assert london.km_to(paris) == pytest.approx(343.5, abs=1)
    assert london.km_to(london) == 0
    antipode = Place(name="", latitude=-51.5074, longitude=179.8722)
    assert london.km_to(antipode) == pytest.approx(20015, abs=1)
