"""Deadlines, zones and faults on the plans themselves, under a fake clock."""

import random
from typing import Any

import pytest
from evcache.errors import (
    DeadlineExceededError,
    NodeUnavailableError,
    ProtocolError,
    RefusedError,
)
from evcache.groups import DOWN
from evcache.item import Status
from evcache.writes import Writes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.evcache.world import World


def put(world: World, key: str, value: object, *zones: str, ttl: int | None = 60) -> None:
    """Store in some zones only."""
    world.one(world.writes.set(key, value, ttl, "all"))
    for name, zone in world.zones.items():
        if name not in zones:
            zone.store.delete(key.encode())


class TestReads:
    def test_the_own_zone_answers_alone(self) -> None:
        world = World()
        put(world, "k", "v", "a", "b", "c")
        before = {name: zone.received for name, zone in world.zones.items()}
        item = world.one(world.reads.get("k"))
        assert (item.value, item.status, item.zone, item.ttl) == ("v", Status.HIT, "a", 59)
        assert {n: z.received - before[n] for n, z in world.zones.items()} == {
            "a": 1,
            "b": 0,
            "c": 0,
        }

    def test_a_miss_asks_the_next_zone_and_is_given_the_value(self) -> None:
        world = World()
        put(world, "k", "v", "c")
        item = world.one(world.reads.get("k"))
        assert (item.value, item.zone) == ("v", "c")
        world.sleep(0.01)
        for zone in "ab":
            kept = world.zones[zone].store.get(b"k")
            assert kept is not None
            assert kept.value == b"v"
            assert kept.expires is not None
            assert kept.expires <= 1060.0

    def test_a_value_about_to_expire_is_not_given_for_ever(self) -> None:
        world = World()
        put(world, "k", "v", "b", ttl=1)
        world.sleep(0.5)
        assert world.one(world.reads.get("k")).value == "v"
        world.sleep(10)
        assert world.one(world.reads.get("k")).status is Status.MISS

    def test_a_miss_everywhere_is_an_answer(self) -> None:
        world = World()
        item = world.one(world.reads.get("k"))
        assert (item.status, item.error) == (Status.MISS, None)

    def test_a_hung_zone_costs_its_share_until_it_is_marked_down(self) -> None:
        world = World()
        put(world, "k", "v", "a", "b", "c")
        world.zones["a"].mute = True
        took = []
        for _ in range(5):
            job = world.run([world.reads.get("k")])[0]
            assert job.result.zone == "b"
            took.append(round(job.ended - job.began, 3))
        assert took == [0.101, 0.101, 0.101, 0.001, 0.001]

    def test_a_hung_zone_is_tried_without_waiting_and_comes_back(self) -> None:
        world = World()
        put(world, "k", "v", "a", "b", "c")
        world.zones["a"].refuses = True
        assert world.one(world.reads.get("k")).zone == "b"
        world.zones["a"].refuses, world.zones["a"].mute = False, True
        world.sleep(DOWN)
        job = world.run([world.reads.get("k")])[0]
        assert (job.result.zone, round(job.ended - job.began, 3)) == ("b", 0.001)
        world.zones["a"].mute = False
        world.sleep(DOWN + 1)
        # The first call finds the trial unanswered; after the rest the next one tries anew.
        assert world.one(world.reads.get("k")).zone == "b"
        world.sleep(DOWN)
        assert world.one(world.reads.get("k")).found
        world.sleep(0.01)
        assert world.one(world.reads.get("k")).zone == "a"

    def test_a_late_first_zone_still_counts(self) -> None:
        world = World()
        put(world, "k", "v", "a")
        world.zones["a"].latency = 0.2
        job = world.run([world.reads.get("k")])[0]
        assert (job.result.value, job.result.zone) == ("v", "a")
        assert round(job.ended - job.began, 3) == 0.2

    def test_nobody_answers(self) -> None:
        world = World()
        for zone in world.zones.values():
            zone.mute = True
        job = world.run([world.reads.get("k")])[0]
        assert job.result.status is Status.UNAVAILABLE
        assert isinstance(job.result.error, DeadlineExceededError)
        assert job.ended - job.began == pytest.approx(0.3)

    def test_nobody_is_there(self) -> None:
        world = World()
        for zone in world.zones.values():
            zone.refuses = True
        job = world.run([world.reads.get("k")])[0]
        assert job.result.status is Status.UNAVAILABLE
        assert isinstance(job.result.error, NodeUnavailableError)
        assert job.ended == job.began

    def test_a_spent_deadline_sends_nothing(self) -> None:
        world = World(deadline=lambda: 0.0)
        item = world.one(world.reads.get("k"))
        assert isinstance(item.error, DeadlineExceededError)
        assert world.zones["a"].received == 0

    def test_the_caller_s_deadline_bounds_a_call_and_accuses_nobody(self) -> None:
        left = [0.01]
        world = World(deadline=lambda: left[0])
        world.zones["a"].latency = world.zones["b"].latency = world.zones["c"].latency = 0.05
        job = world.run([world.reads.get("k")])[0]
        assert job.ended - job.began == pytest.approx(0.01)
        assert world.node("a").down_until == 0.0
        left[0] = 1.0
        assert world.one(world.reads.get("k")).status is Status.MISS

    def test_a_connection_lost_while_idle_is_replaced_at_once(self) -> None:
        world = World("a")
        put(world, "k", "v", "a")
        world.one(world.reads.get("k"))
        world.zones["a"].restart()
        assert world.one(world.reads.get("k")).status is Status.MISS
        assert world.node("a").down_until == 0.0

    def test_what_cannot_be_read_is_told(self) -> None:
        world = World("a")
        world.zones["a"].store.set(b"k", b"\xac\xed", 1, None)
        item = world.one(world.reads.get("k"))
        assert item.status is Status.UNAVAILABLE
        assert "flags 1" in str(item.error)

    def test_the_mark_of_a_lease_is_no_value(self) -> None:
        world = World("a")
        world.one(world.leases._lease(b"k", 0))
        assert world.one(world.reads.get("k")).status is Status.MISS

    def test_a_value_that_somebody_renews_is_stale(self) -> None:
        world = World("a")
        put(world, "k", "v", "a", ttl=30)
        world.one(world.leases._lease(b"k", 60))
        item = world.one(world.reads.get("k"))
        assert (item.value, item.status) == ("v", Status.STALE)

    def test_a_reply_with_one_flipped_bit_is_never_believed(self) -> None:
        world = World("a")
        put(world, "key-1", "one", "a")
        put(world, "key-3", "three", "a")
        world.zones["a"].mangle = lambda data: data.replace(b"kkey-1", b"kkey-3")
        found = world.one(world.reads.get_many(["key-1", "key-3"]))
        assert isinstance(found["key-1"].error, ProtocolError)
        assert found["key-3"].value is None


