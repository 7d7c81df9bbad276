"""Real nodes for the tests: Moneta always, memcached where the machine has it."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest
from evcache.testing import Zones, zones


@pytest.fixture(params=["moneta", "memcached"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Port of one empty node, of either kind."""
    if request.param == "moneta":
        with zones("a") as servers:
            yield int(servers["a"][0].rpartition(":")[2])
    else:
        yield from _memcached()


@pytest.fixture
def two() -> Iterator[Zones]:
    with zones("a", "b") as servers:
        yield servers


@pytest.fixture
def three() -> Iterator[Zones]:
    with zones("a", "b", "c") as servers:
        yield servers


@pytest.fixture
def memcached() -> Iterator[int]:
    """Port of one empty memcached."""
    yield from _memcached()


def _memcached() -> Iterator[int]:
    binary = shutil.which("memcached")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("memcached is missing: make engines")
        pytest.skip("memcached is missing: make engines")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [binary, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody"]
    node = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, node)
        yield port
    finally:
        node.kill()
        node.wait()


def _wait_for(port: int, node: subprocess.Popen[bytes]) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"memcached ended with {node.wait(timeout=0.01)}")
    pytest.fail("memcached did not start")
