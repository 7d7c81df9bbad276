"""Keys that may be sent, and keys of calls."""

import re

import pytest
from evcache.errors import EVCacheError, InvalidKeyError, KeyTooLongError
from evcache.keys import call_key, keyer, wire_key
from hypothesis import given, settings
from hypothesis import strategies as st


def test_the_prefix_goes_before() -> None:
    assert wire_key("h:", "member:7") == b"h:member:7"
    assert wire_key("", "höhe") == "höhe".encode()


@pytest.mark.parametrize(
    "key", ["a b", "a\n", "\t", "", "a\x00", "a\x7f", "a\u00a0b", "\u2003", "\x85"]
)
def test_white_space_and_control_characters_are_refused(key: str) -> None:
    with pytest.raises(InvalidKeyError, match="no white space, no control characters") as caught:
        wire_key("h:", key)
    assert caught.value.key == key
    assert repr(key) in str(caught.value)
    assert isinstance(caught.value, EVCacheError)


def test_bounds_count_the_prefix() -> None:
    assert len(wire_key("h:", "k" * 198)) == 200
    with pytest.raises(KeyTooLongError):
        wire_key("h:", "k" * 199)
    with pytest.raises(KeyTooLongError):
        wire_key("", "é" * 126)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        wire_key("", "\ud800")


def test_a_key_is_a_str() -> None:
    with pytest.raises(TypeError, match="a cache key is a str, not bytes"):
        wire_key("", b"k")  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_sent_whole_or_refused(key: str) -> None:
    try:
        wire = wire_key("p:", key)
    except InvalidKeyError:
        return
    assert wire.decode() == "p:" + key
    assert len(wire) <= 250
    assert re.search(rb"[\s\x00-\x20\x7f]", wire) is None


ARGUMENTS = st.recursive(
    st.text(max_size=5)
    | st.integers(-5, 5)
    | st.booleans()
    | st.none()
    | st.binary(max_size=3)
    | st.floats(width=16),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)
CALLS = st.tuples(
    st.sampled_from(["f", "g", "f:", "f:s1", "a b", "ü"]),
    st.lists(ARGUMENTS, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(CALLS, CALLS, st.sampled_from([80, 200]))
def test_unequal_calls_never_share_a_key(
    one: tuple[str, tuple[object, ...]], two: tuple[str, tuple[object, ...]], room: int
) -> None:
    first, second = call_key(*one, room), call_key(*two, room)
    wire_key("", first)
    assert len(first) <= room
    if first == second:
        assert repr(one) == repr(two) or one == two


def test_types_are_told_apart() -> None:
    keys = {
        call_key("f", (value,), 200) for value in (1, 1.0, True, "1", b"1", (1,), ((1,),), None)
    }
    assert len(keys) == 8


def test_long_calls_become_a_digest() -> None:
    key = call_key("f", ("x" * 500,), 100)
    assert re.fullmatch(r"f:#[0-9a-f]{64}", key)
    assert key != call_key("f", ("x" * 501,), 100)


def test_other_arguments_need_a_key() -> None:
    with pytest.raises(TypeError, match=r"type list.*key="):
        call_key("f", ([1],), 200)


def test_defaults_and_order_of_keywords_do_not_matter() -> None:
    def f(a: int, b: int = 2, *rest: int, c: str = "x", **more: int) -> None: ...

    key = keyer(f, None, 200)
    assert key(1) == key(a=1) == key(1, 2, c="x")
    assert key(1, z=1, y=2) == key(1, y=2, z=1)
    assert key(1, z=1) != key(1, y=1)
    assert key(1).startswith(f"{__name__}.test_defaults") or ":#" in key(1)
    assert keyer(f, "rows", 200)(1) == "rows:i1,i2,(),sx,()"
    with pytest.raises(TypeError, match="missing"):
        key()
