"""Values and their bytes: EVCache's vectors, and what comes back is what was put in."""

import contextlib
import gzip
import math
import struct
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any

import pytest
from evcache.errors import CodecError
from evcache.transcode import COMPRESS_OVER, decode, encode
from hypothesis import given, settings
from hypothesis import strategies as st

VECTORS = [
    (42, 512, "2a"),
    (-7, 512, "fffffff9"),
    (0, 512, ""),
    (2**31 - 1, 512, "7fffffff"),
    (2**31, 768, "80000000"),
    (1234567890123, 768, "011f71fb04cb"),
    (-(2**63), 768, "8000000000000000"),
    (True, 256, "31"),
    (False, 256, "30"),
    (datetime.fromtimestamp(1_700_000_000, UTC), 1024, "018bcfe56800"),
    (datetime.fromtimestamp(0, UTC), 1024, ""),
    (-2.25, 1792, "c002000000000000"),
    (0.0, 1792, ""),
    (-0.0, 1792, "8000000000000000"),
    ("é", 0, "c3a9"),
    (b"\x00\x01", 2048, "0001"),
    (None, 8192, "6e756c6c"),
    ({"a": [1, "é", None, True, 0.5]}, 8192, '{"a":[1,"é",null,true,0.5]}'.encode().hex()),
]


@pytest.mark.parametrize(("value", "flags", "data"), VECTORS)
def test_vectors(value: Any, flags: int, data: str) -> None:
    assert encode(value) == (flags, bytes.fromhex(data))
    back = decode(flags, bytes.fromhex(data))
    assert (type(back), repr(back)) == (type(value), repr(value))


@pytest.mark.parametrize(
    ("flags", "data", "value"),
    [(1536, "3fc00000", 1.5), (1536, "", 0.0), (1280, "00", 0), (1280, "ff", -1), (768, "", 0)],
)
def test_what_only_java_writes_is_read(flags: int, data: str, value: Any) -> None:
    assert decode(flags, bytes.fromhex(data)) == value


def test_large_values_are_gzip() -> None:
    text = "abc" * 100
    flags, data = encode(text)
    assert flags == 2
    assert gzip.decompress(data).decode() == text
    assert decode(2, gzip.compress(text.encode())) == text
    assert encode("a" * COMPRESS_OVER)[0] == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=8,
)
VALUES = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats()
    | st.none()
    | st.datetimes(timezones=st.just(UTC)).map(
        lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
    )
    | st.lists(JSON)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON)
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_round_trip(value: Any) -> None:
    back = decode(*encode(value))
    assert type(back) is type(value)
    if isinstance(value, float):
        assert struct.pack(">d", back) == struct.pack(">d", value)
    else:
        assert back == value


def test_a_datetime_of_any_zone_is_the_same_instant() -> None:
    value = datetime(2024, 2, 3, 4, 5, 6, 789000, timezone(timedelta(hours=5, minutes=30)))
    assert decode(*encode(value)) == value


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (object(), TypeError),
        ((1, 2), TypeError),
        (bytearray(b"x"), TypeError),
        (Colour.RED, TypeError),
        ({1: "a"}, TypeError),
        ({"a": (1,)}, TypeError),
        ({"a": {"b": {2: 3}}}, TypeError),
        ([b"x"], TypeError),
        ([{1, 2}], TypeError),
        (2**63, ValueError),
        (-(2**63) - 1, ValueError),
        ([math.nan], ValueError),
        ({"a": math.inf}, ValueError),
        (datetime(2024, 1, 1), ValueError),
        (datetime(2024, 1, 1, microsecond=1, tzinfo=UTC), ValueError),
        ("\ud800", ValueError),
        (["\ud800"], ValueError),
    ],
)
def test_what_would_not_come_back_equal_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        encode(value)


def test_values_that_hold_themselves_or_are_too_deep_are_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (loop, deep):
        with pytest.raises(ValueError, match=r"Circular|deep"):
            encode(value)
    while deep:
        deep = deep[0]


@settings(deadline=None)
@given(st.integers(0, 2**16), st.binary(max_size=40))
def test_any_bytes_are_a_value_or_a_codec_error(flags: int, data: bytes) -> None:
    with contextlib.suppress(CodecError):
        decode(flags, data)


def test_a_small_value_cannot_grow_without_bound() -> None:
    bomb = gzip.compress(bytes(65 * 2**20))
    with pytest.raises(CodecError, match="larger"):
        decode(2048 | 2, bomb)
    with pytest.raises(CodecError):
        decode(2, gzip.compress(b"a" * 500)[:-9])
