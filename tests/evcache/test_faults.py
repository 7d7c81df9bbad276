"""Zones that are killed, stopped or cut off; threads, forks and forgetful owners."""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from evcache.testing import Zones

from evcache import (
    AsyncEVCache,
    EVCache,
    LatchNotMetError,
    NodeUnavailableError,
    Status,
)


class TestZones:
    def test_a_killed_zone_goes_unnoticed_and_comes_back(self, three: Zones) -> None:
        with EVCache(three, zone="a", timeout=2) as cache:
            for n in range(50):
                assert cache.set(f"k{n}", n, write="all")
            three.stop("a")
            found = [cache.get_item(f"k{n}") for n in range(50)]
            assert [item.value for item in found] == list(range(50))
            assert {item.zone for item in found} <= {"b", "c"}
            latch = cache.set("k0", "new")
            assert latch
            assert latch.acked == ("b", "c")
            three.start("a")
            back = next(item for _ in range(2000) if (item := _paused(cache, "k0")).zone == "a")
            assert back.value == "new"

    def test_a_stopped_zone_goes_unnoticed(self, three: Zones) -> None:
        with EVCache(three, zone="a", timeout=0.6) as cache:
            for n in range(20):
                assert cache.set(f"k{n}", n, write="all")
            os.kill(three.pid("a"), signal.SIGSTOP)
            try:
                assert [cache.get(f"k{n}") for n in range(20)] == list(range(20))
                assert cache.get_many([f"k{n}" for n in range(20)])["k7"] == 7
            finally:
                os.kill(three.pid("a"), signal.SIGCONT)
            next(item for _ in range(2000) if (item := _paused(cache, "k0")).zone == "a")

    async def test_asyncio_too(self, three: Zones) -> None:
        async with AsyncEVCache(three, zone="a", timeout=0.6) as cache:
            for n in range(20):
                assert await cache.set(f"k{n}", n, write="all")
            os.kill(three.pid("a"), signal.SIGSTOP)
            try:
                assert [await cache.get(f"k{n}") for n in range(20)] == list(range(20))
            finally:
                os.kill(three.pid("a"), signal.SIGCONT)
            three.stop("a")
            three.stop("b")
            found = await asyncio.gather(*(cache.get(f"k{n}") for n in range(20)))
            assert found == list(range(20))
            three.start("a")
            for _ in range(300):
                await asyncio.sleep(0.01)
                if (await cache.get_item("k0")).zone == "a":
                    break
            assert (await cache.get_item("k0")).zone == "a"

    def test_nothing_is_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        servers = {"a": [f"127.0.0.1:{port}"]}
        with EVCache(servers) as cache:
            assert cache.get("k", "default") == "default"
            assert cache.get_item("k").status is Status.UNAVAILABLE
            assert not cache.set("k", 1)
            assert cache.get_many(["k"]) == {}
            assert cache.get_or_compute("k", lambda: 3, 60) == 3
        with EVCache(servers, raise_errors=True) as cache:
            for call in (lambda: cache.get("k"), lambda: cache.get_many(["k"])):
                with pytest.raises(NodeUnavailableError):
                    call()
            with pytest.raises(LatchNotMetError) as caught:
                cache.set("k", 1)
            assert isinstance(caught.value.failed["a"], NodeUnavailableError)
            assert cache.get_or_compute("k", lambda: 3, 60) == 3

    def test_no_servers_known(self, tmp_path: Any) -> None:
        with EVCache(f"file:{tmp_path}/none.json") as cache:
            assert cache.get_item("k").status is Status.UNAVAILABLE
            assert not cache.set("k", 1)
            assert not cache.set("k", 1, write="all")

    def test_a_cut_off_zone_does_not_hold_up_the_others(self, two: Zones) -> None:
        # A listener that accepts nothing more: its queue is full, so connecting hangs.
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            port = deaf.getsockname()[1]
            clients = [socket.socket() for _ in range(3)]
            for client in clients:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
            servers = {**two, "c": [f"127.0.0.1:{port}"]}
            with EVCache(servers, zone="c", timeout=0.5) as cache:
                assert cache.set("k", 1, write="quorum")
                assert cache.get("k") == 1
            for client in clients:
                client.close()


