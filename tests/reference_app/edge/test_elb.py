"""What the load balancer believes, and what it asks a second gateway."""

from __future__ import annotations

from contextvars import ContextVar

import pytest
from reference_app.edge.elb import HOP_HEADERS, set_up

from zuulpy import Event, Gateway

STRANGE = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


@pytest.fixture
async def elb(settings, start):
    """The load balancer's port, and its events."""
    events: list[Event] = []
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    gateway = Gateway(name="elb", observer=events.append, trace=trace)
    set_up(gateway, settings)
    return await start(gateway), events


async def test_what_hops_tell_each_other_is_not_a_strangers_to_say(elb, service, ask):
    port, events = elb
    gateway = await service("gateway")
    claims = dict.fromkeys(HOP_HEADERS, "1") | {"x-deadline-ms": "20", "traceparent": STRANGE}
    assert await ask(port, "/play/x", *claims.items(), ("x-home", "maple")) == 200
    (deadline,), (traceparent,) = gateway.told("x-deadline-ms"), gateway.told("traceparent")
    assert 1000 < int(deadline) <= 4000
    assert STRANGE.split("-")[1] not in traceparent
    assert events[0].parent is None
    for name in ("tracestate", "x-peer", "x-caller"):
        assert gateway.told(name) == [None]
    assert gateway.told("x-home") == ["maple"]


async def test_many_deadlines_of_20_ms_end_nobodys_work(elb, service, ask):
    port, _ = elb
    gateway = await service("gateway", seconds=0.05)
    for _ in range(10):
        assert await ask(port, "/play/x", ("x-deadline-ms", "20")) == 200
    assert len(gateway.requests) == 10


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateways_answer_is_final(elb, service, ask, status):
    port, _ = elb
    gateways = [await service("gateway", status=status) for _ in range(2)]
    assert await ask(port, "/discovery/home") == status
    assert sum(len(gateway.requests) for gateway in gateways) == 1


async def test_a_gateway_that_is_gone_is_passed_over(elb, service, settings, ask):
    port, _ = elb
    gone = await service("gateway")
    path = settings.run / "titan" / "registry" / "gateway.json"
    listed = path.read_text().replace("[", '[{"address": "127.0.0.1", "port": 1}, ')
    path.write_text(listed)
    for _ in range(3):
        assert await ask(port, "/play/x", method="POST") == 200
    assert len(gone.requests) == 3
