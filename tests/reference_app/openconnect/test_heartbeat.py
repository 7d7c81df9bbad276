"""The codec of heartbeats."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.openconnect.errors import HeartbeatError
from reference_app.openconnect.heartbeat import Heartbeat

from .beats import beat, heartbeats


@settings(max_examples=100)
@given(heartbeats)
def test_what_is_sent_is_what_is_heard(sent: Heartbeat) -> None:
    assert Heartbeat.from_json(json.loads(json.dumps(sent.as_json()))) == sent


@settings(max_examples=150)
@given(st.data())
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    wire = beat("oca-a1").as_json()
    values = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.none())
    anything = values | st.dictionaries(st.text(max_size=3), values, max_size=2)
    field = data.draw(st.sampled_from(sorted(wire)))
    wire[field] = data.draw(anything)
    try:
        heard = Heartbeat.from_json(wire)
    except HeartbeatError as error:
        assert error.field  # noqa: PT017 - either end is right here
    else:
        assert heard.as_json()[field] == wire[field]


@pytest.mark.parametrize(
    ("field", "value", "names"),
    [
        ("health", "fine", "health"),
        ("port", True, "port"),
        ("port", "80", "port"),
        ("routes", [{"prefix": "192.0.2.1/24", "kind": "inside"}], "routes"),
        ("routes", [{"prefix": "192.0.2.0/24", "kind": "magic"}], "routes"),
        ("contents", [7], "contents"),
        ("contents", "quiet-orbit", "contents"),
        ("load", {"mbit": None, "connections": 1}, "mbit"),
        ("place", {"name": "x", "latitude": 1.0}, "longitude"),
    ],
)
def test_the_field_that_is_wrong_is_named(field: str, value: Any, names: str) -> None:
    with pytest.raises(HeartbeatError) as caught:
        Heartbeat.from_json({**beat("oca-a1").as_json(), field: value})
    assert caught.value.field == names


def test_a_heartbeat_is_an_object() -> None:
    with pytest.raises(HeartbeatError):
        Heartbeat.from_json([1])
