import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zuulpy.wire.heads import CHUNKED, UNTIL_CLOSE, parse_request_head, parse_response_head
from zuulpy.wire.messages import RequestReader

from zuulpy import FramingError, Limits

LIMITS = Limits()


def head(text: str):
    return parse_request_head(text.replace("\n", "\r\n"), LIMITS)


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("GET /\nHost: x\n", 400, "request line"),
        ("GET  / HTTP/1.1\nHost: x\n", 400, "request line"),
        ("GET / HTTP/1.1 \nHost: x\n", 400, "request line"),
        ("G@T / HTTP/1.1\nHost: x\n", 400, "request line"),
        ("GET /\x7f HTTP/1.1\nHost: x\n", 400, "request line"),
        ("GET /\xe9 HTTP/1.1\nHost: x\n", 400, "request line"),
        ("GET / HTTP/2.0\nHost: x\n", 505, "version"),
        ("GET / HTTP/1.2\nHost: x\n", 505, "version"),
        ("GET /#a HTTP/1.1\nHost: x\n", 400, "fragment"),
        ("GET a HTTP/1.1\nHost: x\n", 400, "not a path"),
        ("GET * HTTP/1.1\nHost: x\n", 400, "not a path"),
        ("CONNECT x:443 HTTP/1.1\nHost: x\n", 400, "not a path"),
        ("GET http://y/ HTTP/1.1\nHost: x\n", 400, "disagree"),
        ("GET / HTTP/1.1\n", 400, "no Host"),
        ("GET / HTTP/1.1\nHost: x\nHost: x\n", 400, "repeated Host"),
        ("GET / HTTP/1.1\nHost: x y\n", 400, "invalid Host"),
        ("GET / HTTP/1.1\nHost: a@b\n", 400, "invalid Host"),
        ("GET / HTTP/1.1\nHost:\n", 400, "invalid Host"),
        ("GET / HTTP/1.1\nHost: x\n folded\n", 400, "folded"),
        ("GET / HTTP/1.1\n Host: x\n", 400, "folded"),
        ("GET / HTTP/1.1\nHost : x\n", 400, "before the colon"),
        ("GET / HTTP/1.1\nHost: x\nA\n", 400, "not a token"),
        ("GET / HTTP/1.1\nHost: x\nA{: 1\n", 400, "not a token"),
        ("GET / HTTP/1.1\nHost: x\n: 1\n", 400, "not a token"),
        ("GET / HTTP/1.1\nHost: x\nA: \x00\n", 400, "control character"),
        ("GET / HTTP/1.1\nHost: x\nA: 1\rB: 2\n", 400, "bare CR"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: 1\nContent-Length: 1\n", 400, "repeated"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: 1, 1\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: +1\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: 0x1\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length:\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: \xb2\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: 9999999999999999\n", 400, "not a number"),
        ("POST / HTTP/1.1\nHost: x\nContent-Length: 1048577\n", 413, "body over"),
        (
            "POST / HTTP/1.1\nHost: x\nContent-Length: 1\nTransfer-Encoding: chunked\n",
            400,
            "beside",
        ),
        ("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: gzip, chunked\n", 400, "other than chunked"),
        ("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: \x0bchunked\n", 400, "control character"),
        (
            "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nTransfer-Encoding: x\n",
            400,
            "repeated",
        ),
        ("POST / HTTP/1.0\nHost: x\nTransfer-Encoding: chunked\n", 400, "HTTP/1.0"),
        ("POST / HTTP/1.1\nHost: x\nTransfer_Encoding: chunked\n", 400, "alias"),
        ("POST / HTTP/1.1\nHost: x\nContent_Length: 1\n", 400, "alias"),
        ("GET / HTTP/1.1\nHost: x\nExpect: magic\n", 417, "100-continue"),
        ("GET / HTTP/1.1\nHost: x\n" + "A: 1\n" * 128, 431, "fields"),
    ],
)
def test_each_rule_refuses_with_its_reason(text, status, reason):
    with pytest.raises(FramingError) as caught:
        head(text)
    assert (caught.value.status, reason in caught.value.reason) == (status, True), caught.value


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("GET /a?b=/../c HTTP/1.1\nHost: x:80\n", "/a?b=/../c"),
        ("GET http://X:80/a?b HTTP/1.1\nHost: x:80\n", "/a?b"),
        ("GET http://x HTTP/1.1\nHost: x\n", "/"),
        ("GET http://x?q HTTP/1.1\nHost: x\n", "/?q"),
        ("OPTIONS * HTTP/1.1\nHost: [::1]:8080\n", "*"),
        ("GET / HTTP/1.0\n", "/"),
    ],
)
def test_targets_become_paths(text, target):
    assert head(text).target == target


