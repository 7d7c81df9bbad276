"""What a gateway believes of what its clients say about themselves."""

from contextvars import ContextVar

import pytest

from zuulpy import ConfigError, Event, Gateway


async def test_what_clients_claim_is_believed_only_from_trusted_networks(upstream, serve, raw):
    origin = await upstream()
    claim = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9\r\nForwarded: for=1\r\n\r\n"
    for trusted in ((), ("127.0.0.0/8",)):
        gateway = Gateway(trusted=trusted)
        gateway.route("/", to=[origin.address])
        await raw(await serve(gateway), claim)
    assert origin.header(0, "x-forwarded-for") == "127.0.0.1"
    assert origin.header(0, "forwarded") is None
    assert origin.header(1, "x-forwarded-for") == "9.9.9.9, 127.0.0.1"


async def test_what_is_distrusted_is_gone_before_trace_deadline_and_retries_read_it(
    upstream, serve, raw
):
    failing = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
    origin = await upstream(lambda n: failing if n == 1 else b"HTTP/1.1 204 No\r\n\r\n")
    events: list[Event] = []
    gateway = Gateway(observer=events.append, trace=ContextVar("trace", default=None))
    gateway.distrust("X-Deadline-Ms", "x-attempt", "traceparent", "x-peer")
    gateway.route("/", to=[origin.address])
    claims = (
        b"GET / HTTP/1.1\r\nHost: x\r\nX-DEADLINE-MS: 0\r\nx-attempt: 2\r\nx-peer: me\r\n"
        b"traceparent: 00-%s-%s-01\r\nx-kept: 1\r\n\r\n" % (b"ab" * 16, b"cd" * 8)
    )
    port = await serve(gateway)
    assert (await raw(port, claims)).startswith(b"HTTP/1.1 204")
    assert [origin.header(i, "x-attempt") for i in (0, 1)] == ["1", "2"]
    assert (origin.header(0, "x-peer"), origin.header(0, "x-kept")) == (None, "1")
    assert events[0].parent is None
    assert "ab" * 16 not in (events[0].trace, origin.header(0, "traceparent").split("-")[1])
    with pytest.raises(ConfigError):
        gateway.distrust("late")