def _paused(cache: EVCache, key: str) -> Any:
    threading.Event().wait(0.005)
    return cache.get_item(key)


def test_nothing_is_left_open_by_who_forgets_to_close(two: Zones) -> None:
    cache = EVCache(two, zone="a")
    cache.set("k", 1, write="one")
    del cache
    gc.collect()


def test_one_connection_serves_one_thread_after_another(two: Zones) -> None:
    with EVCache(two, zone="a", timeout=5) as cache:
        for n in range(200):
            cache.set("k", n, write="one")
            cache.get("k")
        assert {len(idle) for idle in cache._pool._idle.values()} == {1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_it_survives_fork(two: Zones) -> None:
    with EVCache(two, zone="a", timeout=5) as cache:
        cache.set("k", "parent", write="all")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for n in range(200):
                    assert cache.set("child", n, write="all")
                    assert cache.get("child") == n
                code = 0
            finally:
                os._exit(code)
        for _ in range(200):
            assert cache.get("k") == "parent"
        assert os.waitpid(child, 0)[1] == 0
        assert cache.get("child") == 199


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="reads /proc")
def test_nodes_that_move_leave_no_descriptors(two: Zones, tmp_path: Path) -> None:
    """Two addresses of one name in turn: connections to the one that is gone are closed."""
    path = tmp_path / "cache.json"
    ports = [int(two[zone][0].rpartition(":")[2]) for zone in two]

    def move(n: int) -> None:
        place = {"address": "127.0.0.1", "port": ports[n % 2]}
        instance = {**place, "id": "x", "payload": {"zone": "a", "name": "cache-1"}}
        new = tmp_path / f"{n}.new"
        new.write_text(json.dumps([instance]))
        new.replace(path)

    with EVCache(f"file:{path}", zone="a", timeout=5) as cache:
        source = cache._calls._planner.cluster._source
        assert source is not None
        for n in range(100):
            move(n)
            source._next_look = 0.0
            assert cache.set("k", n)
            assert cache.get("k") == n
            if n == 10:
                before = len(os.listdir("/proc/self/fd"))
        assert len(os.listdir("/proc/self/fd")) <= before + 1


async def test_on_uvloop_too(two: Zones, tmp_path: Path) -> None:
    pytest.importorskip("uvloop")
    script = tmp_path / "on_uvloop.py"
    script.write_text(
        "import asyncio, sys, uvloop\n"
        "from evcache import AsyncEVCache\n"
        "async def main():\n"
        "    async with AsyncEVCache({'a': [sys.argv[1]]}, timeout=5) as cache:\n"
        "        assert await cache.set('uv', 1)\n"
        "        assert await cache.get('uv') == 1\n"
        "with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:\n"
        "    runner.run(main())\n"
    )
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(script), two["a"][0]
    )
    assert await done.wait() == 0


def test_what_nobody_waits_for_leaves_all_the_same() -> None:
    """More than a socket takes at once, a slow reader, and no later call to send the rest."""
    value, received = os.urandom(1_000_000), bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def read_late() -> None:
            stream, _ = server.accept()
            with stream:
                stream.settimeout(5)
                threading.Event().wait(0.2)
                while len(received) < 12 * len(value):
                    received.extend(stream.recv(65536))

        reader = threading.Thread(target=read_late)
        reader.start()
        with EVCache({"a": [f"127.0.0.1:{server.getsockname()[1]}"]}, timeout=5) as writer:
            for _ in range(12):
                writer.set("k", value, write="none")
            reader.join()
        assert received.count(value[-1000:]) == 12
