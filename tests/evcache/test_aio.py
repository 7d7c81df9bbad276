"""The asyncio client on real nodes of both kinds."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from evcache import (
    AsyncEVCache,
    InvalidKeyError,
    Status,
)


@pytest.fixture
async def acache(servers: dict[str, list[str]], prefix: str) -> AsyncIterator[AsyncEVCache]:
    async with AsyncEVCache(servers, zone="a", prefix=prefix, timeout=5) as cache:
        yield cache


async def test_every_kind_of_value(acache: AsyncEVCache, values: list[Any]) -> None:
    for value in values:
        assert await acache.set("k", value, ttl=60)
        item = await acache.get_item("k")
        assert (item.value, item.status, item.zone) == (value, Status.HIT, "a")


async def test_the_rest(acache: AsyncEVCache) -> None:
    assert await acache.get("k", 5) == 5
    assert await acache.add("k", 1)
    latch = await acache.add("k", 2)
    assert not latch
    assert not await latch
    assert not await latch.wait("one")
    assert await acache.get_many(["k", "j"]) == {"k": 1}
    assert await acache.touch("k", 600)
    assert await acache.delete("k")
    assert (await acache.get_item("k")).status is Status.MISS
    with pytest.raises(InvalidKeyError):
        await acache.get("a b")


async def test_many_at_once_share_a_connection(acache: AsyncEVCache) -> None:
    await asyncio.gather(*(acache.set(f"k{n}", n) for n in range(200)))
    found = await asyncio.gather(*(acache.get(f"k{n}") for n in range(200)))
    assert found == list(range(200))
    assert len(acache._links._links) == 1


async def test_cancelled_calls_harm_nobody(acache: AsyncEVCache) -> None:
    await acache.set("k", b"x" * 100_000)
    for n in range(50):
        task = asyncio.ensure_future(acache.get("k"))
        for _ in range(n % 4):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await acache.set(f"j{n}", n)
        assert await acache.get(f"j{n}") == n


async def test_64_readers_of_a_missing_key(acache: AsyncEVCache) -> None:
    calls = []

    async def compute() -> str:
        calls.append(1)
        await asyncio.sleep(0.05)
        return "v"

    found = await asyncio.gather(*(acache.get_or_compute("k", compute, 60) for _ in range(64)))
    assert (found, len(calls)) == (["v"] * 64, 1)


async def test_a_cancelled_winner_is_followed_by_another(acache: AsyncEVCache) -> None:
    started = asyncio.Event()

    async def forever() -> str:
        started.set()
        await asyncio.Event().wait()
        return "never"

    winner = asyncio.ensure_future(acache.get_or_compute("k", forever, 60))
    await started.wait()
    waiting = asyncio.ensure_future(acache.get_or_compute("k", lambda: "v", 60))
    await asyncio.sleep(0.02)
    winner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await winner
    assert await waiting == "v"


async def test_cached(acache: AsyncEVCache) -> None:
    calls = []

    @acache.cached(ttl=60)
    async def square(n: int) -> int:
        calls.append(n)
        return n * n

    assert [await square(3), await square(3), await square(4)] == [9, 9, 16]
    assert calls == [3, 4]


async def test_a_value_over_the_item_size(acache: AsyncEVCache) -> None:
    latch, other = await asyncio.gather(acache.set("k", os.urandom(2**20 + 1)), acache.set("j", 1))
    assert "too large" in str(latch.failed["a"])
    assert other
    assert await acache.get("j") == 1
