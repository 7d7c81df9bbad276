import asyncio
import time

from hystrixpy.testing import FakeClock


def test_time_passes_only_when_told_to() -> None:
    clock = FakeClock(start=5.0)
    before = time.perf_counter()
    clock.advance(3)
    clock.sleep(600)
    asyncio.run(_sleep(clock))
    assert clock.now() == clock.wall() == 1208.0
    assert time.perf_counter() - before < 60


async def _sleep(clock: FakeClock) -> None:
    await clock.sleep_async(600)
