"""`get_or_compute` on the plan: who computes, who waits, what is kept. Under a fake clock."""

from typing import Any

import pytest
from evcache.errors import DeadlineExceededError
from evcache.item import Status
from evcache.lease import LEASE
from hypothesis import given, settings
from hypothesis import strategies as st

from evcache import transcode
from tests.evcache.world import World


class Origin:
    """What computes, and how often it was asked."""

    def __init__(self, value: Any = "fresh") -> None:
        self.value = value
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def compute(world: World, origin: Origin, *, ttl: int = 60, stale: int | None = None) -> Any:
    return world.leases.get_or_compute("k", origin, ttl, stale)


def test_a_miss_computes_and_every_zone_has_the_value() -> None:
    world, origin = World(), Origin()
    assert world.one(compute(world, origin)).result() == "fresh"
    world.sleep(0.01)
    for zone in world.zones.values():
        kept = zone.store.get(b"k")
        assert kept is not None
        assert kept.value == b"fresh"
        assert not kept.leased
    assert world.one(compute(world, origin)).status is Status.HIT
    assert origin.calls == 1


def test_64_readers_of_one_process_cost_one_computation() -> None:
    world, origin = World(), Origin()
    world.compute_seconds = 2.0
    jobs = world.run([compute(world, origin) for _ in range(64)])
    assert {job.result.result() for job in jobs} == {"fresh"}
    assert origin.calls == 1
    assert max(job.ended for job in jobs) - world.now == pytest.approx(0, abs=0.1)


def test_readers_of_two_processes_cost_one_computation() -> None:
    world, origin = World(), Origin()
    world.compute_seconds = 2.0
    other = type(world.leases)(world.planner, world.reads, world.leases._signal)
    jobs = world.run(
        [compute(world, origin)] + [other.get_or_compute("k", origin, 60, None) for _ in range(8)]
    )
    assert {job.result.result() for job in jobs} == {"fresh"}
    assert origin.calls == 1
    assert max(job.ended - job.began for job in jobs) < 2.1


def test_nobody_waits_while_a_stale_value_exists() -> None:
    world, origin = World(), Origin("old")
    world.one(compute(world, origin, ttl=60, stale=600))
    world.sleep(61)
    origin.value, origin.calls = "new", 0
    world.compute_seconds = 2.0
    jobs = world.run([compute(world, origin, ttl=60, stale=600) for _ in range(64)])
    took = sorted(job.ended - job.began for job in jobs)
    assert origin.calls == 1
    assert sum(job.result.result() == "old" for job in jobs) == 63
    assert took[-2] < 0.01
    assert sum(job.result.status is Status.STALE for job in jobs) == 63
    world.compute_seconds = 0.0
    assert world.one(compute(world, origin, ttl=60, stale=600)).result() == "new"


def test_a_value_is_fresh_for_its_ttl() -> None:
    world, origin = World(), Origin()
    world.one(compute(world, origin, ttl=60, stale=600))
    world.sleep(58)
    assert world.one(compute(world, origin, ttl=60, stale=600)).status is Status.HIT
    world.sleep(700)
    assert world.one(compute(world, origin, ttl=60, stale=600)).status is Status.MISS
    assert origin.calls == 2


def test_an_error_reaches_all_who_waited_and_gives_the_lease_back() -> None:
    world, origin = World(), Origin(KeyError("no such member"))
    world.compute_seconds = 0.5
    jobs = world.run([compute(world, origin) for _ in range(8)])
    for job in jobs:
        with pytest.raises(KeyError, match="no such member"):
            job.result.result()
    assert origin.calls == 1
    world.sleep(0.01)
    assert all(zone.store.get(b"k") is None for zone in world.zones.values())


def test_an_error_while_stale_leaves_the_stale_value_and_the_next_one_tries() -> None:
    world, origin = World(), Origin("old")
    world.one(compute(world, origin, ttl=60, stale=600))
    world.sleep(61)
    origin.value = RuntimeError("down")
    with pytest.raises(RuntimeError, match="down"):
        world.one(compute(world, origin, ttl=60, stale=600)).result()
    world.sleep(0.01)
    assert world.one(world.reads.get("k")).value == "old"
    origin.value = "new"
    assert world.one(compute(world, origin, ttl=60, stale=600)).result() == "new"


def test_a_delete_in_between_wins_over_what_was_computed_before_it() -> None:
    world, origin = World(), Origin("before")
    plan = compute(world, origin)
    world.compute_seconds = 1.0

    def delete() -> None:
        for zone in world.zones.values():
            zone.store.delete(b"k")

    world.at(world.now + 0.5, delete)
    assert world.one(plan).result() == "before"
    world.sleep(0.01)
    assert all(zone.store.get(b"k") is None for zone in world.zones.values())


