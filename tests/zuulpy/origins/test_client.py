import asyncio
import json
from contextvars import ContextVar

import pytest

from zuulpy import (
    BodyTooLargeError,
    BusyError,
    ConnectError,
    DeadlineError,
    NoServerError,
    Origin,
    OriginError,
    ProtocolError,
    Request,
    ResetError,
    Server,
    TryTimeoutError,
)

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"
FAILED = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
PATIENT = {"try_timeout": 5.0, "connect_timeout": 5.0}  # the machine may be busy
GET = Request("GET", "/")
POST = Request("POST", "/", body=b"x")
KEYED = Request("POST", "/", {"Idempotency-Key": "k"}, b"x")


@pytest.fixture
async def origin():
    made: list[Origin] = []

    def make(*to, **settings) -> Origin:
        addresses = [getattr(one, "address", one) for one in to]
        made.append(Origin("play", addresses, **{**PATIENT, **settings}))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_a_connection_is_kept_and_used_again(upstream, origin):
    server = await upstream()
    client = origin(server)
    for _ in range(5):
        response = await client.send(Request("GET", "/x", {"a": "b"}))
        assert (response.status, response.body) == (200, b"ok\n")
    assert server.connections == 1
    assert server.header(0, "host") == server.address
    attempt = response.attempt
    assert attempt is not None
    assert (attempt.number, attempt.server, attempt.status) == (1, server.address, 200)


async def test_two_at_once_have_two_connections(upstream, origin):
    server = await upstream()
    client = origin(server)
    await asyncio.gather(*(client.send(GET) for _ in range(4)))
    assert server.connections == 4


@pytest.mark.parametrize("request_", [GET, POST])
async def test_a_refused_connection_is_retried_elsewhere_for_any_method(
    upstream, origin, dead_address, request_
):
    server = await upstream()
    client = origin(dead_address, server)
    for _ in range(4):
        assert (await client.send(request_)).status == 200
    assert len(server.requests) == 4


async def test_a_dead_server_is_asked_once_and_then_avoided(upstream, origin, dead_address):
    server = await upstream()
    client = origin(dead_address, server)
    counts = [len((await client.send(GET)).attempts) for _ in range(6)]
    assert 1 <= counts.count(2) <= 3, "once, and again after a second"


@pytest.mark.parametrize("failing", ["reset", "close", "hang", FAILED, b"garbage\r\n\r\n"])
@pytest.mark.parametrize("request_", [GET, KEYED])
async def test_what_is_safe_to_repeat_is_repeated(upstream, origin, failing, request_):
    bad, good = await upstream(failing), await upstream()
    client = origin(bad, good, try_timeout=0.5 if failing == "hang" else 5.0)
    response = await client.send(request_)
    assert response.status == 200
    assert [a.number for a in response.attempts] == [1, 2]
    assert (bad.header(0, "x-attempt"), good.header(0, "x-attempt")) == ("1", "2")


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ("reset", ResetError),
        ("close", ResetError),
        ("hang", TryTimeoutError),
        (b"garbage\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nshort", ResetError),
    ],
)
async def test_a_post_without_a_key_is_sent_once(upstream, origin, failing, error):
    bad, good = await upstream(failing), await upstream()
    client = origin(bad, good, try_timeout=0.2 if failing == "hang" else 5.0)
    with pytest.raises(error) as caught:
        await client.send(POST)
    assert len(bad.requests) == 1
    assert good.requests == []
    assert isinstance(caught.value, OriginError)
    assert (caught.value.origin, caught.value.server) == ("play", bad.address)
    assert [a.error for a in caught.value.attempts] == [error.__name__]


async def test_a_post_is_answered_with_the_503_and_retried_if_unsafe_is_asked_for(upstream, origin):
    bad, good = await upstream(FAILED), await upstream()
    assert (await origin(bad, good).send(POST)).status == 503
    assert (await origin(bad, good, retry_unsafe=True).send(POST)).status == 200


async def test_without_retry_statuses_an_answer_is_final_and_its_lack_is_not(
    upstream, origin, dead_address
):
    bad, good = await upstream(FAILED), await upstream()
    client = origin(bad, good, retry_statuses=())
    assert (await client.send(GET)).status == 503
    assert good.requests == []
    for failing in ("reset", "hang"):
        silent = await upstream(failing)
        client = origin(silent, good, retry_statuses=(), try_timeout=0.5)
        assert (await client.send(GET)).status == 200
        assert len(silent.requests) == 1
    assert (await origin(dead_address, good, retry_statuses=()).send(POST)).status == 200


async def test_a_reused_connection_that_died_is_unseen(upstream, origin):
    server = await upstream(lambda n: "close" if n == 2 else OK)
    client = origin(server)
    for _ in range(3):
        assert (await client.send(GET)).status == 200
    assert server.connections == 2
    assert len(server.requests) == 4


async def test_the_fellows_of_a_dead_connection_are_not_tried_and_the_server_not_blamed(
    upstream, origin
):
    server = await upstream(lambda n: "close" if n == 4 else OK)
    client = origin(server)
    await asyncio.gather(*(client.send(GET) for _ in range(3)))
    assert len((await client.send(GET)).attempts) == 2
    assert server.connections == 4
    (pool,) = client._pools
    assert pool.health.usable(asyncio.get_running_loop().time())


async def test_a_restarted_server_is_unseen_by_a_post(upstream, origin):
    server = await upstream()
    client = origin(server)
    await client.send(POST)
    await server.stop()
    await server.start()
    assert (await client.send(POST)).status == 200


