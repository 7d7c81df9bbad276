import re
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zuulpy.events import Emitter

from zuulpy import Event

PARENT = f"00-{'1a' * 16}-{'2b' * 8}-00"


def emitter(events, trace, times=(1.0, 1.25)):
    ticks = iter(times)
    return Emitter(
        events.append, trace, clock=lambda: 7.0, timer=lambda: next(ticks), bits=lambda n: 5
    )


def test_a_pair_has_one_span_and_a_duration():
    events: list[Event] = []
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    one = emitter(events, trace)
    span = one.start("request", PARENT, {"a": 1})
    assert trace.get() == f"00-{'1a' * 16}-{'0' * 15}5-01"
    one.stop(span, {"b": 2})
    assert trace.get() is None
    assert events[0] == Event(
        name="zuulpy.request_started",
        at=7.0,
        trace="1a" * 16,
        span="0" * 15 + "5",
        parent="2b" * 8,
        fields={"a": 1},
    )
    assert dict(events[1].fields) == {"a": 1, "b": 2, "ms": 250.0}


def test_without_a_trace_variable_there_are_no_ids():
    events: list[Event] = []
    one = emitter(events, None)
    one.stop(one.start("request", PARENT, {}), {})
    assert {(e.trace, e.span, e.parent) for e in events} == {(None, None, None)}
    assert not Emitter(None, None).active


def test_the_variable_is_the_parent_of_work_without_a_header():
    events: list[Event] = []
    trace: ContextVar[str | None] = ContextVar("trace", default=PARENT)
    one = emitter(events, trace)
    one.stop(one.start("request", None, {}), {})
    assert events[0].parent == "2b" * 8


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "A" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 31 + "-" + "1" * 16 + "-01",
    ],
)
def test_a_broken_header_starts_a_new_trace(header):
    events: list[Event] = []
    one = emitter(events, ContextVar("trace", default=None))
    one.stop(one.start("request", header, {}), {})
    assert (events[0].trace, events[0].parent) == ("0" * 31 + "5", None)


@given(st.text(st.sampled_from("0123456789abcdefg-"), max_size=60))
def test_what_is_set_is_always_a_valid_traceparent(header):
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    one = Emitter(None, trace)
    span = one.start("request", header, {})
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace.get() or "")
    one.stop(span, {})
