"""Heads and ranges, against RFC 9112 and RFC 9110."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.openconnect.errors import BadRequestError
from reference_app.openconnect.http1 import NOTHING, ByteRange, parse_head, parse_range, render_head


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, *(headers or ("Host: x",)), "", ""]).encode()


def test_a_head_is_read() -> None:
    request = parse_head(head("GET /v/a%20b/c?x=1 HTTP/1.1", "Host: x", "RANGE:  bytes=0-1 "))
    assert (request.method, request.path, request.keep_alive) == ("GET", "/v/a b/c", True)
    assert request.headers == {"host": "x", "range": "bytes=0-1"}


@pytest.mark.parametrize(
    ("line", "headers", "keeps"),
    [
        ("GET / HTTP/1.1", ["Host: x"], True),
        ("GET / HTTP/1.1", ["Host: x", "Connection: Close"], False),
        ("GET / HTTP/1.1", ["Host: x", "Connection: te, close"], False),
        ("GET / HTTP/1.0", ["A: b"], False),
        ("GET / HTTP/1.0", ["Connection: keep-alive"], True),
    ],
)
def test_who_wants_to_stay(line: str, headers: list[str], keeps: bool) -> None:
    assert parse_head(head(line, *headers)).keep_alive is keeps


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head("GET /"), 400),
        (head("GET  / HTTP/1.1"), 400),
        (head("GET / HTTP/1.1 "), 400),
        (head("GET /a b HTTP/1.1"), 400),
        (head("GET http://x/ HTTP/1.1"), 400),
        (head("GET /%ff HTTP/1.1"), 400),
        (head("PRI * HTTP/2.0"), 505),
        (head("GET / HTTP/1.1", "Accept: x"), 400),
        (head("GET / HTTP/1.1", "Host: x", "Host: y"), 400),
        (head("GET / HTTP/1.1", "Host : x"), 400),
        (head("GET / HTTP/1.1", "Host: x", " folded"), 400),
        (head("GET / HTTP/1.1", "Host: x", "A: b\nC: d"), 400),
        (head("GET / HTTP/1.1", "Host: x", "Content-Length: 3"), 413),
        (head("GET / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked"), 413),
    ],
)
def test_what_is_not_understood_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as caught:
        parse_head(data)
    assert caught.value.status == status


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        request = parse_head(b"GET /" + noise + b" HTTP/1.1\r\nHost: x\r\n" + noise + b"\r\n\r\n")
    except BadRequestError as error:
        assert error.status in (400, 413, 505)  # noqa: PT017 - either end is right here
    else:
        assert request.path.startswith("/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=0-", ByteRange(0, 100)),
        ("bytes=90-200", ByteRange(90, 100)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("BYTES=99-99", ByteRange(99, 100)),
        ("bytes=100-", NOTHING),
        ("bytes=-0", NOTHING),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("", None),
    ],
)
def test_ranges(value: str | None, expected: ByteRange | None) -> None:
    assert parse_range(value, 100) == expected


def test_an_empty_file_has_no_part() -> None:
    assert parse_range("bytes=0-", 0) == NOTHING
    assert parse_range("bytes=-5", 0) == NOTHING


@settings(max_examples=200)
@given(st.integers(0, 300), st.none() | st.integers(0, 300), st.binary(max_size=200))
def test_a_range_is_a_slice(first: int, last: int | None, body: bytes) -> None:
    got = parse_range(f"bytes={first}-{'' if last is None else last}", len(body))
    wanted = body[first:] if last is None else body[first : last + 1]
    if last is not None and last < first:
        assert got is None
    elif not wanted:
        assert got == NOTHING
    else:
        assert got is not None
        assert body[got.start : got.stop] == wanted
        assert got.length == len(wanted)


def test_an_answer_head() -> None:
    assert render_head(206, [("a", "b")], keep_alive=True) == (
        b"HTTP/1.1 206 Partial Content\r\na: b\r\n\r\n"
    )
    assert b"connection: close\r\n" in render_head(404, [], keep_alive=False)