def test_a_zone_that_came_back_empty_takes_what_another_has() -> None:
    world, origin = World(), Origin()
    world.one(compute(world, origin))
    world.sleep(0.01)
    world.zones["a"].restart()
    assert world.one(compute(world, origin)).result() == "fresh"
    assert origin.calls == 1
    world.sleep(0.01)
    kept = world.zones["a"].store.get(b"k")
    assert kept is not None
    assert (kept.value, kept.leased) == (b"fresh", False)


def test_no_cache_at_all_still_computes_once() -> None:
    world, origin = World(), Origin()
    for zone in world.zones.values():
        zone.refuses = True
    world.compute_seconds = 1.0
    jobs = world.run([compute(world, origin) for _ in range(8)])
    assert {job.result.result() for job in jobs} == {"fresh"}
    assert origin.calls == 1


def test_a_winner_that_died_is_waited_out() -> None:
    world, origin = World(), Origin()
    world.one(world.leases._lease(b"k", 0))
    job = world.run([compute(world, origin)])[0]
    assert job.result.result() == "fresh"
    assert job.ended - job.began == pytest.approx(LEASE, abs=0.1)


def test_waiting_ends_with_the_caller_s_deadline() -> None:
    end = [0.0]
    world = World(deadline=lambda: end[0] - world.now)
    end[0] = world.now + 1.0
    world.one(world.leases._lease(b"k", 0))
    job = world.run([compute(world, Origin())])[0]
    with pytest.raises(DeadlineExceededError):
        job.result.result()
    assert job.ended - job.began == pytest.approx(1.0)


def test_a_spent_deadline_computes_nothing() -> None:
    origin = Origin()
    world = World(deadline=lambda: 0.0)
    with pytest.raises(DeadlineExceededError):
        world.one(compute(world, origin)).result()
    assert origin.calls == 0


def test_an_abandoned_computation_is_begun_anew_by_who_waited() -> None:
    world, origin = World(), Origin()
    world.compute_seconds = 0.5
    winner = compute(world, origin)
    op = winner.send(None)
    while type(op).__name__ != "Compute":
        if type(op).__name__ == "Send":
            world.zones[op.node.place.zone].send(op.node, op.data, op.slots)
            world.sleep(0.01)
        op = winner.send(None)
    waiting = compute(world, origin)
    world.at(world.now + 0.1, winner.close)
    job = world.run([waiting])[0]
    assert job.result.result() == "fresh"
    assert world.leases.flights == {}


@pytest.mark.parametrize("value", ["", 0, None, False, 0.0, b"", [], {}], ids=repr)
def test_empty_values_are_values(value: Any) -> None:
    world, origin = World(), Origin(value)
    for _ in range(3):
        assert world.one(compute(world, origin, ttl=60, stale=600)).result() == value
        world.sleep(20)
    assert origin.calls == 1
    world.sleep(20)
    assert world.one(compute(world, origin, ttl=60, stale=600)).result() == value
    assert world.one(world.reads.get("k")).value == value


def test_an_empty_str_that_is_renewed_is_no_mark_of_a_lease() -> None:
    world, origin = World(), Origin("")
    world.one(compute(world, origin, ttl=60, stale=600))
    world.sleep(61)
    origin.calls, world.compute_seconds = 0, 2.0
    jobs = world.run([compute(world, origin, ttl=60, stale=600) for _ in range(8)])
    assert sorted(round(job.ended - job.began) for job in jobs) == [0] * 7 + [2]
    assert {job.result.result() for job in jobs} == {""}
    assert origin.calls == 1


def test_what_cannot_be_cached_is_told_and_leaves_nothing() -> None:
    world, origin = World(), Origin(object())
    with pytest.raises(TypeError, match="cannot be cached"):
        world.one(compute(world, origin)).result()
    world.sleep(0.01)
    assert world.zones["a"].store.get(b"k") is None


def test_what_cannot_be_read_is_computed_anew() -> None:
    world, origin = World(), Origin()
    for zone in world.zones.values():
        zone.store.set(b"k", b"\xac\xed", 1, None)
    job = world.run([compute(world, origin)])[0]
    assert job.result.result() == "fresh"
    assert job.ended - job.began < 0.1
    assert world.one(world.reads.get("k")).value == "fresh"


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(st.floats(0, 100), min_size=1, max_size=30),
    seconds=st.sampled_from([0.0, 0.3, 5.0]),
)
def test_computations_never_overlap(arrivals: list[float], seconds: float) -> None:
    """Whenever readers come, at most one of them computes at a time, and all get a value."""
    world = World("a", "b")
    world.compute_seconds = seconds
    origin = Origin("v")
    plans = []
    for arrival in sorted(arrivals):
        plans.append(compute(world, origin, ttl=10, stale=10))
        if arrival > 50:
            jobs = world.run(plans)
            assert {job.result.result() for job in jobs} == {"v"}
            plans.clear()
            world.sleep(arrival / 10)
    world.run(plans)
    flags, data = transcode.encode("v")
    for zone in world.zones.values():
        kept = zone.store.get(b"k")
        assert kept is None or (kept.flags, kept.value) == (flags, data)
    assert origin.calls <= len(arrivals)
