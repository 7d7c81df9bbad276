"""A get hit, a bulk get and a set to three zones, beside pymemcache on the same nodes.

The nodes are real memcached processes where the machine has them, else Moneta; which of them is
printed behind each row. The reference is `pymemcache.Client` with the same timeout: for one node,
and for three zones one after another, which is what one would write without this package.
"""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from evcache.testing import zones
from pymemcache.client.base import Client

from evcache import AsyncEVCache, EVCache

VALUE = b"v" * 200
KEYS = [f"member:{n}" for n in range(100)]
CALLS = 200
TIMEOUT = 2.0


@pytest.fixture(scope="session")
def nodes() -> Iterator[tuple[str, dict[str, int]]]:
    """What the nodes are, and the port of each zone."""
    with ExitStack() as stack:
        program = shutil.which("memcached")
        if program is None:
            found = stack.enter_context(zones("a", "b", "c"))
            ports = {zone: int(found[zone][0].rpartition(":")[2]) for zone in found}
            yield "moneta", ports
            return
        ports = {}
        for zone in "abc":
            with socket.create_server(("127.0.0.1", 0)) as free:
                ports[zone] = free.getsockname()[1]
            user = ["-u", "nobody"] if os.geteuid() == 0 else []
            command = [program, "-l", "127.0.0.1", "-p", str(ports[zone]), "-U", "0", *user]
            node = stack.enter_context(subprocess.Popen(command))
            stack.callback(node.kill)
            _wait_for(ports[zone])
        yield "memcached", ports


def _wait_for(port: int) -> None:
    for _ in range(10_000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            continue
        return
    pytest.fail("memcached did not start")


@pytest.fixture(scope="session")
def servers(nodes: tuple[str, dict[str, int]]) -> dict[str, list[str]]:
    return {zone: [f"cache-{zone}1/127.0.0.1:{port}"] for zone, port in nodes[1].items()}


@pytest.fixture(scope="session")
def cache(servers: dict[str, list[str]]) -> Iterator[EVCache]:
    with EVCache(servers, zone="a", timeout=TIMEOUT) as cache:
        for key in KEYS:
            assert cache.set(key, VALUE, write="all")
        yield cache


@pytest.fixture(scope="session")
def watched(servers: dict[str, list[str]], cache: EVCache) -> Iterator[EVCache]:
    """The same with its events on."""
    seen: list[str] = []
    with EVCache(
        servers, zone="a", timeout=TIMEOUT, observer=lambda event: seen.append(event.name)
    ) as watched:
        yield watched


@pytest.fixture(scope="session")
def clients(nodes: tuple[str, dict[str, int]], cache: EVCache) -> Iterator[list[Client]]:
    """A plain client a zone, with values that are set without flags of ours."""
    made = [
        Client(("127.0.0.1", port), timeout=TIMEOUT, no_delay=True) for port in nodes[1].values()
    ]
    for client in made:
        for key in KEYS:
            client.set(f"plain:{key}", VALUE, noreply=False)
    yield made
    for client in made:
        client.close()


@pytest.fixture
def repeat(
    benchmark: Any, nodes: tuple[str, dict[str, int]]
) -> Callable[[Callable[[], Any]], None]:
    """Time many calls at once: one is too short for a busy machine's clock."""

    def run(call: Callable[[], Any], calls: int = CALLS) -> None:
        def many() -> None:
            for _ in range(calls):
                call()

        benchmark.extra_info["node"] = nodes[0]
        benchmark.extra_info["calls a round"] = calls
        benchmark.pedantic(many, rounds=40, warmup_rounds=3)

    return run


@pytest.mark.benchmark(group="get hit, own zone")
def test_reference_pymemcache_get(repeat: Any, clients: list[Client]) -> None:
    client = clients[0]
    assert client.get("plain:member:7") == VALUE
    repeat(lambda: client.get("plain:member:7"))


@pytest.mark.benchmark(group="get hit, own zone")
def test_evcache_get(repeat: Any, cache: EVCache) -> None:
    assert cache.get("member:7") == VALUE
    repeat(lambda: cache.get("member:7"))


@pytest.mark.benchmark(group="get hit, own zone")
def test_evcache_get_with_events(repeat: Any, watched: EVCache) -> None:
    assert watched.get("member:7") == VALUE
    repeat(lambda: watched.get("member:7"))


@pytest.mark.benchmark(group="get of 100 keys")
def test_reference_pymemcache_get_many(repeat: Any, clients: list[Client]) -> None:
    keys = [f"plain:{key}" for key in KEYS]
    assert len(clients[0].get_many(keys)) == len(KEYS)
    repeat(lambda: clients[0].get_many(keys), 10)


@pytest.mark.benchmark(group="get of 100 keys")
def test_evcache_get_many(repeat: Any, cache: EVCache) -> None:
    assert len(cache.get_many(KEYS)) == len(KEYS)
    repeat(lambda: cache.get_many(KEYS), 10)


@pytest.mark.benchmark(group="set to three zones")
def test_reference_pymemcache_set_to_one(repeat: Any, clients: list[Client]) -> None:
    repeat(lambda: clients[0].set("plain:set", VALUE, noreply=False))


@pytest.mark.benchmark(group="set to three zones")
def test_reference_pymemcache_three_in_turn(repeat: Any, clients: list[Client]) -> None:
    repeat(lambda: [client.set("plain:set", VALUE, noreply=False) for client in clients])


@pytest.mark.benchmark(group="set to three zones")
def test_evcache_set_all(repeat: Any, cache: EVCache) -> None:
    assert cache.set("set", VALUE, write="all")
    repeat(lambda: cache.set("set", VALUE, write="all"))


@pytest.mark.benchmark(group="set to three zones")
def test_evcache_set_one(repeat: Any, cache: EVCache) -> None:
    repeat(lambda: cache.set("set", VALUE, write="one"))


@pytest.mark.benchmark(group="asyncio: 32 gets")
@pytest.mark.parametrize("how", ["reference_in_turn", "at_once"])
def test(benchmark: Any, servers: dict[str, list[str]], cache: EVCache, how: str) -> None:
    with asyncio.Runner() as runner:
        client = AsyncEVCache(servers, zone="a", timeout=TIMEOUT)

        async def in_turn() -> None:
            for key in KEYS[:32]:
                await client.get(key)

        async def at_once() -> None:
            await asyncio.gather(*(client.get(key) for key in KEYS[:32]))

        chosen = at_once if how == "at_once" else in_turn
        benchmark.pedantic(lambda: runner.run(chosen()), rounds=60, warmup_rounds=5)
        runner.run(client.close())
