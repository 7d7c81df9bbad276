"""A request through zuulpy, beside nginx as the reverse proxy and beside no proxy at all.

Every server is one process; the origin is nginx. All of them share the machine's cores: the
ratios count, not the times. `wrk`, where installed, adds its requests/s.
"""

import contextlib
import itertools
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

CONNECTIONS = 32
"""Requests in flight in the throughput group."""
SERVER = (
    "daemon off; worker_processes 1; pid {at}/{name}.pid; error_log /dev/null;"
    " events {{ worker_connections 512; }}"
    " http {{ access_log off; keepalive_requests 10000000; client_body_temp_path {at}/{name}.t;"
    " {rest} }}"
)
ORIGIN = (
    "server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json;"
    ' return 200 \'{{"id": 7, "uri": "$uri", "seats": [1, 2, 3]}}\'; }} }}'
)
PROXY = (
    "upstream o {{ server 127.0.0.1:{origin}; keepalive 64; }}"
    " server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://o;"
    ' proxy_http_version 1.1; proxy_set_header Connection ""; }} }}'
)
GATEWAY = (
    "from zuulpy import Gateway; g = Gateway();"
    " g.route('/', to=['127.0.0.1:{origin}'], try_timeout=10.0); g.run(port={port})"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            continue
    raise RuntimeError(f"ended with {process.returncode}: {process.args}")


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx: make engines")
    at: Path = tmp_path_factory.mktemp("proxies")
    ports = {name: free_port() for name in ("direct", "nginx", "zuulpy")}
    sites = {
        "direct": ORIGIN.format(port=ports["direct"]),
        "nginx": PROXY.format(port=ports["nginx"], origin=ports["direct"]),
    }
    commands = [
        [sys.executable, "-c", GATEWAY.format(port=ports["zuulpy"], origin=ports["direct"])]
    ]
    for name, rest in sites.items():
        (at / name).write_text(SERVER.format(at=at, name=name, rest=rest))
        commands.append([nginx, "-p", str(at), "-c", str(at / name)])
    started = [subprocess.Popen(c, stderr=subprocess.DEVNULL) for c in commands]
    try:
        for port, process in zip((ports[n] for n in ("zuulpy", *sites)), started, strict=True):
            wait_for(port, process)
        yield ports
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(10)


@contextlib.contextmanager
def asker(port: int, connections: int) -> Iterator[Callable[[], None]]:
    """A function that sends one request on each connection and waits for all the answers."""
    counter = itertools.count()
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", port)
        sockets = [
            stack.enter_context(socket.create_connection(address)) for _ in range(connections)
        ]

        def ask() -> None:
            for one in sockets:
                target = f"/titles/{next(counter) % 1000}"
                one.sendall(f"GET {target} HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\n\r\n".encode())
            for one in sockets:
                answer = one.recv(65536)
                while not answer.endswith(b"]}"):
                    answer += one.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200")

        yield ask


def rate(port: int) -> str:
    """Requests/s by wrk in one second, or "" without it."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return ""
    command = [wrk, "-t1", f"-c{CONNECTIONS}", "-d1s", f"http://127.0.0.1:{port}/titles/7"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in text, text
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return f"{float(found[1]):,.0f} requests/s" if found else ""


def one_by_one(benchmark: BenchmarkFixture, port: int) -> None:
    with asker(port, 1) as ask:
        benchmark.pedantic(ask, rounds=1500, warmup_rounds=50)


def at_once(benchmark: BenchmarkFixture, port: int) -> None:
    with asker(port, CONNECTIONS) as ask:
        benchmark.pedantic(ask, rounds=150, warmup_rounds=5)
    benchmark.extra_info["wrk"] = rate(port)


@pytest.mark.benchmark(group="one request, one connection")
class TestLatency:
    def test_reference_direct(self, benchmark, ports):
        one_by_one(benchmark, ports["direct"])

    def test_reference_nginx(self, benchmark, ports):
        one_by_one(benchmark, ports["nginx"])

    def test_zuulpy(self, benchmark, ports):
        one_by_one(benchmark, ports["zuulpy"])


@pytest.mark.benchmark(group=f"{CONNECTIONS} requests at once")
class TestThroughput:
    def test_reference_direct(self, benchmark, ports):
        at_once(benchmark, ports["direct"])

    def test_reference_nginx(self, benchmark, ports):
        at_once(benchmark, ports["nginx"])

    def test_zuulpy(self, benchmark, ports):
        at_once(benchmark, ports["zuulpy"])
