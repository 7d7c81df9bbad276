"""What guarding costs a call that is well: sync and async, beside what one would use instead.

Two groups. `command, sync` compares with the bare call, with a wrapper that only passes on, and
with pybreaker's decorator (circuit alone: no timeout, no isolation, no latencies). `command, async`
compares with the bare coroutine and with `asyncio.timeout` alone around it.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pybreaker
import pytest

from hystrixpy import command, isolated

CALLS = 1000


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    with isolated():
        yield


def bare(member: int) -> int:
    return member


async def bare_async(member: int) -> int:
    return member


def passed_through(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def repeat(benchmark: Any, call: Callable[[int], Any]) -> None:
    """Time a thousand calls at once: one is too short for the clock."""
    calls = range(CALLS)

    def thousand() -> None:
        for member in calls:
            call(member)

    benchmark.extra_info["calls a round"] = CALLS
    benchmark.pedantic(thousand, rounds=200, warmup_rounds=5)


def repeat_async(benchmark: Any, call: Callable[[int], Coroutine[Any, Any, Any]]) -> None:
    """The same inside one task of a running loop, which `asyncio.timeout` needs."""
    calls = range(CALLS)

    async def thousand() -> None:
        for member in calls:
            await call(member)

    benchmark.extra_info["calls a round"] = CALLS
    with asyncio.Runner() as runner:
        benchmark.pedantic(lambda: runner.run(thousand()), rounds=100, warmup_rounds=5)


@pytest.mark.benchmark(group="command, sync")
def test_reference_bare_call(benchmark: Any) -> None:
    repeat(benchmark, bare)


@pytest.mark.benchmark(group="command, sync")
def test_reference_pass_through(benchmark: Any) -> None:
    repeat(benchmark, passed_through(bare))


@pytest.mark.benchmark(group="command, sync")
def test_reference_pybreaker(benchmark: Any) -> None:
    repeat(benchmark, pybreaker.CircuitBreaker()(bare))


@pytest.mark.benchmark(group="command, sync")
def test_command(benchmark: Any) -> None:
    repeat(benchmark, command(bare))


@pytest.mark.benchmark(group="command, sync")
def test_command_with_attempts_and_fallback(benchmark: Any) -> None:
    repeat(benchmark, command(attempts=3, fallback=0)(bare))


@pytest.mark.benchmark(group="command, sync")
def test_command_open_with_fallback(benchmark: Any) -> None:
    guarded = command(fallback=0)(bare)
    guarded.circuit.force_open()
    repeat(benchmark, guarded)


@pytest.mark.benchmark(group="command, async")
def test_reference_bare_coroutine(benchmark: Any) -> None:
    repeat_async(benchmark, bare_async)


@pytest.mark.benchmark(group="command, async")
def test_reference_asyncio_timeout(benchmark: Any) -> None:
    async def timed(member: int) -> int:
        async with asyncio.timeout(1.0):
            return await bare_async(member)

    repeat_async(benchmark, timed)


@pytest.mark.benchmark(group="command, async")
def test_command_async(benchmark: Any) -> None:
    repeat_async(benchmark, command(bare_async))
