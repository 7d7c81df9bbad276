import asyncio
import json
import socket
import struct
from contextvars import ContextVar

import pytest

from zuulpy import (
    ConfigError,
    Event,
    Gateway,
    Origin,
    Request,
    Response,
    Server,
    StatusCategory,
    strip_headers,
)

GET = b"GET %s HTTP/1.1\r\nHost: shop\r\n\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def error(answer: bytes) -> dict:
    return json.loads(body(answer))["error"]


async def test_a_request_walks_through_to_the_origin_and_back(upstream, serve, raw):
    origin = await upstream()
    gateway = Gateway(zone="a")
    gateway.route("/api/products", to=[origin.address])

    @gateway.outbound
    def tag(response: Response) -> None:
        if response.attempt:
            response.headers["x-zone"] = response.attempt.zone

    port = await serve(gateway)
    answer = await raw(port, GET % b"/api/products/7?x=1")
    assert status(answer) == 200
    assert body(answer) == b"ok\n"
    assert b"x-zone: a\r\n" in answer
    assert b"via: 1.1 zuulpy\r\n" in answer
    head, _ = origin.requests[0]
    assert head.startswith("GET /api/products/7?x=1 HTTP/1.1\r\n")
    assert origin.header(0, "host") == "shop"
    assert origin.header(0, "x-attempt") == "1"
    assert origin.header(0, "x-forwarded-for") == "127.0.0.1"
    assert 0 < int(origin.header(0, "x-deadline-ms")) <= 10_000


