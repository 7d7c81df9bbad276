from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from reference_app.booth.errors import AlreadyBrokenError, UnknownFaultError
from reference_app.booth.faults import Faults, catalogue
from reference_app.booth.instances import Slot, slots

Make = Callable[..., dict[str, Any]]
NOW = 1_700_000_000.0
NAMES = {"play-api-1": "a", "play-api-2": "b", "oca-a1-1": "a", "oca-b2-1": "b", "booth-1": "c"}


@pytest.fixture
def house(make_task: Make) -> list[Slot]:
    return slots([make_task(name, zone=zone) for name, zone in NAMES.items()], {})


@pytest.fixture
def agents(make_agent: Make) -> list[dict[str, Any]]:
    return [make_agent(zone) for zone in "abc"]


def test_everything_but_the_booth_and_its_zone_can_be_broken(
    house: list[Slot], agents: list[dict[str, Any]]
) -> None:
    entries = {(e["target"], e["action"]): e for e in catalogue(house, agents)}
    assert set(entries) == {
        *((name, action) for name in list(NAMES)[:4] for action in ("kill", "stop")),
        ("zone-a", "kill"),
        ("zone-b", "kill"),
    }
    assert entries["oca-b2-1", "stop"]["kind"] == "appliance"
    assert entries["play-api-1", "kill"]["consequence"] == (
        "The gateways use the instances that remain; no play should fail. "
        "titan_sched puts another in its place."
    )
    assert "its 2 instances die" in entries["zone-a", "kill"]["consequence"]
    assert all(entry["seconds"] == 30 for entry in entries.values())


def test_the_consequence_of_breaking_the_only_one_is_another(make_task: Make) -> None:
    [kill, stop] = catalogue(slots([make_task("members-1")], {}), [])
    assert kill["consequence"].startswith("It is the only one: calls to it fall back or fail")
    assert stop["consequence"].endswith("answers nothing until it may go on.")


def test_what_is_down_or_has_no_port_is_not_offered(make_task: Make, make_agent: Make) -> None:
    tasks = [
        make_task("play-api-1", stopped=True),
        make_task("titles-1", state="Accepted"),
        make_task("films-1", address="127.0.0.1"),
    ]
    assert catalogue(slots(tasks, {}), [make_agent("a"), make_agent("b", state="Lost")]) == []


def test_a_stop_ends_by_itself(house: list[Slot], agents: list[dict[str, Any]]) -> None:
    faults = Faults()
    order = faults.begin("oca-b2-1", "stop", 20, house, agents, NOW)
    assert (order.target, order.signal, order.seconds) == ("oca-b2-1", "STOP", 20)
    [item] = faults.items()
    assert (item["what"], item["since"], item["until"]) == ("oca-b2-1 was stopped", NOW, NOW + 20)
    assert faults.due(house, agents, NOW + 19) == []
    assert faults.items()
    assert faults.due(house, agents, NOW + 20) == []
    assert not faults.items()
    assert faults.recovered() == {"oca-b2-1": NOW + 20}
    faults.due(house, agents, NOW + 90)
    assert faults.recovered() == {}


def test_a_kill_is_over_when_another_runs_in_its_place(
    make_task: Make, house: list[Slot], agents: list[dict[str, Any]]
) -> None:
    faults = Faults()
    order = faults.begin("play-api-1", "kill", 30, house, agents, NOW)
    assert (order.signal, order.seconds) == ("KILL", None)
    faults.due(house, agents, NOW + 0.5)
    assert faults.items()
    replaced = make_task("play-api-1", id="new", attempts=2, pid=1)
    faults.due(slots([{**replaced, "state": "Launched"}], {}), agents, NOW + 1)
    assert faults.items()
    faults.due(slots([replaced], {}), agents, NOW + 2)
    assert not faults.items()


def test_a_killed_zone_comes_back_by_an_order(
    make_agent: Make, house: list[Slot], agents: list[dict[str, Any]]
) -> None:
    faults = Faults()
    faults.begin("zone-b", "kill", 30, house, agents, NOW)
    lost = [make_agent("a"), make_agent("b", state="Lost"), make_agent("c")]
    assert faults.due(house, lost, NOW + 29) == []
    [order] = faults.due(house, lost, NOW + 30)
    assert (order.target, order.signal) == ("zone-b", "RESTORE")
    assert faults.due(house, lost, NOW + 31) == [order]
    faults.finish(order.item, NOW + 31)
    assert not faults.items()


