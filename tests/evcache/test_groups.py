"""Addresses, groups, and nodes that come, move and go."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from evcache.discovery import LOOK_EVERY
from evcache.groups import DOWN, PROBE_GAP, Cluster, Node, Place, parse


def test_addresses() -> None:
    assert parse("a", "10.0.1.5:11211") == Place("a", "10.0.1.5/10.0.1.5", "10.0.1.5", 11211)
    assert parse("a", "cache-a1/127.0.0.1:12001") == (
        Place("a", "cache-a1/127.0.0.1", "127.0.0.1", 12001)
    )
    assert parse("a", "localhost:1").host == "127.0.0.1"
    assert parse("a", "[::1]:11211").host == "::1"


@pytest.mark.parametrize("address", ["", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536"])
def test_bad_addresses_name_what_is_allowed(address: str) -> None:
    with pytest.raises(ValueError, match="allowed are 'ip:port' and 'host/ip:port'"):
        Cluster({"a": [address]}, None)


def test_names_are_not_looked_up() -> None:
    with pytest.raises(ValueError, match="allowed are"):
        Cluster({"a": ["cache.example.com:11211"]}, None)


def test_other_servers() -> None:
    with pytest.raises(ValueError, match="neither a mapping of zones nor"):
        Cluster("10.0.0.1:11211", None)
    with pytest.raises(TypeError, match="list of addresses"):
        Cluster({"a": "10.0.0.1:11211"}, None)


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="give them names"):
        Cluster({"a": ["127.0.0.1:1", "127.0.0.1:2"]}, None)
    named = Cluster({"a": ["n1/127.0.0.1:1", "n2/127.0.0.1:2"]}, None)
    assert len(named.groups(0)[0].nodes) == 2


def test_the_own_zone_comes_first() -> None:
    servers = {zone: [f"10.0.0.{n}:1"] for n, zone in enumerate("abc")}
    assert [g.zone for g in Cluster(servers, "b").groups(0)] == ["b", "a", "c"]
    assert [g.zone for g in Cluster(servers, None).groups(0)] == ["a", "b", "c"]
    assert [g.zone for g in Cluster(servers, "z").groups(0)] == ["a", "b", "c"]


def test_a_failed_node_rests_and_then_is_tried_by_one_call_a_gap() -> None:
    node = Node(Place("a", "n/10.0.0.1", "10.0.0.1", 1))
    node.failed(node.epoch, 100.0)
    assert not node.rested(100.0 + DOWN - 0.01)
    assert node.rested(100.0 + DOWN)
    assert not node.rested(100.0 + DOWN + PROBE_GAP / 2)
    assert node.rested(100.0 + DOWN + PROBE_GAP)
    node.heard()
    assert node.down_until == 0.0


def test_news_of_old_connections_is_no_news() -> None:
    node = Node(Place("a", "n/10.0.0.1", "10.0.0.1", 1))
    old = node.epoch
    node.renew(old)
    node.failed(old, 100.0)
    node.renew(old)
    assert (node.down_until, node.epoch) == (0.0, old + 1)


def test_silence_counts_from_the_first_unanswered_command() -> None:
    node = Node(Place("a", "n/10.0.0.1", "10.0.0.1", 1))
    node.silent(100.0, node.epoch, 100.1, 0.25)
    assert not node.down_until
    node.silent(100.1, node.epoch, 100.3, 0.25)
    assert node.down_until == 100.3 + DOWN


def instance(zone: Any, name: str, port: Any, **more: Any) -> dict[str, Any]:
    payload = {"zone": zone, "name": name}
    return {"name": "cache", "id": f"{name}-id", "address": "127.0.0.1", "port": port} | {
        "payload": payload,
        **more,
    }


class TestFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "cache.json"

    def write(self, path: Path, what: object) -> None:
        new = path.with_suffix(".new")
        new.write_text(what if isinstance(what, str) else json.dumps(what))
        os.replace(new, path)

    def cluster(self, path: Path) -> Cluster:
        return Cluster(f"file:{path}", "a")

    def test_missing_then_there(self, path: Path) -> None:
        cluster = self.cluster(path)
        assert cluster.groups(0.0) == ()
        self.write(path, [instance("b", "b1", 2), instance("a", "a1", 1)])
        assert cluster.groups(LOOK_EVERY / 2) == ()
        groups = cluster.groups(LOOK_EVERY)
        assert [(g.zone, g.nodes[0].place.name) for g in groups] == [
            ("a", "a1/127.0.0.1"),
            ("b", "b1/127.0.0.1"),
        ]

    def test_the_same_file_is_not_read_again(self, path: Path) -> None:
        self.write(path, [instance("a", "a1", 1)])
        cluster = self.cluster(path)
        assert cluster.groups(0.0) is cluster.groups(10.0)

    def test_a_node_that_returns_on_another_port_replaces_the_old_one(self, path: Path) -> None:
        self.write(path, [instance("a", "a1", 1), instance("b", "b1", 2)])
        cluster = self.cluster(path)
        a, b = (group.nodes[0] for group in cluster.groups(0.0))
        a.heard()
        self.write(path, [instance("a", "a1", 7), instance("b", "b1", 2)])
        groups = cluster.groups(1.0)
        assert [g.nodes[0].place.port for g in groups] == [7, 2]
        assert groups[0].nodes[0] is not a
        assert groups[1].nodes[0] is b

    def test_a_dropped_node_stays_while_it_answers(self, path: Path) -> None:
        self.write(path, [instance("a", "a1", 1), instance("b", "b1", 2)])
        cluster = self.cluster(path)
        a = cluster.groups(0.0)[0].nodes[0]
        a.heard()
        self.write(path, [])
        assert [g.zone for g in cluster.groups(1.0)] == ["a"]
        a.failed(a.epoch, 1.0)
        assert cluster.groups(1.0) == ()

    def test_a_file_that_goes_drops_only_who_does_not_answer(self, path: Path) -> None:
        self.write(path, [instance("a", "a1", 1), instance("b", "b1", 2)])
        cluster = self.cluster(path)
        cluster.groups(0.0)[1].nodes[0].heard()
        path.unlink()
        assert [g.zone for g in cluster.groups(1.0)] == ["b"]

    @pytest.mark.parametrize("broken", ["", "{", "{}", "null", "[" * 10000])
    def test_a_broken_file_changes_nothing(
        self, path: Path, broken: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.write(path, [instance("a", "a1", 1)])
        cluster = self.cluster(path)
        before = cluster.groups(0.0)
        self.write(path, broken)
        assert cluster.groups(1.0) is before
        assert cluster.groups(2.0) is before
        assert caplog.text.count("evcache.servers_unreadable") == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            instance(None, "x", 5),
            instance("a", "x", "5"),
            instance("a", "x", 0),
            instance("a", "x", 5, address="cache.example.com"),
            instance("a", "x", 5, payload=None),
            {},
            "text",
            None,
        ],
        ids=str,
    )
    def test_a_wrong_instance_is_left_out(
        self, path: Path, wrong: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.write(path, [wrong, instance("a", "a1", 1)])
        groups = self.cluster(path).groups(0.0)
        assert [node.place.name for group in groups for node in group.nodes] == ["a1/127.0.0.1"]
        assert "evcache.instance_skipped" in caplog.text

    def test_without_a_name_the_id_is_on_the_ring(self, path: Path) -> None:
        self.write(path, [instance("a", "", 1)])
        assert self.cluster(path).groups(0.0)[0].nodes[0].place.name == "-id/127.0.0.1"