async def test_a_post_carries_its_body_and_idempotency_key(upstream, serve, raw):
    origin = await upstream()
    gateway = Gateway()
    gateway.route("/", to=[origin.address])
    port = await serve(gateway)
    chunked = (
        b"POST / HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    )
    assert status(await raw(port, chunked)) == 200
    assert origin.requests[0][1] == b"hello world"
    assert origin.header(0, "content-length") == "11"
    assert origin.header(0, "transfer-encoding") is None
    assert origin.header(0, "idempotency-key") == "k1"


async def test_filters_answer_replace_and_go_on_in_order(serve, raw):
    gateway = Gateway()
    seen: list[str] = []

    @gateway.inbound(order=2)
    async def second(request: Request) -> None:
        seen.append("second")

    @gateway.inbound(order=1)
    def first(request: Request) -> Request | None:
        seen.append("first")
        if request.path == "/replaced":
            return Request("GET", "/other", {"x-new": "1"})
        return None

    @gateway.inbound(when=lambda request: "x-key" not in request.headers, order=3)
    def require_key(request: Request) -> Response | None:
        return Response(401, "an x-key is needed\n") if "x-new" not in request.headers else None

    @gateway.inbound(order=4)
    def last(request: Request) -> None:
        seen.append("last")

    @gateway.endpoint("/")
    def show(request: Request) -> Response:
        return Response(200, request.target)

    @gateway.outbound
    async def mark(response: Response) -> Response | None:
        response.headers["x-marked"] = "1"
        return Response(202, "instead") if response.status == 200 else None

    port = await serve(gateway)
    refused = await raw(port, GET % b"/a")
    assert status(refused) == 401
    assert b"x-marked: 1" in refused
    assert seen == ["first", "second"]
    assert b"202 Accepted" in await raw(port, GET % b"/replaced")
    assert seen == ["first", "second", "first", "second", "last"]


async def test_a_raising_inbound_filter_stops_the_request(upstream, serve, raw, caplog):
    origin = await upstream()
    gateway = Gateway()
    gateway.route("/", to=[origin.address])

    @gateway.inbound
    def authenticate(request: Request) -> None:
        raise RuntimeError("the key store is down")

    answer = await raw(await serve(gateway), GET % b"/")
    assert status(answer) == 500
    assert b"x-zuul-status: FAILURE_LOCAL\r\n" in answer
    assert "authenticate" in error(answer)["message"]
    assert b"key store" not in answer
    assert origin.requests == []
    assert "authenticate" in caplog.text


async def test_decorators_that_may_fail_and_outbound_errors_go_on(serve, raw):
    gateway = Gateway()
    gateway.endpoint("/")(lambda request: Response(200, "ok"))

    @gateway.inbound(on_error="continue")
    def decorate(request: Request) -> None:
        raise RuntimeError

    @gateway.outbound
    def broken(response: Response) -> None:
        raise RuntimeError

    assert status(await raw(await serve(gateway), GET % b"/")) == 200


async def test_a_filter_that_returns_something_else_has_failed(serve, raw):
    gateway = Gateway()
    gateway.inbound(lambda request: True)
    gateway.endpoint("/")(lambda request: Response(200, "ok"))
    assert status(await raw(await serve(gateway), GET % b"/")) == 500


async def test_endpoints_may_be_async_and_their_errors_are_500(serve, raw):
    gateway = Gateway()

    @gateway.endpoint("/fine")
    async def fine(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response(200, "fine")

    @gateway.endpoint("/raises")
    async def raises(request: Request) -> Response:
        raise LookupError("secret")

    port = await serve(gateway)
    assert body(await raw(port, GET % b"/fine")) == b"fine"
    answer = await raw(port, GET % b"/raises")
    assert status(answer) == 500
    assert b"secret" not in answer


async def test_no_route_is_404_and_no_server_is_503(serve, raw, tmp_path, dead_address):
    gateway = Gateway()
    gateway.route("/file", to=f"file:{tmp_path / 'play-api.json'}")
    gateway.route("/dead", to=[dead_address])
    port = await serve(gateway)
    answer = await raw(port, GET % b"/other")
    assert (status(answer), error(answer)["category"]) == (404, "SUCCESS_LOCAL_NO_ROUTE")
    answer = await raw(port, GET % b"/file")
    assert (status(answer), error(answer)["message"]) == (503, "no server known")
    assert error(answer)["category"] == "FAILURE_ORIGIN_NO_SERVERS"
    answer = await raw(port, GET % b"/dead")
    assert (status(answer), error(answer)["category"]) == (502, "FAILURE_ORIGIN_CONNECTIVITY")


async def test_strip_takes_the_prefix_off_and_nothing_else_does(upstream, serve, raw):
    origin = await upstream()
    gateway = Gateway()
    gateway.route("/a", to=[origin.address], strip=True)
    gateway.route("/a/b", to=[origin.address])
    port = await serve(gateway)
    for target in (b"/a?q=/a", b"/a/x//y", b"/%61/x", b"/a/b/c"):
        await raw(port, GET % target)
    targets = [head.split(" ")[1] for head, _ in origin.requests]
    assert targets == ["/?q=/a", "/x//y", "/x", "/a/b/c"]


async def test_a_guard_wraps_the_call_of_the_origin(upstream, serve, raw):
    origin = await upstream()
    calls: list[str] = []

    def guard(call):
        async def guarded(request: Request) -> Response:
            calls.append(request.path)
            if request.path == "/open":
                raise LookupError("circuit open")
            if request.path == "/slow":
                raise TimeoutError
            return await call(request)

        return guarded

    gateway = Gateway()
    gateway.route("/", to=[origin.address], guard=guard)
    port = await serve(gateway)
    assert status(await raw(port, GET % b"/fine")) == 200
    assert status(await raw(port, GET % b"/open")) == 503
    assert status(await raw(port, GET % b"/slow")) == 504
    assert calls == ["/fine", "/open", "/slow"]
    assert len(origin.requests) == 1


async def test_events_come_in_pairs_and_carry_the_trace_on(upstream, serve, raw):
    origin = await upstream()
    events: list[Event] = []
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    seen: list[str | None] = []
    gateway = Gateway(zone="a", name="edge-1", observer=events.append, trace=trace)
    gateway.route("/api", to=[Server("127.0.0.1", origin.port, "a", "play-api-1")])

    @gateway.inbound
    def look(request: Request) -> None:
        seen.append(trace.get())

    port = await serve(gateway)
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    request = f"GET /api/x?secret=1 HTTP/1.1\r\nHost: x\r\ntraceparent: {parent}\r\n\r\n"
    await raw(port, request.encode())
    started, stopped = events
    assert (started.name, stopped.name) == ("zuulpy.request_started", "zuulpy.request_stopped")
    assert stopped.trace == started.trace == "ab" * 16
    assert stopped.parent == "cd" * 8
    assert seen == [f"00-{started.trace}-{started.span}-01"]
    assert origin.header(0, "traceparent") == seen[0]
    assert trace.get() is None
    fields = dict(stopped.fields)
    assert fields.pop("ms") > 0
    assert fields == {
        "gateway": "edge-1",
        "route": "/api",
        "method": "GET",
        "target": "/api/x",
        "status": 200,
        "category": StatusCategory.SUCCESS,
        "origin": "api",
        "server": origin.address,
        "instance": "play-api-1",
        "zone": "a",
        "attempts": 1,
    }


async def test_a_raising_observer_breaks_nothing(serve, raw, caplog):
    def observer(event: Event) -> None:
        raise RuntimeError

    gateway = Gateway(observer=observer)
    assert status(await raw(await serve(gateway), GET % b"/healthz")) == 200
    assert "zuulpy.observer_failed" in caplog.text


async def test_a_client_that_leaves_is_an_event_too(upstream, serve):
    origin = await upstream("hang")
    events: list[Event] = []
    stopped = asyncio.Event()

    def observe(event: Event) -> None:
        events.append(event)
        if event.name == "zuulpy.request_stopped":
            stopped.set()

    gateway = Gateway(observer=observe)
    gateway.route("/", to=[origin.address])
    _, writer = await asyncio.open_connection("127.0.0.1", await serve(gateway))
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.write(GET % b"/")
    await origin.asked.wait()
    writer.transport.abort()
    async with asyncio.timeout(5):
        await stopped.wait()
    assert events[-1].fields["category"] == StatusCategory.FAILURE_CLIENT_CANCELLED


async def test_deadlines_are_lowered_and_a_spent_one_asks_nobody(upstream, serve, raw):
    origin = await upstream()
    gateway = Gateway()
    gateway.route("/", to=[origin.address], try_timeout=9.0)
    gateway.endpoint("/local")(lambda request: Response(200, "late"))
    port = await serve(gateway)
    with_deadline = b"GET / HTTP/1.1\r\nHost: x\r\nx-deadline-ms: %s\r\n\r\n"
    assert status(await raw(port, with_deadline % b"4000")) == 200
    assert status(await raw(port, with_deadline % b"0")) == 504
    local = with_deadline.replace(b"GET /", b"GET /local")
    assert status(await raw(port, local % b"0")) == 504
    assert status(await raw(port, with_deadline % b"soon")) == 200
    assert len(origin.requests) == 2
    assert int(origin.header(0, "x-deadline-ms")) <= 4000
    assert int(origin.header(1, "x-deadline-ms")) > 4000


async def test_strip_headers_works_on_both_sides(upstream, serve, raw):
    origin = await upstream(b"HTTP/1.1 200 OK\r\nserver: x\r\ncontent-length: 0\r\n\r\n")
    gateway = Gateway()
    gateway.route("/", to=[origin.address])
    gateway.inbound(strip_headers("X-Internal"))
    gateway.outbound(strip_headers("server"))
    request = b"GET / HTTP/1.1\r\nHost: x\r\nx-internal: 1\r\n\r\n"
    answer = await raw(await serve(gateway), request)
    assert b"server:" not in answer
    assert origin.header(0, "x-internal") is None


async def test_mistakes_are_found_when_the_gateway_is_built(upstream, serve):
    gateway = Gateway()
    gateway.route("/a/", to=["127.0.0.1:1"])
    for arguments in (
        {"prefix": "/a", "to": ["127.0.0.1:1"]},
        {"prefix": "a", "to": ["127.0.0.1:1"]},
        {"prefix": "/b"},
        {"prefix": "/b", "to": []},
        {"prefix": "/b", "to": "127.0.0.1:1"},
        {"prefix": "/b", "to": ["127.0.0.1"]},
        {"prefix": "/b", "to": ["127.0.0.1:1"], "attempts": 0},
        {"prefix": "/b", "to": ["127.0.0.1:1"], "balance": "random"},
        {"prefix": "/b", "to": ["127.0.0.1:1"], "retry_statuses": "503"},
        {"prefix": "/b", "to": ["127.0.0.1:1"], "retry_statuses": (True,)},
        {"prefix": "/b", "to": ["127.0.0.1:1"], "endpoint": lambda request: Response()},
        {"prefix": "/b", "to": Origin("b", ["127.0.0.1:1"]), "timeout": 1.0},
    ):
        with pytest.raises(ConfigError):
            gateway.route(**arguments)
    with pytest.raises(ConfigError):
        Gateway(trusted=("everyone",))
    await serve(gateway)
    with pytest.raises(ConfigError):
        gateway.route("/late", to=["127.0.0.1:1"])


async def test_stop_lets_an_answer_in_flight_end(upstream, raw):
    origin = await upstream("hang")
    origin.script = lambda n: "hang"
    gateway = Gateway()
    entered, leave = asyncio.Event(), asyncio.Event()

    @gateway.endpoint("/")
    async def slow(request: Request) -> Response:
        entered.set()
        await leave.wait()
        return Response(200, "done")

    port = await gateway.start()
    idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
    asking = asyncio.create_task(raw(port, GET % b"/", half_close=False))
    await entered.wait()
    stopping = asyncio.create_task(gateway.stop(5.0))
    assert await idle_reader.read() == b""
    idle_writer.close()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)
    leave.set()
    answer = await asking
    assert body(answer) == b"done"
    assert b"connection: close\r\n" in answer
    await stopping
