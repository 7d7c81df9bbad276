from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.collector import Span
from reference_app.booth.traces import TraceStore

Make = Callable[..., Span]
NOW = 1_700_000_000.0


def trace_id(number: int) -> str:
    return f"{number + 1:032x}"


def test_a_trace_is_given_back_by_start_each_span_once(make_span: Make) -> None:
    store = TraceStore()
    first, second = make_span(span="2" * 16, start=1), make_span(span="1" * 16, start=2)
    store.add([second, first, second], NOW)
    assert store.get(first.trace) == [first, second]
    assert store.get("b" * 32) == []


def test_pictures_do_not_push_out_plays(make_span: Make) -> None:
    store = TraceStore(max_plays=2, max_others=3)
    store.add([make_span("play", trace=trace_id(0))], NOW)
    for number in range(1, 20):
        store.add([make_span(trace=trace_id(number))], NOW)
    assert [play["trace"] for play in store.plays(9)] == [trace_id(0)]
    assert len(store) == 4


def test_a_trace_becomes_a_play_when_its_play_arrives(make_span: Make) -> None:
    store = TraceStore()
    store.add([make_span("http.server", span="2" * 16)], NOW)
    assert store.plays(9) == []
    store.add([make_span("play.asked", span="1" * 16)], NOW)
    assert len(store.plays(9)) == 1
    assert len(store.get("a" * 32)) == 2
    assert len(store) == 1


def test_a_play_changes_when_a_step_arrives(make_span: Make) -> None:
    store = TraceStore()
    store.add([make_span("play")], NOW)
    assert "appliance" not in store.plays(1)[0]
    store.add([make_span("play.served", span="2" * 16, oca="oca-b2")], NOW)
    assert store.plays(1)[0]["appliance"] == "oca-b2"


def test_old_traces_go(make_span: Make) -> None:
    store = TraceStore(max_age=10)
    store.add([make_span("play", trace=trace_id(0)), make_span(trace=trace_id(1))], NOW)
    store.expire(NOW + 10)
    assert len(store) == 2
    store.expire(NOW + 10.1)
    assert len(store) == 0


def test_a_trace_without_end_is_cut(make_span: Make) -> None:
    store = TraceStore(max_spans=5)
    store.add([make_span(span=f"{number + 1:016x}") for number in range(50)], NOW)
    assert len(store.get("a" * 32)) == 5


def test_lines_are_newest_first(make_span: Make) -> None:
    store = TraceStore()
    store.add(
        [
            make_span("zuulpy.request", trace=trace_id(0), start=0, ms=10),
            make_span("http.server", trace=trace_id(0), span="2" * 16, start=2, ms=3, ok=False),
            make_span("play", trace=trace_id(1), start=5, ms=8),
            make_span("play.served", trace=trace_id(1), span="2" * 16, start=900, ms=8),
        ],
        NOW,
    )
    newest, older = store.lines(5)
    assert (newest["name"], newest["ms"], newest["play"], newest["ok"]) == ("play", 8, True, True)
    assert (older["name"], older["ms"], older["spans"], older["ok"]) == (
        "zuulpy.request",
        10,
        2,
        False,
    )
    assert len(store.lines(1)) == 1


arrivals = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 5), st.sampled_from(["play", "work"])),
    max_size=60,
)


@given(arrivals, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_no_bound_is_ever_exceeded_and_the_newest_stays(
    make_span: Make, arrivals: list[tuple[int, int, str]], plays: int, others: int
) -> None:
    store = TraceStore(max_plays=plays, max_others=others, max_spans=4, max_age=1e9)
    for trace, span, name in arrivals:
        store.add([make_span(name, trace=trace_id(trace), span=f"{span + 1:016x}")], NOW)
        assert len(store.plays(99)) <= plays
        assert len(store) <= plays + others
        assert 1 <= len(store.get(trace_id(trace))) <= 4 or name == "work"


@given(st.permutations(range(6)))
@settings(max_examples=60, deadline=None)
def test_a_play_is_the_same_in_any_order_of_arrival(make_span: Make, order: list[int]) -> None:
    spans = [
        make_span("play", span="1" * 16, start=0, ms=20, session="s", title="t", member=7),
        make_span("play.asked", span="2" * 16, parent="1" * 16, start=1, ms=3),
        make_span("play.allowed", span="3" * 16, parent="1" * 16, start=4, ms=8),
        make_span("play.files_chosen", span="4" * 16, parent="1" * 16, start=12, ms=1),
        make_span("play.steered", span="5" * 16, parent="1" * 16, start=13, ms=2),
        make_span("play.served", span="6" * 16, parent="1" * 16, start=99, ms=5, oca="oca-b2"),
    ]
    store, straight = TraceStore(), TraceStore()
    straight.add(spans, NOW)
    for at in order:
        store.add([spans[at]], NOW)
        store.plays(1)
    assert store.plays(9) == straight.plays(9)
