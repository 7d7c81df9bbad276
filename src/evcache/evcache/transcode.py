"""Values to bytes and back, in the formats of EVCache's Java transcoder.

| flags | value |
| --- | --- |
| 0 | str, UTF-8 |
| 2 | OR-ed to any other: gzip |
| 256 | bool, ``1`` or ``0`` |
| 512, 768 | int of 32 and of 64 bits, big-endian, leading zero bytes dropped |
| 1024 | datetime, unix milliseconds as a 64-bit int |
| 1280 | byte, read only |
| 1536, 1792 | float (read only) and double, their bits as an int |
| 2048 | bytes |
| 8192 | ours: JSON, for dict, list and None |
"""

from __future__ import annotations

import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from evcache.errors import CodecError

STR, GZIP, BOOL, INT, LONG, DATE = 0, 2, 256, 512, 768, 1024
BYTE, FLOAT, DOUBLE, BYTES, JSON = 1280, 1536, 1792, 2048, 8192

COMPRESS_OVER = 120
"""Bytes above which gzip is tried; kept only where it is smaller. The bound of EVCache."""

MAX_INFLATED = 64 * 2**20
"""Bytes a compressed value may grow to; more is an error and not memory."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def encode(value: object) -> tuple[int, bytes]:
    """Flags and bytes of a value.

    Args:
        value: str, bytes, int within 64 bits, float, bool, None, an aware datetime in whole
            milliseconds, or a dict or list that JSON gives back equal.

    Raises:
        TypeError: a value of another type. Nothing is pickled.
        ValueError: a value of a right type that would not come back equal.
    """
    flags, data = _plain(value)
    if len(data) > COMPRESS_OVER:
        packer = zlib.compressobj(wbits=31)
        packed = packer.compress(data) + packer.flush()
        if len(packed) < len(data):
            return flags | GZIP, packed
    return flags, data


def decode(flags: int, data: bytes) -> Any:
    """The value of stored bytes.

    Raises:
        CodecError: flags that are not known here, or bytes that do not fit them.
    """
    try:
        if flags & GZIP:
            data = _inflate(flags, data)
        return _read(flags & ~GZIP, data)
    except (ValueError, OverflowError, struct.error, zlib.error, RecursionError) as error:
        if isinstance(error, CodecError):
            raise
        raise CodecError(flags, str(error)) from error


def _plain(value: object) -> tuple[int, bytes]:
    kind = type(value)
    if isinstance(value, str) and kind is str:
        return STR, value.encode()
    if isinstance(value, bytes) and kind is bytes:
        return BYTES, value
    if isinstance(value, bool):
        return BOOL, b"1" if value else b"0"
    if isinstance(value, int) and kind is int:
        return _integer(value)
    if isinstance(value, float) and kind is float:
        return DOUBLE, struct.pack(">d", value).lstrip(b"\0")
    if isinstance(value, datetime) and kind is datetime:
        return DATE, _milliseconds(value)
    if value is None or kind is dict or kind is list:
        return JSON, _json(value)
    raise TypeError(
        f"a value of type {kind.__name__} cannot be cached: "
        "str, bytes, int, float, bool, None, datetime, dict or list"
    )


def _integer(value: int) -> tuple[int, bytes]:
    if -(2**31) <= value < 2**31:
        return INT, struct.pack(">i", value).lstrip(b"\0")
    if -(2**63) <= value < 2**63:
        return LONG, struct.pack(">q", value).lstrip(b"\0")
    raise ValueError(f"an int beyond 64 bits cannot be cached: {value.bit_length()} bits")


def _milliseconds(value: datetime) -> bytes:
    if value.tzinfo is None:
        raise ValueError(f"a datetime without a time zone cannot be cached: {value!r}")
    whole, rest = divmod(value - _EPOCH, _MILLISECOND)
    if rest:
        raise ValueError(f"a datetime finer than a millisecond cannot be cached: {value!r}")
    return struct.pack(">q", whole).lstrip(b"\0")


def _json(value: object) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        _check(value, "value")
    except RecursionError as error:
        raise ValueError("a value nested this deep cannot be cached") from error
    return text.encode()


def _check(value: object, where: str) -> None:
    """Refuse what JSON would give back changed: keys that are no str, tuples, subclasses."""
    kind = type(value)
    if isinstance(value, dict) and kind is dict:
        for key, part in value.items():
            if type(key) is not str:
                raise TypeError(f"{where} has a key that is no str: {key!r}")
            _check(part, f"{where}[{key!r}]")
    elif isinstance(value, list) and kind is list:
        for index, part in enumerate(value):
            _check(part, f"{where}[{index}]")
    elif value is not None and kind not in (str, int, float, bool):
        raise TypeError(f"{where} of type {kind.__name__} would not come back equal from JSON")


def _inflate(flags: int, data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    whole = unpacker.decompress(data, MAX_INFLATED)
    if not unpacker.eof:
        raise CodecError(flags, "truncated, or larger than can be right")
    return whole


def _read(flags: int, data: bytes) -> Any:
    if flags == STR:
        return data.decode()
    if flags == JSON:
        return json.loads(data)
    if flags == BYTES:
        return data
    if flags == BOOL:
        return data == b"1"
    if flags == INT:
        return _word(data, 4, ">i")
    if flags in (LONG, DATE):
        number = _word(data, 8, ">q")
        return number if flags == LONG else _EPOCH + number * _MILLISECOND
    if flags == DOUBLE:
        return _word(data, 8, ">d")
    if flags == FLOAT:
        return _word(data, 4, ">f")
    if flags == BYTE:
        return _word(data, 1, ">b")
    raise CodecError(flags, "unknown flags")


def _word(data: bytes, width: int, form: str) -> Any:
    return struct.unpack(form, data.rjust(width, b"\0"))[0]
