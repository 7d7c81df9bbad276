import pytest
from hypothesis import given
from hypothesis import strategies as st
from zuulpy.wire.serialise import request_bytes
from zuulpy.wire.stream import BodyStream

from zuulpy import (
    BodyNotReadError,
    HeaderError,
    Headers,
    Request,
    RequestLineError,
    Response,
)


def test_headers_know_no_case_and_keep_repeats():
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", " y ")])
    assert headers["SET-COOKIE"] == "a=1, b=2"
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert headers["x"] == "y"
    assert "Set-Cookie" in headers
    assert 1 not in headers
    assert list(headers) == ["set-cookie", "x"]
    assert len(headers) == 2
    headers["Set-Cookie"] = "c=3"
    assert headers.fields == (("x", "y"), ("set-cookie", "c=3"))
    copy = headers.copy()
    del headers["x"]
    assert "x" not in headers
    assert "x" in copy
    with pytest.raises(KeyError):
        del headers["x"]
    with pytest.raises(KeyError):
        headers["x"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("a b", "1"), ("", "1"), ("a:", "1"), ("a", "x\r\ny: z"), ("a", "\x00"), ("a", "é" * 2 + "€")],
)
def test_no_value_can_start_a_header_of_its_own(name, value):
    headers = Headers({"a": "kept"})
    for change in (headers.add, headers.__setitem__):
        with pytest.raises(HeaderError) as caught:
            change(name, value)
        assert caught.value.name == name
    assert headers.fields == (("a", "kept"),)
    with pytest.raises(HeaderError):
        headers["a"] = None  # type: ignore[assignment]


PAIRS = st.lists(st.tuples(st.sampled_from(["a", "B", "b", "x-c"]), st.sampled_from(["1", "2"])))


@given(PAIRS, st.sampled_from(["a", "b", "x-c"]))
def test_setting_replaces_every_field_of_that_name_alone(pairs, name):
    headers = Headers(pairs)
    before = [(n.lower(), v) for n, v in pairs]
    headers[name] = "new"
    assert [f for f in headers.fields if f[0] != name] == [f for f in before if f[0] != name]
    assert headers.get_all(name) == ["new"]


def test_a_request_follows_its_target():
    request = Request("GET", "/%61?b=c?d", {"Host": "x"}, "text")
    assert (request.path, request.query, request.body) == ("/a", "b=c?d", b"text")
    request.target = "/other"
    assert (request.path, request.query) == ("/other", "")


@pytest.mark.parametrize(
    "target", ["", "/a b", "/a HTTP/1.1\r\nx: y", "/\n", "/\r", "/\x00", "/\x7f", "/é", b"/"]
)
def test_no_target_can_end_the_request_line(target):
    with pytest.raises(RequestLineError, match="target") as caught:
        Request("GET", target)
    assert (caught.value.part, caught.value.value) == ("target", target)
    request = Request("GET", "/kept")
    with pytest.raises(RequestLineError):
        request.target = target
    assert request.target == "/kept"


@pytest.mark.parametrize("method", ["", "GET ", "GET / HTTP/1.1\r\nx: y\r\n", "G\n", "É", None])
def test_no_method_can_be_more_than_one(method):
    with pytest.raises(RequestLineError, match="method"):
        Request(method, "/")
    request = Request("PURGE", "/")
    with pytest.raises(RequestLineError):
        request.method = method
    assert request.method == "PURGE"


@given(st.text(st.characters(max_codepoint=300), max_size=30))
def test_what_a_request_takes_as_target_is_one_word_of_its_line(target):
    try:
        request = Request("GET", target)
    except RequestLineError:
        assert not target or any(not "!" <= char <= "~" for char in target)
        return
    sent = request_bytes(request, "a:1", attempt=1, left=1.0, traceparent=None)
    assert sent.split(b"\r\n")[0].split(b" ") == [b"GET", target.encode(), b"HTTP/1.1"]


def test_a_response_from_text_says_so():
    assert Response(200, "é").body == "é".encode()
    assert Response(200, "x").headers["content-type"] == "text/plain; charset=utf-8"
    assert Response(200, "x", {"content-type": "text/html"}).headers["content-type"] == "text/html"
    assert "content-type" not in Response(200, b"x").headers
    with pytest.raises(ValueError, match="100"):
        Response(100)


async def test_a_body_on_its_way_is_not_there_until_read():
    stream = BodyStream(None, lambda paused: None, lambda: None)
    response = Response(200, stream=stream)
    with pytest.raises(BodyNotReadError):
        _ = response.body
    stream.push(b"ab")
    stream.push(b"c")
    stream.finish()
    assert await response.read() == b"abc"
    assert response.body == b"abc"


def test_replacing_a_body_on_its_way_gives_its_connection_up():
    gone = []
    response = Response(200, stream=BodyStream(3, lambda paused: None, lambda: gone.append(1)))
    response.body = "mine"
    assert (response.body, gone) == (b"mine", [1])