def test_a_zone_that_somebody_else_brought_back_needs_no_order(
    make_agent: Make, house: list[Slot], agents: list[dict[str, Any]]
) -> None:
    faults = Faults()
    faults.begin("zone-b", "kill", 30, house, agents, NOW)
    assert faults.due(house, [make_agent("b", pid=4711)], NOW + 9) == []
    assert not faults.items()


def test_restore_continues_what_is_stopped_and_starts_zones(
    house: list[Slot], agents: list[dict[str, Any]]
) -> None:
    faults = Faults()
    for target, action in (("oca-b2-1", "stop"), ("play-api-1", "kill"), ("zone-b", "kill")):
        faults.begin(target, action, 30, house, agents, NOW)
    orders = {(order.target, order.signal) for order in faults.restore()}
    assert orders == {("oca-b2-1", "CONT"), ("zone-b", "RESTORE")}
    assert len(faults.items()) == 3


@pytest.mark.parametrize(
    ("target", "action"),
    [("nobody", "kill"), ("play-api-1", "explode"), ("zone-b", "stop"), ("booth-1", "kill"),
     ("zone-c", "kill")],
)  # fmt: skip
def test_what_is_not_in_the_catalogue_is_refused(
    house: list[Slot], agents: list[dict[str, Any]], target: str, action: str
) -> None:
    faults = Faults()
    with pytest.raises(UnknownFaultError) as caught:
        faults.begin(target, action, 30, house, agents, NOW)
    assert (caught.value.target, caught.value.action) == (target, action)
    assert faults.items() == []


def test_a_target_is_broken_once(house: list[Slot], agents: list[dict[str, Any]]) -> None:
    faults = Faults()
    order = faults.begin("oca-b2-1", "stop", 30, house, agents, NOW)
    with pytest.raises(AlreadyBrokenError) as caught:
        faults.begin("oca-b2-1", "kill", 30, house, agents, NOW)
    assert caught.value.until == NOW + 30
    faults.forget(order.item)
    faults.begin("oca-b2-1", "kill", 30, house, agents, NOW)


class FaultsAgainstModel(RuleBasedStateMachine):
    """What is broken, against a plain account of processes that die, stop and are replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()
        self.now = NOW
        self.ids = dict.fromkeys(list(NAMES)[:4], 1)
        self.model: dict[str, tuple[str, float, int]] = {}

    def house(self) -> list[Slot]:
        fields: dict[str, Any] = {"state": "Started", "zone": "a", "address": "127.0.0.1:1"}
        tasks = [
            {"id": f"{name}.{n}", "name": name, "job": name[:-2], "attempts": n, **fields}
            for name, n in self.ids.items()
        ]
        return slots(tasks, {})

    @rule(
        name=st.sampled_from(list(NAMES)[:4]),
        action=st.sampled_from(["kill", "stop"]),
        seconds=st.integers(1, 9),
    )
    def break_it(self, name: str, action: str, seconds: int) -> None:
        if name in self.model:
            with pytest.raises(AlreadyBrokenError):
                self.faults.begin(name, action, seconds, self.house(), [], self.now)
        else:
            self.faults.begin(name, action, seconds, self.house(), [], self.now)
            self.model[name] = (action, self.now + seconds, self.ids[name])

    @rule(name=st.sampled_from(list(NAMES)[:4]))
    def replace(self, name: str) -> None:
        self.ids[name] += 1

    @rule(seconds=st.integers(0, 5))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        assert self.faults.due(self.house(), [], self.now) == []
        self.model = {
            name: (action, until, id)
            for name, (action, until, id) in self.model.items()
            if self.now < until and not (action == "kill" and self.ids[name] != id)
        }

    @invariant()
    def the_same_is_broken(self) -> None:
        broken = {i["target"]: (i["action"], i["until"]) for i in self.faults.items()}
        assert broken == {name: told[:2] for name, told in self.model.items()}
        stopped = {name for name, told in self.model.items() if told[0] == "stop"}
        assert {order.target for order in self.faults.restore()} == stopped


TestFaultsAgainstModel = FaultsAgainstModel.TestCase
TestFaultsAgainstModel.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
