from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.collector import Span
from reference_app.booth.waterfall import distinct, waterfall

Make = Callable[..., Span]


def test_rows_stand_in_tree_order_with_siblings_by_start(make_span: Make) -> None:
    root = make_span("play", span="1" * 16, start=10, ms=20)
    late = make_span("late", span="2" * 16, parent="1" * 16, start=20, ms=5)
    early = make_span("early", span="3" * 16, parent="1" * 16, start=11, ms=5)
    leaf = make_span("leaf", span="4" * 16, parent="3" * 16, start=12, ms=1)
    rows = waterfall([late, leaf, root, early])
    assert [row["name"] for row in rows] == ["play", "early", "leaf", "late"]
    assert [row["start_ms"] for row in rows] == [0, 1, 2, 10]
    assert [row["ms"] for row in rows] == [20, 5, 1, 5]
    assert not any(row["parallel"] for row in rows)


def test_siblings_that_share_a_moment_are_parallel(make_span: Make) -> None:
    root = make_span("play", span="1" * 16, ms=20)
    times = {"a": (0, 10), "b": (1, 2), "c": (5, 2), "then": (10, 5), "last": (15, 1)}
    children = [
        make_span(name, span=f"{at + 2:016x}", parent="1" * 16, start=start, ms=ms)
        for at, (name, (start, ms)) in enumerate(times.items())
    ]
    parallel = {row["name"] for row in waterfall([root, *children]) if row["parallel"]}
    assert parallel == {"a", "b", "c"}


def test_a_span_whose_parent_never_came_is_a_root(make_span: Make) -> None:
    rows = waterfall([make_span(parent="9" * 16)])
    assert [row["parent"] for row in rows] == [None]


def test_of_two_reports_of_one_span_the_fuller_one_stands(make_span: Make) -> None:
    short, long = make_span(ms=1), make_span(ms=2)
    assert distinct([long, short]) == distinct([short, long]) == [long]


@st.composite
def traces(draw: st.DrawFn) -> list[dict[str, object]]:
    """Any spans: parents known, unknown, circular; times equal or not; repeats."""
    size = draw(st.integers(1, 9))
    ids = [f"{number + 1:016x}" for number in range(size)]
    parents = st.none() | st.sampled_from([*ids, "f" * 16])
    spans: list[dict[str, object]] = [
        {
            "span": id,
            "parent": draw(parents),
            "start": draw(st.integers(0, 4)),
            "ms": draw(st.integers(0, 4)),
        }
        for id in ids
    ]
    return spans + draw(st.lists(st.sampled_from(spans), max_size=3))


@given(traces(), st.data())
@settings(max_examples=150, deadline=None)
def test_any_order_of_arrival_gives_the_same_waterfall(
    make_span: Make, raw: list[dict[str, object]], data: st.DataObject
) -> None:
    spans = [make_span("work", **fields) for fields in raw]
    rows = waterfall(spans)
    assert waterfall(data.draw(st.permutations(spans))) == rows
    assert sorted(row["id"] for row in rows) == sorted({span.span for span in spans})
    seen: set[str] = set()
    for row in rows:
        assert row["parent"] is None or row["parent"] in seen
        seen.add(row["id"])


@given(traces())
@settings(max_examples=100, deadline=None)
def test_parallel_is_what_a_look_at_all_pairs_says(
    make_span: Make, raw: list[dict[str, object]]
) -> None:
    # A span of no duration shares no moment with anything; give each at least one.
    rows = waterfall([make_span("work", **{**f, "ms": f["ms"] or 1}) for f in raw])
    known = {row["id"] for row in rows}
    told = {str(f["span"]): f["parent"] if f["parent"] in known else None for f in raw}
    for row in rows:
        siblings = [o for o in rows if o is not row and told[o["id"]] == told[row["id"]]]
        begin, end = row["start_ms"], row["start_ms"] + row["ms"]
        shared = [o for o in siblings if o["start_ms"] < end and begin < o["start_ms"] + o["ms"]]
        assert row["parallel"] == bool(shared)
