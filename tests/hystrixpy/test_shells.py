"""The async shell: real event loops, real timeouts, and cancellation at every point."""

import asyncio
import contextvars
from itertools import pairwise
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hystrixpy._clock import Clock
from hystrixpy.testing import FakeClock, isolated

from hystrixpy import (
    BulkheadFullError,
    CircuitConfig,
    CommandTimeoutError,
    FallbackFailedError,
    State,
    command,
    deadline,
    instrument,
    remaining,
)

TOUCHY = CircuitConfig(request_volume_threshold=1)


async def test_the_call_is_really_ended() -> None:
    ended = []

    @command(timeout=0.01)
    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    for _ in range(2):
        with pytest.raises(CommandTimeoutError) as caught:
            await hangs()
        assert caught.value.command == hangs.snapshot().name
        assert caught.value.timeout == pytest.approx(0.01)
    outcome = await hangs.outcome()
    assert outcome.events == ("TIMEOUT", "FALLBACK_MISSING")
    assert ended == [True] * 3
    assert hangs.snapshot().in_use == 0


async def test_a_tighter_deadline_ends_it_and_an_own_timeout_error_is_a_failure() -> None:
    @command(timeout=60)
    async def hangs() -> None:
        await asyncio.Event().wait()

    @command(timeout=60)
    async def raises() -> None:
        raise TimeoutError("the user's own")

    with deadline(0.01), pytest.raises(CommandTimeoutError):
        await hangs()
    with pytest.raises(TimeoutError, match="the user's own"):
        await raises()
    assert raises.snapshot().counts["FAILURE"] == 1


async def test_cancelling_from_outside_is_no_failure() -> None:
    @command(attempts=3, fallback="never", circuit=TOUCHY)
    async def hangs() -> str:
        await asyncio.Event().wait()
        return "never"

    for _ in range(2):
        task = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        assert hangs.snapshot().in_use == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    shot = hangs.snapshot()
    assert shot.counts == {"CANCELLED": 2}
    assert (shot.in_use, shot.state) == (0, State.CLOSED)


async def test_a_cancel_from_outside_at_the_moment_of_the_timeout_wins() -> None:
    loop = asyncio.get_running_loop()

    @command(timeout=0.01)
    async def hangs() -> None:
        loop.call_at(loop.time() + 0.01, task.cancel)
        end = loop.time() + 0.02
        while loop.time() < end:  # both timers are due when the loop turns again
            pass
        await asyncio.Event().wait()

    task = asyncio.create_task(hangs())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert hangs.snapshot().counts == {"CANCELLED": 1}


async def test_a_coroutine_thrown_away_gives_its_slot_back() -> None:
    @command(max_concurrent=1)
    async def hangs() -> None:
        await asyncio.Event().wait()

    for start in (hangs, hangs.outcome, hangs):
        context = contextvars.copy_context()
        coroutine = start()
        context.run(coroutine.send, None)
        assert hangs.snapshot().in_use == 1
        with deadline(5):
            coroutine.close()
            assert remaining() is not None  # closing elsewhere left this bound alone
        assert hangs.snapshot().in_use == 0


async def test_refusals_retries_and_fallbacks_are_as_in_sync_code(clock: FakeClock) -> None:
    async def plan_b(error: BaseException) -> str:
        await asyncio.sleep(0)
        return f"after {error}"

    calls = []

    @command(attempts=3, fallback=plan_b)
    async def broken() -> str:
        calls.append(clock.now())
        raise ConnectionError("down")

    assert await broken() == "after down"
    assert len(calls) == 3
    assert all(0.05 <= b - a <= 0.1 for a, b in pairwise(calls))
    assert (await broken.outcome()).events == ("FAILURE",) * 3 + ("FALLBACK_SUCCESS",)
    broken.circuit.force_open()
    assert "forced open" in await broken()


async def test_a_failing_async_fallback_keeps_both_errors() -> None:
    async def plan_b() -> str:
        raise KeyError("cold")

    @command(fallback=plan_b)
    async def broken() -> str:
        raise ConnectionError("down")

    with pytest.raises(FallbackFailedError) as caught:
        await broken()
    assert isinstance(caught.value.cause, ConnectionError)
    assert isinstance(caught.value.fallback_error, KeyError)
    assert caught.value.__cause__ is caught.value.cause


async def test_a_hundred_slots_by_default() -> None:
    @command
    async def hangs() -> None:
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(hangs()) for _ in range(100)]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFullError):
        await hangs()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert hangs.snapshot().in_use == 0


async def test_inner_commands_and_tasks_inherit_what_is_left(clock: FakeClock) -> None:
    seen = {}

    @command(timeout=None)
    async def inner() -> None:
        seen["inner"] = remaining()

    @command(timeout=2)
    async def outer() -> None:
        clock.advance(0.5)
        await asyncio.create_task(inner())
        seen["outer"] = remaining()

    await outer()
    assert seen == {"inner": 1.5, "outer": 1.5}
    assert remaining() is None


@settings(max_examples=80, deadline=None)
@given(
    cancel_at=st.integers(0, 12),
    attempts=st.integers(1, 3),
    fails=st.lists(st.booleans(), min_size=4, max_size=4),
    half_open=st.booleans(),
    traced=st.booleans(),
)
def test_cancelling_at_any_await_leaves_slots_and_leases_balanced(
    cancel_at: int, attempts: int, fails: list[bool], half_open: bool, traced: bool
) -> None:
    asyncio.run(_cancel(cancel_at, attempts, fails, half_open, traced))


async def _cancel(at: int, attempts: int, fails: list[bool], half_open: bool, traced: bool) -> None:
    hands = [1000.0]
    script: list[bool] = []

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    async def plan_b() -> str:
        await asyncio.sleep(0)
        return "plan b"

    clock = Clock(now=lambda: hands[0], wall=lambda: 0.0, sleep_async=pause)
    with isolated(clock=clock, random=Random(3)):
        if traced:
            instrument([].append)

        @command(attempts=attempts, fallback=plan_b, max_concurrent=1, circuit=TOUCHY, timeout=None)
        async def work() -> str:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if script and script.pop():
                raise ConnectionError
            return "plan a"

        if half_open:
            script[:] = [True]
            assert await work() == "plan b"
            hands[0] += 5
        script[:] = fails
        task = asyncio.create_task(work())
        for _ in range(at):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert work.snapshot().in_use == 0
        hands[0] += 5
        script.clear()
        assert await work() == "plan a"  # a slot and, where it takes one, a lease are there
        assert work.circuit.state is State.CLOSED
