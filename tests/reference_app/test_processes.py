"""Processes of the application, each started as the scheduler starts it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from reference_app.profiles import Plan, jobs
from reference_app.settings import Secrets

from tests.engines import free_port
from tests.reference_app.conftest import until
from titan_sched import Service


@pytest.fixture
def collector():
    """An OTLP address, and what arrives there: (headers, names of spans)."""
    got: list[tuple[dict[str, str], list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            names = [s["name"] for r in body["resourceSpans"]
                     for scope in r["scopeSpans"] for s in scope["spans"]]  # fmt: skip
            got.append((dict(self.headers), names))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", got
        server.shutdown()
        thread.join()


def get(port: int, path: str, peer: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"x-peer": peer})
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("service", "path", "span"),
    [("titles", "/rows", "http.server"), ("gateway", "/", "zuulpy.request")],
)
def test_the_last_spans_are_sent_and_only_where_the_operator_says(
    tmp_path, collector, service, path, span
):
    url, got = collector
    secrets, port = Secrets.make(), free_port()
    secrets.write(tmp_path)
    env = {
        **os.environ,
        "HALATION_NAME": f"{service}-1",
        "HALATION_ZONE": "a",
        "HALATION_PORT": str(port),
        "HALATION_BOOTH_PORT": "9",
        "HALATION_OTLP": url,
    }
    command = [sys.executable, "-m", "reference_app", service, str(tmp_path), str(tmp_path)]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            until("an answer", lambda: get(port, "/healthz", ""))
            assert get(port, path, secrets.peer)
        finally:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert span in [name for _, names in got for name in names]
    assert all("x-peer" not in headers for headers, _ in got)


def test_every_process_is_told_where_spans_go(tmp_path):
    plan = Plan(
        run=tmp_path, media=tmp_path, house_port=1, booth_port=2, films=("the-last-reel",),
        film_seconds=60, otlp="http://127.0.0.1:4318/v1/traces",
    )  # fmt: skip
    told = [
        job.env.get("HALATION_OTLP")
        for job in jobs(plan, "http://127.0.0.1:1", "token")
        if isinstance(job, Service) and job.name != "cache"
    ]
    assert len(told) >= 10
    assert set(told) == {plan.otlp}