def test_connection_fields_go_but_none_that_a_client_may_not_take_away():
    parsed = head(
        "GET / HTTP/1.1\nHost: x\nAuthorization: a\nConnection: close, Host, Authorization, X-Own\n"
        "X-Own: 1\nKeep-Alive: 1\nTE: trailers\nUpgrade: h2c\nAccept: b\n"
    )
    assert parsed.fields == [("host", "x"), ("authorization", "a"), ("accept", "b")]
    assert not parsed.keep_alive
    twice = "GET / HTTP/1.1\nHost: x\nConnection: X-Own\nX-Own: 1\nConnection: close\n"
    assert head(twice).fields == [("host", "x")]


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "x, Close", False),
        ("1.0", None, False),
        ("1.0", "keep-alive", True),
    ],
)
def test_whether_the_connection_lives_on(version, connection, kept):
    line = f"Connection: {connection}\n" if connection else ""
    assert head(f"GET / HTTP/{version}\nHost: x\n{line}").keep_alive is kept


@pytest.mark.parametrize(
    ("text", "method", "length", "kept"),
    [
        ("HTTP/1.1 200 OK\nContent-Length: 3\n", "GET", 3, True),
        ("HTTP/1.1 200\nTransfer-Encoding: chunked\n", "GET", CHUNKED, True),
        ("HTTP/1.1 200 OK\n", "GET", UNTIL_CLOSE, False),
        ("HTTP/1.0 200 OK\nContent-Length: 3\n", "GET", 3, False),
        ("HTTP/1.1 200 OK\nContent-Length: 3\n", "HEAD", 0, True),
        ("HTTP/1.1 304 Not Modified\nContent-Length: 3\n", "GET", 0, True),
        ("HTTP/1.1 204 No Content\n", "GET", 0, True),
    ],
)
def test_how_long_an_answer_is(text, method, length, kept):
    parsed = parse_response_head(text.replace("\n", "\r\n"), method, LIMITS)
    assert (parsed.length, parsed.keep_alive) == (length, kept)


@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 99 Odd\n",
        "HTTP/1.1 600 Odd\n",
        "HTTP/2 200 OK\n",
        "ICY 200 OK\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n",
    ],
)
def test_an_ambiguous_answer_is_refused_too(text):
    with pytest.raises(FramingError):
        parse_response_head(text.replace("\n", "\r\n"), "GET", LIMITS)


LINES = st.sampled_from(
    [
        *(b"Host: x", b"Host: y:1", b"Content-Length: 3", b"Content-Length: 03", b"A: b", b"A : b"),
        *(b" fold", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        *(b"Connection: close", b"A: \xff\t", b"A: \x01", b"content_length: 3", b"B: c\rD: e"),
        *(b"B: c\nD: e", b"", b":"),
    ]
)


@settings(max_examples=200)
@given(
    st.sampled_from([b"GET / HTTP/1.1", b"POST /a?b HTTP/1.1", b"GET / HTTP/1.0", b"GET /"]),
    st.lists(LINES, max_size=5),
    st.sampled_from([b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n"]),
)
def test_what_we_take_llhttp_takes_and_reads_alike(line, lines, body):
    """We may be stricter than llhttp, never laxer, and never see another message in the bytes."""
    data = b"\r\n".join([line, *lines, b"", b""]) + body
    reader = RequestReader(LIMITS)
    reader.feed(data)
    try:
        message = reader.take()
    except FramingError:
        return
    if message is None:
        return
    ours, our_body = message

    class Theirs:
        def __init__(self):
            self.url, self.body, self.complete = b"", b"", False

        def on_url(self, url):
            self.url += b"" if self.complete else url

        def on_body(self, part):
            self.body += b"" if self.complete else part

        def on_message_complete(self):
            self.complete = True

    theirs = Theirs()
    parser = httptools.HttpRequestParser(theirs)
    try:
        parser.feed_data(data)
    except httptools.HttpParserError:
        assert theirs.complete, "llhttp refuses what we take"
    assert theirs.complete
    assert (ours.target.encode(), our_body) == (theirs.url, theirs.body)
