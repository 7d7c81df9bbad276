"""The synchronous client on real nodes of both kinds."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from evcache import (
    EVCache,
    InvalidKeyError,
    RefusedError,
    Status,
)


@pytest.fixture
def cache(servers: dict[str, list[str]], prefix: str) -> Iterator[EVCache]:
    with EVCache(servers, zone="a", prefix=prefix, timeout=5) as cache:
        yield cache


def test_every_kind_of_value(cache: EVCache, values: list[Any]) -> None:
    for value in values:
        assert cache.set("k", value, ttl=60)
        item = cache.get_item("k")
        assert (item.value, item.status, item.zone) == (value, Status.HIT, "a")
        assert item.ttl in (58, 59, 60)


def test_get_and_default(cache: EVCache) -> None:
    assert cache.get("k") is None
    assert cache.get("k", 5) == 5
    cache.set("k", None)
    assert cache.get("k", 5) is None
    assert cache.get_item("k").ttl is None


def test_many(cache: EVCache) -> None:
    values = {f"key-{n}": n for n in range(500)}
    for key, value in values.items():
        cache.set(key, value)
    assert cache.get_many([*values, "none"]) == values


def test_add_touch_delete(cache: EVCache) -> None:
    assert cache.add("k", 1)
    refused = cache.add("k", 2)
    assert not refused
    assert isinstance(refused.failed["a"], RefusedError)
    assert cache.get("k") == 1
    assert cache.touch("k", 600)
    assert cache.get_item("k").ttl in (598, 599, 600)
    assert cache.delete("k")
    assert cache.delete("k")
    assert not cache.touch("k", 600)
    assert cache.get_item("k").status is Status.MISS


def test_get_or_compute(cache: EVCache) -> None:
    calls = []

    def compute() -> str:
        calls.append(1)
        return "v"

    for _ in range(3):
        assert cache.get_or_compute("k", compute, 60, stale_ttl=60) == "v"
    assert len(calls) == 1
    with pytest.raises(ZeroDivisionError):
        cache.get_or_compute("j", lambda: 1 // 0, 60)
    assert cache.get_or_compute("j", lambda: 2, 60) == 2


def test_stop_iteration_is_an_error_like_any_other(cache: EVCache) -> None:
    with pytest.raises(StopIteration):
        cache.get_or_compute("k", lambda: next(iter([])), 60)


def test_cached(cache: EVCache) -> None:
    calls = []

    @cache.cached(ttl=60, stale_ttl=60)
    def square(n: int, *, power: int = 2) -> int:
        """Doc."""
        calls.append(n)
        return n**power

    assert [square(3), square(3, power=2), square(n=3), square(4), square(3, power=3)] == [
        *(9, 9, 9, 16, 27)
    ]
    assert calls == [3, 4, 3]
    assert (square.__name__, square.__doc__) == ("square", "Doc.")


def test_cached_by_a_key_of_one_s_own(cache: EVCache) -> None:
    @cache.cached(ttl=60, key=lambda tags: f"tags:{len(tags)}")
    def joined(tags: list[str]) -> str:
        return "-".join(tags)

    assert joined(["a", "b"]) == joined(["c", "d"]) == "a-b"
    assert cache.get("tags:2") == "a-b"


def test_async_functions_belong_to_the_other(cache: EVCache) -> None:
    with pytest.raises(TypeError, match="AsyncEVCache"):

        @cache.cached()
        async def f() -> None: ...


def test_64_threads_on_a_missing_key(cache: EVCache) -> None:
    calls: list[int] = []
    release, results = threading.Event(), []

    def compute() -> str:
        calls.append(1)
        release.wait(10)
        return "v"

    def read() -> None:
        results.append(cache.get_or_compute("k", compute, 60))

    threads = [threading.Thread(target=read) for _ in range(64)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join()
    assert (results, len(calls)) == (["v"] * 64, 1)


def test_threads_never_get_each_other_s_values(cache: EVCache) -> None:
    wrong: list[Any] = []

    def work(n: int) -> None:
        for i in range(100):
            cache.set(f"k{n}", f"{n}-{i}", write="none")
            got = cache.get(f"k{n}")
            if got != f"{n}-{i}":
                wrong.append((n, i, got))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # With "none" another connection may overtake the write; another key's value never comes.
    assert [w for w in wrong if w[2] is not None and not w[2].startswith(f"{w[0]}-")] == []


def test_bad_keys(cache: EVCache) -> None:
    for call in (cache.get, cache.get_item, cache.delete, cache.touch):
        with pytest.raises(InvalidKeyError, match="'a b' is not allowed"):
            call("a b")
    with pytest.raises(InvalidKeyError):
        cache.set("a b", 1)
    with pytest.raises(InvalidKeyError):
        cache.get_many(["ok", "a\nb"])
    with pytest.raises(InvalidKeyError):
        cache.get_or_compute("a b", int, 60)


def test_a_value_over_the_item_size(cache: EVCache) -> None:
    big = os.urandom(2**20 + 1)
    latch = cache.set("k", big)
    assert not latch
    assert "too large" in str(latch.failed["a"])
    assert cache.set("k", 1)
    assert cache.get("k") == 1
