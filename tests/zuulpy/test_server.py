import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zuulpy import Gateway, Limits, Request, Response

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def port(serve):
    gateway = Gateway(limits=Limits(head_bytes=2000, body_bytes=1000))

    @gateway.endpoint("/")
    async def echo(request: Request) -> Response:
        return Response(200, f"[{request.method} {request.target} {request.body.decode()}]")

    return await serve(gateway)


def statuses(answers: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3})", answers)


def echoes(answers: bytes) -> list[bytes]:
    return re.findall(rb"\[(.*?)\]", answers)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\nHost: x\n\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", b"400"),
        (b"GET /../x HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 2000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", b"417"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
    ],
)
async def test_a_broken_message_is_answered_and_the_connection_closed(port, raw, data, status):
    answer = await raw(port, data + GET % b"/smuggled", half_close=False)
    assert statuses(answer) == [status]
    assert b"x-zuul-status: FAILURE_" in answer
    assert b"connection: close\r\n" in answer


async def test_what_follows_two_lengths_is_never_a_request(upstream, serve, raw):
    origin = await upstream()
    gateway = Gateway()
    gateway.route("/", to=[origin.address])
    smuggled = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n" + GET % b"/admin"
    )
    assert statuses(await raw(await serve(gateway), smuggled, half_close=False)) == [b"400"]
    assert origin.requests == []


async def test_what_comes_after_a_broken_message_is_read_and_thrown_away(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"}}\n")
    writer.write(GET % b"/more" + b"\x00\r\n\r\n")
    await writer.drain()
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


async def test_pipelined_requests_are_answered_in_order(port, raw):
    data = b"".join(GET % b"/%d" % n for n in range(20))
    assert echoes(await raw(port, data)) == [b"GET /%d " % n for n in range(20)]


async def test_a_flood_of_pipelined_requests_is_answered_too(port, raw):
    count = 2500
    answers = await raw(port, b"".join(GET % b"/%d" % n for n in range(count)))
    assert len(echoes(answers)) == count


MESSAGES = GET % b"/a" + b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi" + GET % b"/c"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(MESSAGES)), max_size=6))
async def test_any_segmentation_gives_the_same_answers(serve, raw, places):
    gateway = Gateway(health=None)
    gateway.endpoint("/")(lambda r: Response(200, f"[{r.method} {r.target} {r.body.decode()}]"))
    port = await serve(gateway)
    ends = [*sorted(places), len(MESSAGES)]
    pieces = [MESSAGES[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert echoes(await raw(port, *pieces)) == [b"GET /a ", b"POST /b hi", b"GET /c "]


async def test_expect_is_answered_when_the_body_is_waited_for(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"hi")
    assert b" 200 OK" in await reader.readuntil(b"]")
    writer.close()


async def test_old_clients_get_what_they_understand(upstream, serve, raw):
    origin = await upstream(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    gateway = Gateway()
    gateway.route("/", to=[origin.address])
    port = await serve(gateway)
    answer = await raw(port, b"GET / HTTP/1.0\r\n\r\n", half_close=False)
    assert b"connection: close\r\n" in answer
    kept = await raw(port, b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"connection: keep-alive\r\n" in kept


@pytest.mark.parametrize(
    ("answer", "method", "body", "length"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "GET", b"hi", None),
        (b"HTTP/1.0 200 OK\r\n\r\n", "GET", b"hi", None),
        (b"HTTP/1.1 304 Not\r\ncontent-length: 9\r\n\r\n", "GET", b"", "9"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "HEAD", b"", "9"),
        (b"HTTP/1.1 103 A\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "GET", b"hi", "2"),
    ],
)
async def test_answers_are_framed_anew(serve, raw, answer, method, body, length):
    async def serve_one(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await proceed.wait()  # the body comes after the head was passed on, or could have been
        if body:
            writer.write(b"2\r\nhi\r\n0\r\n\r\n" if b"chunked" in answer else b"hi")
        writer.close()

    proceed = asyncio.Event()
    origin = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    gateway = Gateway()
    gateway.route("/", to=[f"127.0.0.1:{origin.sockets[0].getsockname()[1]}"])
    gateway.outbound(lambda response: proceed.set())
    async with origin:
        asked = f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        head, _, rest = (await raw(await serve(gateway), asked)).partition(b"\r\n\r\n")
    assert rest == (body if length else b"2\r\nhi\r\n0\r\n\r\n")
    framing = f"content-length: {length}" if length else "transfer-encoding: chunked"
    assert framing.encode() in head


async def test_a_large_answer_streams_and_waits_for_a_slow_client(upstream, serve):
    size = 20_000_000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    origin = await upstream(head + b"x" * size)
    gateway = Gateway()
    gateway.route("/", to=[origin.address])
    port = await serve(gateway)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=10_000)
    writer.write(GET % b"/")
    await reader.readuntil(b"\r\n\r\n")
    (connection,) = gateway._listener.connections
    held = 0
    left = size
    while left:
        left -= len(await reader.read(100_000))
        held = max(held, connection._transport.get_write_buffer_size())
    assert held < 2_000_000
    writer.close()


async def test_an_answer_cut_off_by_its_origin_is_cut_off_for_the_client(upstream, serve, raw):
    cut = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhel"
    origin = await upstream(cut)
    events = []
    gateway = Gateway(observer=events.append)
    gateway.route("/", to=[origin.address])
    answer = await raw(await serve(gateway), GET % b"/")
    assert b"0\r\n\r\n" not in answer
    assert events[-1].fields["category"] == "FAILURE_ORIGIN_RESET_CONNECTION"


async def test_rejections_are_events(serve, raw):
    events = []
    port = await serve(Gateway(observer=events.append))
    await raw(port, b"GET / HTTP/1.1\r\n\r\n")
    assert [e.name for e in events] == ["zuulpy.request_rejected"]
    assert events[0].fields["reason"] == "no Host"
    assert events[0].fields["status"] == 400


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", b""),
        (b"GET / HT", b"408"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh", b"408"),
        (GET % b"/slow", b""),
    ],
)
async def test_nobody_keeps_a_connection_waiting_for_ever(serve, data, status):
    gateway = Gateway()
    entered = asyncio.Event()

    @gateway.endpoint("/slow")
    async def slow(request: Request) -> Response:
        entered.set()
        await asyncio.Event().wait()
        return Response()

    port = await serve(gateway)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if b"slow" in data:
        await entered.wait()
        writer.write_eof()  # gone, or only its sending half: after a second it does not matter
    while True:
        await asyncio.sleep(0)
        connections = gateway._listener.connections
        if connections and next(iter(connections))._reader.phase == phase_of(data):
            connection = next(iter(connections))
            if b"slow" not in data or connection._eof:
                break
    connection.check(asyncio.get_running_loop().time() + 1000)
    try:
        answer = await reader.read()
    except ConnectionResetError:
        answer = b""
    assert statuses(answer) == ([status] if status else [])
    writer.close()


def phase_of(data: bytes) -> str:
    if b"slow" in data or not data:
        return "idle"
    return "body" if b"POST" in data else "head"
