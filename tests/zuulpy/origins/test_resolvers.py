import json
import logging
import os

import pytest
from zuulpy.origins.resolvers import FileResolver, StaticResolver, make_resolver, parse_registry

from zuulpy import ConfigError, Server


def instance(port, zone="a", **more):
    payload = {"zone": zone, "name": f"play-api-{port}"}
    return {"name": "play-api", "id": f"t{port}", "address": "127.0.0.1", "port": port} | {
        "payload": payload,
        "sslPort": None,
        **more,
    }


def write(path, instances):
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(instances))
    os.replace(temporary, path)


def test_curator_instances_become_servers():
    data = json.dumps(
        [instance(1), instance(2, enabled=False), {"name": "x"}, instance(0), instance(3, None)]
    )
    assert parse_registry(data.encode()) == (
        Server("127.0.0.1", 1, "a", "play-api-1", "t1"),
        Server("127.0.0.1", 3, "", "play-api-3", "t3"),
    )


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[{", b"\xff"])
def test_anything_else_is_refused(data):
    with pytest.raises(ValueError):
        parse_registry(data)


def test_a_missing_file_is_picked_up_when_it_appears_and_logged_once(tmp_path, caplog):
    path = tmp_path / "play-api.json"
    resolver = FileResolver(path)
    with caplog.at_level(logging.WARNING):
        assert resolver.servers(0.0) == resolver.servers(1.0) == ()
    assert len(caplog.records) == 1
    write(path, [instance(1)])
    assert [s.port for s in resolver.servers(2.0)] == [1]


def test_changes_are_seen_within_a_tenth_of_a_second_and_no_sooner(tmp_path):
    path = tmp_path / "play-api.json"
    write(path, [instance(1)])
    resolver = FileResolver(path)
    before = resolver.servers(0.0)
    write(path, [instance(1), instance(2)])
    assert resolver.servers(0.05) is before
    assert [s.port for s in resolver.servers(0.1)] == [1, 2]
    write(path, [])
    assert resolver.servers(0.3) == ()


def test_a_broken_or_vanished_file_leaves_the_last_good_list(tmp_path, caplog):
    path = tmp_path / "play-api.json"
    write(path, [instance(1)])
    resolver = FileResolver(path)
    good = resolver.servers(0.0)
    path.write_text("[{")
    assert resolver.servers(1.0) is good
    path.unlink()
    assert resolver.servers(2.0) is good
    assert len(caplog.records) == 2
    write(path, [instance(1)])
    assert resolver.servers(3.0) is good
    write(path, [instance(2)])
    assert [s.port for s in resolver.servers(4.0)] == [2]


def test_lists_are_in_the_callers_zone():
    resolver = StaticResolver(["h:1", "[::1]:2", Server("x", 3, "b")], "a")
    servers = resolver.servers(0.0)
    assert servers == (Server("h", 1, "a"), Server("::1", 2, "a"), Server("x", 3, "b"))
    assert [s.address for s in servers] == ["h:1", "[::1]:2", "x:3"]


@pytest.mark.parametrize("to", [None, [], "h:1", "file:", ["h"], ["h:0"], ["h:65536"], [7], b"x"])
def test_what_is_no_origin(to):
    with pytest.raises(ConfigError) as caught:
        make_resolver(to, None)
    assert caught.value.key == "to"
