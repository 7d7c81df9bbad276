from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from zuulpy.origins.balancer import Balancer

from zuulpy import Server


@dataclass(frozen=True)
class Pool:
    server: Server


def pools(zones):
    return [Pool(Server("h", port, zone)) for port, zone in enumerate(zones, 1)]


ZONES = st.lists(st.sampled_from("abc"), min_size=1, max_size=7)


@given(ZONES, st.sampled_from(["a", "b", None]), st.sampled_from(["zone_first", "round_robin"]))
def test_choices_equal_the_model(zones, zone, balance):
    """Own zone only, while it has one; whoever is eligible is asked equally often, in turn."""
    candidates = pools(zones)
    own = [p for p in candidates if balance == "zone_first" and p.server.zone == zone]
    eligible = own or candidates
    balancer = Balancer(zone, balance)
    chosen = [balancer.choose(candidates) for _ in range(3 * len(eligible))]
    for start in range(0, len(chosen), len(eligible)):
        assert set(chosen[start : start + len(eligible)]) == set(eligible)


@given(ZONES, st.lists(st.sets(st.integers(0, 6)), max_size=20))
def test_a_zone_without_usable_servers_is_left_and_returned_to(zones, outages):
    everyone = pools(zones)
    balancer = Balancer("a", "zone_first")
    for down in outages:
        usable = [p for i, p in enumerate(everyone) if i not in down]
        if usable:
            own = {p for p in usable if p.server.zone == "a"}
            assert balancer.choose(usable) in (own or set(usable))


def test_without_a_zone_shares_follow_the_number_of_instances():
    candidates = pools("aab")
    balancer = Balancer(None, "zone_first")
    shares = Counter(balancer.choose(candidates).server.zone for _ in range(300))
    assert shares == {"a": 200, "b": 100}


def test_a_server_that_comes_back_does_not_get_everything():
    first, second = pools("aa")
    balancer = Balancer("a", "zone_first")
    for _ in range(50):
        balancer.choose([first])
    balancer.keep([first.server])
    assert Counter(balancer.choose([first, second]) for _ in range(10)) == {first: 5, second: 5}
