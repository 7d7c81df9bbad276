"""Policies, and a latch that tells the truth."""

import pytest
from evcache.errors import LatchNotMetError
from evcache.latch import POLICIES, Latch, Votes, needed

from tests.evcache.world import World


@pytest.mark.parametrize(
    ("policy", "counts"),
    [
        ("none", [0, 0, 0, 0, 0, 0]),
        ("one", [1, 1, 1, 1, 1, 1]),
        ("quorum", [1, 1, 1, 2, 3, 3]),
        ("all_minus_one", [1, 1, 1, 2, 3, 4]),
        ("all", [1, 1, 2, 3, 4, 5]),
    ],
)
def test_how_many_of_none_to_five_zones(policy: str, counts: list[int]) -> None:
    assert [needed(policy, zones) for zones in range(6)] == counts
    assert policy in POLICIES


def latch(world: World, policy: str) -> Latch:
    votes: Votes = world.one(world.writes.set("k", "v", None, policy))
    return Latch(votes, world.writes.settle, world.one)


def test_it_tells_who_acknowledged_failed_and_is_pending() -> None:
    world = World()
    world.zones["b"].refuses, world.zones["c"].latency = True, 0.1
    written = latch(world, "one")
    assert written
    assert (written.acked, set(written.failed), written.pending) == (("a",), {"b"}, ("c",))
    assert written.wait("quorum")
    assert written.acked == ("a", "c")
    assert not written.wait("all")
    assert "met, acked=('a', 'c')" in repr(written)


def test_waiting_is_bounded() -> None:
    world = World()
    world.zones["c"].mute = True
    written = latch(world, "one")
    began = world.now
    assert not written.wait("all", timeout=2.0)
    assert world.now - began == pytest.approx(2.0)
    assert written.wait()


def test_an_acknowledgement_that_comes_late_counts() -> None:
    world = World()
    world.zones["c"].latency = 1.0
    written = latch(world, "all")
    assert not written
    world.sleep(1.0)
    assert written
    assert written.wait("all")


def test_the_error_tells_the_same() -> None:
    world = World("a", "b")
    world.zones["b"].refuses = True
    votes: Votes = world.one(world.writes.set("k", "v", None, "all"))
    error = votes.error()
    assert isinstance(error, LatchNotMetError)
    assert (error.acked, set(error.failed), error.pending) == ((), {"b"}, ("a",))
    assert str(error) == "acknowledged by no zone: b is unavailable: refused"
