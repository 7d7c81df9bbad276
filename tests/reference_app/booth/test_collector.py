import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.collector import parse_traces
from reference_app.booth.errors import TelemetryError


def raw_span(**changes: object) -> dict[str, Any]:
    span: dict[str, Any] = {
        "traceId": "A" * 32,
        "spanId": "b" * 16,
        "parentSpanId": "c" * 16,
        "name": "play",
        "kind": 2,
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": 1700000000012500000,
        "status": {"code": 1},
        "attributes": [],
    }
    return {**span, **changes}


def export(*spans: object) -> bytes:
    attributes = [
        {"key": "service.name", "value": {"stringValue": "play-api"}},
        {"key": "service.instance.id", "value": {"stringValue": "play-api-1"}},
        {"key": "halation.zone", "value": {"stringValue": "b"}},
    ]
    scope = {"scope": {"name": "halation"}, "spans": list(spans)}
    resource = {"resource": {"attributes": attributes}, "scopeSpans": [scope]}
    return json.dumps({"resourceSpans": [resource]}).encode()


def test_a_span_is_read_with_its_resource() -> None:
    [span] = parse_traces(export(raw_span())).spans
    assert (span.trace, span.span, span.parent) == ("a" * 32, "b" * 16, "c" * 16)
    assert (span.service, span.instance, span.zone) == ("play-api", "play-api-1", "b")
    assert (span.start, span.ms, span.ok) == (1_700_000_000.0, 12.5, True)


def test_every_kind_of_attribute_is_read() -> None:
    values: dict[str, tuple[dict[str, object], object]] = {
        "text": ({"stringValue": "x"}, "x"),
        "int as text": ({"intValue": "-12"}, -12),
        "int": ({"intValue": 12}, 12),
        "double": ({"doubleValue": 1.5}, 1.5),
        "bool": ({"boolValue": True}, True),
        "list": ({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}, ["a", 1]),
        "unreadable int": ({"intValue": "12a"}, None),
        "nothing": ({}, None),
        "long text": ({"stringValue": "x" * 5000}, "x" * 1024),
        "not a number": ({"doubleValue": float("inf")}, None),
    }
    attributes = [{"key": key, "value": value} for key, (value, _) in values.items()]
    [span] = parse_traces(export(raw_span(attributes=attributes))).spans
    assert dict(span.fields) == {key: expected for key, (_, expected) in values.items()}


@pytest.mark.parametrize(
    ("changes", "ok"),
    [
        ({"status": {"code": 2}}, False),
        ({"status": {}}, True),
        ({"status": None}, True),
        ({"attributes": [{"key": "ok", "value": {"boolValue": False}}]}, False),
    ],
)
def test_a_span_fails_by_its_status_or_its_own_word(changes: dict[str, object], ok: bool) -> None:
    assert parse_traces(export(raw_span(**changes))).spans[0].ok is ok


def test_the_message_of_a_failed_span_is_its_error() -> None:
    status = {"code": 2, "message": "not_entitled"}
    assert parse_traces(export(raw_span(status=status))).spans[0].text("error") == "not_entitled"


@pytest.mark.parametrize(
    "changes",
    [
        {"traceId": "xyz"},
        {"traceId": "0" * 32},
        {"spanId": None},
        {"spanId": "b" * 15},
        {"parentSpanId": "no"},
        {"startTimeUnixNano": "tomorrow"},
        {"startTimeUnixNano": True},
        {"startTimeUnixNano": -1},
        {"endTimeUnixNano": "9" * 30},
        {"endTimeUnixNano": "1699999999999999999"},
    ],
)
def test_a_span_that_cannot_be_read_does_not_cost_its_neighbour(
    changes: dict[str, object],
) -> None:
    batch = parse_traces(export(raw_span(**changes), raw_span(name="good"), 7))
    assert [span.name for span in batch.spans] == ["good"]
    assert batch.rejected == 2
    assert batch.reason


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"resourceSpans": 1}', b'{"resourceSpans": [1]}', b"\xff", b"[" * 99_999],
)
def test_a_body_that_is_no_export_is_refused(body: bytes) -> None:
    with pytest.raises(TelemetryError):
        parse_traces(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["traceId", "key", "value", "values", "arrayValue", "intValue"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(st.sampled_from(sorted(raw_span())), json_values)
@settings(max_examples=100, deadline=None)
def test_whatever_stands_in_a_member_it_is_read_or_rejected(member: str, value: object) -> None:
    batch = parse_traces(export(raw_span(**{member: value})))
    assert len(batch.spans) + batch.rejected == 1
    json.dumps([dict(span.fields) for span in batch.spans], allow_nan=False)
