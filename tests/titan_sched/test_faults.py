"""Faults of whole zones: one that is said to be done is done."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from titan_sched._process import alive, read_record

from tests.titan_sched.api.test_http import call
from titan_sched import ControlError, start_agent


def states(cluster):
    return {agent["id"]: agent["state"] for agent in cluster.client().agents()}


def recorded(cluster, *agents):
    """(pid, start) of agents, as who started them wrote them down."""
    plan = read_record(cluster.directory / "processes.json")["processes"]
    return {one["name"]: (one["pid"], one["start"]) for one in plan if one["name"] in agents}


def together(call, things):
    """What `call` returns for each, all called at once."""
    gate = threading.Barrier(len(things))

    def one(thing):
        gate.wait(10)
        return call(thing)

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(one, things))


def test_cont_at_once_after_an_outage_ends_it(cluster):
    client = cluster.client()
    for _ in range(3):
        before = recorded(cluster, "agent b1")["agent b1"]
        assert client.fault("zone-b", "KILL") == ["b1"]
        assert client.fault("zone-b", "CONT") == ["b1"]
        assert states(cluster)["b1"] == "Connected"
        after = recorded(cluster, "agent b1")["agent b1"]
        assert not alive(*before)
        assert alive(*after)


@pytest.mark.parametrize("signal", ["STOP", "KILL"])
def test_what_a_dead_zone_cannot_do_is_not_said_to_be_done(cluster, signal):
    client = cluster.client()
    client.fault("zone-b", "KILL")
    with pytest.raises(ControlError, match=f"{signal} of zone-b: not confirmed by"):
        client.fault("zone-b", signal)
    client.fault("zone-b", "CONT")
    assert states(cluster)["b1"] == "Connected", "the order that failed does not hit its next life"


@pytest.mark.parametrize("zones", ["bbbb", "bbcc", "abc"])
def test_zones_may_be_brought_back_at_once(cluster, until, zones):
    client = cluster.client()
    for zone in set(zones):
        client.fault(zone, "KILL")
    names = [f"agent {zone}1" for zone in set(zones)]
    until(lambda: not any(alive(*one) for one in recorded(cluster, *names).values()))
    logs = [cluster.directory / "agents" / f"{zone}1" / "agent.out" for zone in set(zones)]
    before = [log.read_text().count("another one runs") for log in logs]

    answers = together(lambda zone: cluster.client().fault(f"zone-{zone}", "CONT"), zones)

    assert answers == [[f"{zone}1"] for zone in zones]
    found = recorded(cluster, *names)
    assert sorted(found) == sorted(names)
    assert all(alive(*one) for one in found.values()), "a sweep would find every one of them"
    assert [log.read_text().count("another one runs") for log in logs] == before


def test_start_agent_is_one_start_however_many_call_it(cluster, until):
    cluster.client().fault("zone-b", "KILL")
    gone = recorded(cluster, "agent b1")["agent b1"]
    until(lambda: not alive(*gone))
    together(lambda zone: start_agent(cluster.directory, zone), "bbb")
    assert alive(*recorded(cluster, "agent b1")["agent b1"])
    assert states(cluster)["b1"] == "Connected"


def test_a_zone_that_does_not_come_back_is_one_line(cluster, until):
    client = cluster.client()
    client.fault("zone-b", "KILL")
    gone = recorded(cluster, "agent b1")["agent b1"]
    until(lambda: not alive(*gone))
    # Its agent cannot start where its directory of tasks is a file.
    tasks = cluster.directory / "agents" / "b1" / "tasks"
    aside = tasks.rename(tasks.with_name("aside"))
    tasks.write_text("")
    try:
        order = json.dumps({"target": "zone-b", "signal": "CONT"})
        status, body = call(cluster, "POST", "/faults", order)
        assert status == 503
        assert json.loads(body)["error"].startswith("agents/b1/agent.out: ended: ")
        with pytest.raises(ControlError, match=r"agent\.out: ended") as caught:
            client.fault("zone-b", "CONT")
        assert "\n" not in str(caught.value)
    finally:
        tasks.unlink()
        aside.rename(tasks)


def test_the_cluster_is_its_owners_alone(cluster):
    def mode(name):
        return (cluster.directory / name).stat().st_mode & 0o777

    names = ("titan.db", "titan.db-wal", "token", "processes.json", "control.json")
    assert {name: mode(name) for name in names} == dict.fromkeys(names, 0o600)
    assert [mode("."), mode("agents/a1")] == [0o700, 0o700]
