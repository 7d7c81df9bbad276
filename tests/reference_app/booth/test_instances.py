from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.instances import alive_zones, layer_of, slots

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("job", "layer"),
    [
        ("elb", "edge"),
        ("gateway", "gateway"),
        ("play-api", "apis"),
        ("discovery-api", "apis"),
        ("members", "services"),
        ("steering", "services"),
        ("oca-b2", "appliances"),
        ("cache", "cache"),
        ("cache-b", "cache"),
        ("booth", "booth"),
    ],
)
def test_layers(job: str, layer: str) -> None:
    assert layer_of(job) == layer


def test_a_replacement_takes_the_place_of_what_it_replaces(make_task: Make) -> None:
    tasks = [
        make_task("play-api-1", id="new", attempts=3, state="Started", pid=9),
        make_task("play-api-1", id="old", attempts=2, state="KillInitiated"),
        make_task("play-api-1", id="first", state="Finished"),
    ]
    [slot] = slots(tasks, {})
    assert (slot.id, slot.restarts, slot.running, slot.pid) == ("new", 2, True, 9)


def test_what_waits_for_a_place_is_shown_where_it_was(make_task: Make) -> None:
    task = make_task("cache-2", zone=None, state="Accepted", address=None, pid=None)
    [slot] = slots([{**task, "started_at": None}], {"cache-2": "b"})
    assert (slot.zone, slot.running, slot.address, slot.since) == ("b", False, "", None)


def test_what_is_finished_for_good_is_not_shown(make_task: Make) -> None:
    assert slots([make_task("films-1", state="Finished")], {}) == []


def test_a_stopped_instance_does_not_run(make_task: Make) -> None:
    [slot] = slots([make_task("oca-b2-1", stopped=True)], {})
    assert (slot.state, slot.running) == ("Started", False)


def test_slots_stand_by_layer_and_name(make_task: Make) -> None:
    names = ["booth-1", "members-1", "gateway-2", "elb-1", "gateway-1"]
    found = [slot.name for slot in slots(map(make_task, names), {})]
    assert found == ["elb-1", "gateway-1", "gateway-2", "members-1", "booth-1"]


@given(
    st.permutations([("Finished", 1), ("KillInitiated", 2), ("Disconnected", 3), ("Accepted", 4)])
)
@settings(max_examples=24, deadline=None)
def test_the_order_of_the_list_does_not_matter(
    make_task: Make, order: list[tuple[str, int]]
) -> None:
    tasks = [make_task("a-1", id=str(n), state=state, attempts=n) for state, n in order]
    assert [slot.id for slot in slots(tasks, {})] == ["4"]


def test_a_zone_lives_while_an_agent_of_it_is_connected(make_agent: Make) -> None:
    agents = [
        make_agent("b", state="Lost"),
        make_agent("a"),
        make_agent("c", state="Disconnected"),
        make_agent("c", id="c2"),
    ]
    assert alive_zones(agents) == {"a": True, "b": False, "c": True}
