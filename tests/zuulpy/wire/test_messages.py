import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zuulpy.wire.messages import RequestReader, ResponseReader

from zuulpy import FramingError, Limits

LIMITS = Limits(head_bytes=200, body_bytes=64)

GOOD = [
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
]
BAD = [
    b"GET /e HTTP/1.1\r\nHost: x\r\nA : 1\r\n\r\n",
    b"GET /f HTTP/1.1\nHost: x\n\n",
    b"\r\n\r\nGET /g HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"GET /h HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200 + b"\r\n\r\n",
    b"POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n",
    b"POST /j HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    b"POST /k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"POST /l HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
    b"POST /m HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 300,
    b"POST /n HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
    b"POST /o HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" + b"x" * 65,
]


def read_all(pieces):
    """Every (target, body) and the status of the refusal that ended it, or None."""
    reader, seen = RequestReader(LIMITS), []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (message := reader.take()) is not None:
                seen.append((message[0].target, message[1]))
    except FramingError as error:
        return seen, error.status
    return seen, None


def cut(data, places):
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(GOOD), max_size=3),
    st.sampled_from([*BAD, b""]),
    st.lists(st.integers(0, 2000), max_size=12),
)
def test_any_segmentation_of_the_same_bytes_is_the_same(good, bad, places):
    data = b"".join(good) + bad
    whole = read_all([data])
    assert read_all(cut(data, places)) == whole
    assert read_all([data[i : i + 1] for i in range(len(data))]) == whole
    assert len(whole[0]) == len(good)
    assert (whole[1] is not None) == bool(bad)


def test_bodies_come_whole():
    seen, refused = read_all([b"".join(GOOD)])
    assert refused is None
    assert seen == [("/a", b""), ("/b", b""), ("/c", b"hello"), ("/d", b"abc0123456789")]


@pytest.mark.parametrize(("bad", "status"), [(BAD[4], 431), (BAD[5], 413), (BAD[11], 413)])
def test_what_is_too_large_is_said_so(bad, status):
    assert read_all([bad]) == ([], status)


def test_the_phase_says_what_is_waited_for():
    reader = RequestReader(LIMITS)
    assert reader.phase == "idle"
    for data, phase in ((b"PUT / HTTP/1.1\r\n", "head"), (b"Host: x\r\n", "head")):
        reader.feed(data)
        assert reader.take() is None
        assert reader.phase == phase
    reader.feed(b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    assert reader.take() is None
    assert (reader.phase, reader.wants_continue) == ("body", True)
    reader.feed(b"x")
    assert reader.take() is not None
    assert reader.phase == "idle"


ANSWERS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", b"hello", True),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "GET",
        b"hello",
        True,
    ),
    (b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 None\r\n\r\n", "GET", b"", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", b"", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!", "GET", b"hello", False),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", "GET", b"", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", b"hello", False),
]


@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 200), max_size=8))
def test_answers_too_are_the_same_in_any_segmentation(answer, places):
    data, method, body, reusable = answer
    reader = ResponseReader(method, Limits())
    got = b"".join(reader.feed(piece) for piece in cut(data, places))
    assert (got, reader.done, reader.reusable) == (body, True, reusable)


def test_an_answer_without_length_ends_with_its_connection():
    reader = ResponseReader("GET", Limits())
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nab") + reader.feed(b"c") == b"abc"
    assert not reader.done
    reader.feed_eof()
    assert reader.done
    assert not reader.reusable


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"]
)
def test_an_answer_cut_short_is_no_answer(data):
    reader = ResponseReader("GET", Limits())
    reader.feed(data)
    with pytest.raises(FramingError):
        reader.feed_eof()


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 100 Go\r\n\r\n" * 17, b"SSH-2.0\r\n\r\n"]
)
def test_garbage_is_refused(data):
    with pytest.raises(FramingError):
        ResponseReader("GET", Limits()).feed(data)
