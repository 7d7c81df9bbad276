"""Spans as they leave a process, received by a real HTTP server."""

from __future__ import annotations

import json
import socketserver
import threading
from contextvars import ContextVar
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from reference_app.telemetry import OtlpJsonExporter, Telemetry, new_traceparent


@pytest.fixture
def collector():
    got: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append({"token": self.headers["x-peer"], **json.loads(body)})
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", got
        server.shutdown()
        thread.join()


def test_a_span_arrives_as_otlp_with_its_place_in_the_trace(collector):
    url, got = collector
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    telemetry = Telemetry(
        OtlpJsonExporter(url, {"x-peer": "secret"}),
        service="play-api", instance="play-api-1", zone="a", trace=trace, now=lambda: 1000.0,
    )  # fmt: skip
    with telemetry.span("outer", member=7), telemetry.span("inner"):
        pass
    with pytest.raises(RuntimeError), telemetry.span("failing"):
        raise RuntimeError("no")
    telemetry.close()
    spans = {s["name"]: s for batch in got for r in batch["resourceSpans"]
             for scope in r["scopeSpans"] for s in scope["spans"]}  # fmt: skip
    assert got[0]["token"] == "secret"
    assert spans["inner"]["parentSpanId"] == spans["outer"]["spanId"]
    assert spans["inner"]["traceId"] == spans["outer"]["traceId"]
    assert "parentSpanId" not in spans["outer"]
    assert spans["outer"]["attributes"] == [{"key": "member", "value": {"intValue": "7"}}]
    assert spans["outer"]["endTimeUnixNano"] == "1000000000000"
    assert spans["failing"]["status"] == {"code": 2}
    assert trace.get() is None


def test_a_collector_that_is_away_breaks_nothing():
    trace: ContextVar[str | None] = ContextVar("trace", default=None)
    telemetry = Telemetry(
        OtlpJsonExporter("http://127.0.0.1:9/v1/traces", {}),
        service="s", instance="s-1", zone="a", trace=trace,
    )  # fmt: skip
    with telemetry.span("lost"):
        pass
    telemetry.close()


def test_a_child_stays_in_its_parents_trace():
    parent = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    child, above = new_traceparent(parent)
    assert child.split("-")[1] == "ab" * 16
    assert above == "cd" * 8
    assert child.split("-")[2] != above
    assert new_traceparent(None)[1] is None


def test_an_address_with_https_is_spoken_to_in_tls():
    first: list[bytes] = []

    class Listener(socketserver.BaseRequestHandler):
        def handle(self):
            first.append(self.request.recv(1))

    with socketserver.TCPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        telemetry = Telemetry(
            OtlpJsonExporter(f"https://127.0.0.1:{server.server_address[1]}", {}),
            service="s", instance="s-1", zone="a", trace=ContextVar("trace", default=None),
        )  # fmt: skip
        with telemetry.span("outer"):
            pass
        telemetry.close()
        thread.join()
    assert first == [b"\x16"], "no handshake record (RFC 8446, section 5.1)"