class TestBulk:
    def test_zones_share_the_work_of_one_answer(self) -> None:
        world = World()
        put(world, "x", 1, "a")
        put(world, "y", 2, "b")
        put(world, "z", 3, "c")
        job = world.run([world.reads.get_many(["x", "y", "z", "none"])])[0]
        assert {k: i.value for k, i in job.result.items()} == {"x": 1, "y": 2, "z": 3, "none": None}
        assert job.result["none"].status is Status.MISS
        assert job.ended - job.began == pytest.approx(0.003)

    def test_no_keys(self) -> None:
        assert World().one(World().reads.get_many([])) == {}


class TestWrites:
    def test_all(self) -> None:
        world = World()
        job = world.run([world.writes.set("k", "v", None, "all")])[0]
        assert job.result.acked() == ("a", "b", "c")
        assert job.ended - job.began == pytest.approx(0.001)

    @pytest.mark.parametrize(
        ("policy", "seconds"),
        [("none", 0.0), ("one", 0.001), ("quorum", 0.02), ("all_minus_one", 0.02), ("all", 0.1)],
    )
    def test_a_policy_waits_for_as_many_as_it_says(self, policy: str, seconds: float) -> None:
        world = World()
        world.zones["b"].latency, world.zones["c"].latency = 0.02, 0.1
        job = world.run([world.writes.set("k", "v", None, policy)])[0]
        assert job.result.met()
        assert job.ended - job.began == pytest.approx(seconds)
        assert all(zone.store.get(b"k") is not None for zone in world.zones.values())

    def test_a_latch_can_wait_for_more(self) -> None:
        world = World()
        world.zones["c"].latency = 0.1
        votes = world.one(world.writes.set("k", "v", None, "one"))
        assert not votes.met("all")
        world.one(world.writes.settle(votes, votes.need("all"), None))
        assert votes.met("all")

    def test_what_cannot_be_met_is_not_waited_for(self) -> None:
        world = World()
        world.zones["b"].refuses, world.zones["c"].mute = True, True
        job = world.run([world.writes.set("k", "v", None, "all")])[0]
        assert not job.result.met()
        assert set(job.result.failed()) == {"b"}
        assert job.ended == job.began

    def test_a_hung_zone_is_pending_when_time_is_spent(self) -> None:
        world = World()
        world.zones["c"].mute = True
        job = world.run([world.writes.set("k", "v", None, "all")])[0]
        votes = job.result
        assert (votes.acked(), votes.failed(), len(votes.open())) == (("a", "b"), {}, 1)
        assert job.ended - job.began == pytest.approx(0.3)

    def test_add_tells_the_zones_that_had_it(self) -> None:
        world = World()
        put(world, "k", "old", "b")
        votes = world.one(world.writes.add("k", "new", None, "all"))
        assert votes.acked() == ("a", "c")
        error = votes.failed()["b"]
        assert isinstance(error, RefusedError)
        assert error.answer == "NS"

    def test_deleting_nothing_is_done(self) -> None:
        world = World()
        assert world.one(world.writes.delete("k", "all")).met()

    def test_touch_needs_something_to_touch(self) -> None:
        world = World()
        put(world, "k", "v", "a")
        votes = world.one(world.writes.touch("k", 600, "all"))
        assert votes.acked() == ("a",)
        kept = world.zones["a"].store.get(b"k")
        assert kept is not None
        assert kept.expires == pytest.approx(world.now + 600, abs=1)

    def test_over_thirty_days_the_expiry_is_a_date(self) -> None:
        world = World("a")
        world.one(world.writes.set("k", "v", 90 * 86400, "all"))
        kept = world.zones["a"].store.get(b"k")
        assert kept is not None
        assert kept.expires == pytest.approx(world.now + 90 * 86400, abs=1)

    def test_a_value_over_the_item_size_is_refused_and_harms_nothing(self) -> None:
        world = World("a")
        put(world, "other", "v", "a")
        big = random.Random(7).randbytes(2**20 + 1)
        votes = world.one(world.writes.set("k", big, None, "all"))
        assert "too large" in str(votes.failed()["a"])
        assert world.one(world.reads.get("other")).value == "v"

    @pytest.mark.parametrize("ttl", [0, -1, 1.5, True, "60"])
    def test_ttl_is_whole_seconds(self, ttl: Any) -> None:
        world = World()
        with pytest.raises(ValueError, match="whole seconds above 0"):
            world.writes.set("k", "v", ttl, None)

    def test_a_policy_is_one_of_the_words(self) -> None:
        with pytest.raises(ValueError, match="none of none, one, quorum, all_minus_one, all"):
            Writes(World().planner, "most")