async def test_a_request_that_somebody_retried_is_not_retried(upstream, origin):
    bad, good = await upstream(FAILED), await upstream()
    response = await origin(bad, good).send(Request("GET", "/", {"x-attempt": "2"}))
    assert response.status == 503
    assert bad.header(0, "x-attempt") == "2"
    assert good.requests == []


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for(upstream, origin):
    later = b"HTTP/1.1 503 Busy\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n"
    bad, good = await upstream(later), await upstream()
    assert (await origin(bad, good).send(GET)).status == 503


async def test_retries_stop_at_the_budget(upstream, origin):
    bad = await upstream(FAILED)
    client = origin(bad)
    began = asyncio.get_running_loop().time()
    for _ in range(40):
        await client.send(GET)
    passed = asyncio.get_running_loop().time() - began
    # 10 in reserve, 10 % of 40, and one for each second.
    assert 50 <= len(bad.requests) <= 54 + passed


async def test_attempts_are_a_limit(upstream, origin):
    servers = [await upstream("reset") for _ in range(4)]
    with pytest.raises(ResetError) as caught:
        await origin(*servers, attempts=3).send(GET)
    assert len(caught.value.attempts) == 3
    assert len({a.server for a in caught.value.attempts}) == 3


async def test_a_deadline_cuts_off_and_is_told_on(upstream, origin):
    server = await upstream("hang")
    client = origin(server, try_timeout=5.0)
    with pytest.raises(DeadlineError):
        await client.send(GET, deadline=lambda: 0.3)
    assert 1 <= int(server.header(0, "x-deadline-ms")) <= 300
    with pytest.raises(DeadlineError):
        await client.send(GET, deadline=lambda: 0.0)
    assert len(server.requests) == 1


async def test_a_try_is_told_its_own_time_not_that_of_the_whole_call(upstream, origin):
    server = await upstream()
    await origin(server, try_timeout=1.0, timeout=9.0).send(GET)
    await origin(server, try_timeout=9.0, timeout=1.0).send(GET)
    assert 1 <= int(server.header(0, "x-deadline-ms")) <= 1000
    assert 1 <= int(server.header(1, "x-deadline-ms")) <= 1000


async def test_own_zone_first_until_it_has_no_healthy_server(upstream):
    near, far = await upstream(), await upstream()
    client = Origin(
        "play",
        [Server("127.0.0.1", near.port, "a"), Server("127.0.0.1", far.port, "b")],
        zone="a",
    )
    zones = [(await client.send(GET)).attempt.zone for _ in range(3)]
    await near.stop()
    zones += [(await client.send(GET)).attempt.zone for _ in range(3)]
    assert zones == ["a", "a", "a", "b", "b", "b"]
    await client.close()


async def test_a_hung_server_is_avoided_whoever_gave_up(upstream, origin):
    hung, good = await upstream("hang"), await upstream()
    client = origin(hung, good, try_timeout=0.5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await client.send(POST)
    assert len(hung.requests) == 1
    assert [(await client.send(POST)).status for _ in range(2)] == [200, 200]


async def test_no_server_and_a_full_one_are_said_at_once(upstream, tmp_path):
    missing = Origin("play", f"file:{tmp_path}/play.json")
    with pytest.raises(NoServerError, match="no server known"):
        await missing.send(GET)
    server = await upstream("hang")
    full = Origin("play", [server.address], max_per_server=1, try_timeout=5.0)
    first = asyncio.create_task(full.send(GET))
    await server.asked.wait()
    with pytest.raises(BusyError):
        await full.send(GET)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    server.script = lambda n: OK
    assert (await full.send(GET)).status == 200
    await full.close()


async def test_a_registry_file_is_followed(upstream, tmp_path):
    servers = [await upstream(), await upstream()]
    path = tmp_path / "play.json"
    client = Origin("play", f"file:{path}")
    for server in servers:
        path.write_text(json.dumps([{"address": "127.0.0.1", "port": server.port}]))
        client._resolver._checked = float("-inf")  # what 100 ms of waiting would do
        assert (await client.send(GET)).attempt.server == server.address
    await client.close()


async def test_a_body_in_pieces_is_whole_or_streamed(upstream, origin):
    size = 600_000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    server = await upstream(head + b"x" * size)
    client = origin(server)
    assert len((await client.send(GET)).body) == size
    response = await client.send(GET, stream=True)
    assert response.stream is not None
    assert response.stream.length == size
    assert len(await response.read()) == size
    with pytest.raises(BodyTooLargeError):
        await origin(server, body_bytes=1000).send(GET)


async def test_a_stream_that_is_given_up_closes_its_connection(upstream, origin):
    server = await upstream(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
    client = origin(server, max_per_server=1)
    response = await client.send(GET, stream=True)
    response.close()
    server.script = lambda n: OK
    assert (await client.send(GET)).status == 200
    assert server.connections == 2


async def test_bytes_after_an_answer_close_the_connection(upstream, origin):
    server = await upstream(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nyours")
    client = origin(server)
    for _ in range(2):
        assert (await client.send(GET)).body == b"ok\n"
    assert server.connections == 2


async def test_the_trace_goes_out_with_requests_that_have_none(upstream):
    server = await upstream()
    trace: ContextVar[str | None] = ContextVar("trace", default="00-a-b-01")
    client = Origin("play", [server.address], trace=trace)
    await client.send(GET)
    await client.send(Request("GET", "/", {"traceparent": "own"}))
    assert [server.header(i, "traceparent") for i in (0, 1)] == ["00-a-b-01", "own"]
    assert "traceparent" not in GET.headers
    await client.close()


def test_it_belongs_to_one_loop_until_it_is_closed():
    client = Origin("play", ["127.0.0.1:1"], connect_timeout=0.2)

    async def send(close: bool) -> None:
        with pytest.raises(ConnectError):
            await client.send(POST)
        if close:
            await client.close()

    asyncio.run(send(close=False))
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(send(close=False))
    asyncio.run(client.close())
    asyncio.run(send(close=True))