LATENCIES = st.sampled_from([0.0, 0.001, 0.05, 0.09, 0.11, 0.15, 0.25, 0.31, 0.5])
FAULTS = st.sampled_from(["fine", "fine", "fine", "mute", "refuses", "corrupt", "lost"])


@settings(max_examples=200, deadline=None)
@given(
    zones=st.lists(st.tuples(LATENCIES, FAULTS, st.booleans()), min_size=1, max_size=3),
    left=st.sampled_from([None, 0.0, 0.02, 0.2, 1.0]),
    warm=st.booleans(),
)
@example(zones=[(0.0, "lost", True)], left=None, warm=True)
def test_a_read_ends_in_time_and_finds_what_is_near(
    zones: list[tuple[float, str, bool]], left: float | None, warm: bool
) -> None:
    names = "abc"[: len(zones)]
    world = World(*names)
    holders = [name for name, (_, _, holds) in zip(names, zones, strict=True) if holds]
    put(world, "k", "v", *holders)
    if not warm:
        for zone in world.zones.values():
            zone.links.clear()
    world.planner._deadline = lambda: left
    for name, (latency, fault, _) in zip(names, zones, strict=True):
        zone = world.zones[name]
        zone.latency = latency
        zone.mute, zone.refuses = fault == "mute", fault == "refuses"
        if fault == "corrupt":
            zone.mangle = lambda data: data.replace(b"kk", b"kj")
        if fault == "lost":
            world.at(world.now, zone.cut)
    job = world.run([world.reads.get("k")])[0]
    budget = 0.3 if left is None else min(left, 0.3)
    assert job.ended - job.began <= budget + 1e-9
    item = job.result
    assert (item.value == "v") == item.found
    share = budget / len(names)
    near = [
        n
        for n, (latency, fault, holds) in zip(names, zones, strict=True)
        if holds and (fault == "fine" or (fault == "lost" and warm)) and latency < share - 1e-9
    ]
    if near:
        assert item.value == "v"


class Histories(RuleBasedStateMachine):
    """Random calls and faults: never another key's value, never one that expired or was lost."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.written: dict[str, dict[str, float]] = {}
        self.serial = 0

    @rule(key=st.sampled_from("xyz"), ttl=st.sampled_from([1, 5, 60]))
    def set(self, key: str, ttl: int) -> None:
        self.serial += 1
        value = f"{key}-{self.serial}"
        votes = self.world.one(self.world.writes.set(key, value, ttl, "all"))
        self.written.setdefault(key, {})[value] = self.world.now + ttl
        if votes.met():
            for zone in self.world.zones.values():
                kept = zone.store.get(key.encode())
                assert kept is not None
                assert kept.value == value.encode()

    @rule(keys=st.lists(st.sampled_from("xyz"), min_size=1, max_size=3))
    def get(self, keys: list[str]) -> None:
        began = self.world.now
        found = self.world.one(self.world.reads.get_many(keys))
        assert self.world.now - began <= 0.3 + 1e-9
        for key, item in found.items():
            if item.found:
                assert began <= self.written[key][item.value]

    @rule(key=st.sampled_from("xyz"))
    def delete(self, key: str) -> None:
        if self.world.one(self.world.writes.delete(key, "all")).met():
            assert all(z.store.get(key.encode()) is None for z in self.world.zones.values())

    @rule(zone=st.sampled_from("abc"), fault=st.sampled_from(["mute", "refuses"]))
    def break_it(self, zone: str, fault: str) -> None:
        setattr(self.world.zones[zone], fault, True)

    @rule(zone=st.sampled_from("abc"))
    def restart(self, zone: str) -> None:
        self.world.zones[zone].mute = self.world.zones[zone].refuses = False
        self.world.zones[zone].restart()

    @rule(seconds=st.sampled_from([0.05, 0.5, 1.1, 3.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.sleep(seconds)

    @invariant()
    def healthy_zones_come_back(self) -> None:
        """Two calls after its second of rest, a node that works is asked again."""
        for name, zone in self.world.zones.items():
            node = self.world.node(name)
            if not zone.mute and not zone.refuses and node.down_until:
                assert node.down_until <= self.world.now + DOWN


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
