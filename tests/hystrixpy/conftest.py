"""Every test has a registry of its own and a clock that only it turns."""

from collections.abc import Iterator
from random import Random

import pytest
from hystrixpy.testing import FakeClock, isolated


@pytest.fixture(autouse=True)
def clock() -> Iterator[FakeClock]:
    clock = FakeClock(start=1000.0)
    with isolated(clock=clock, random=Random(7)):
        yield clock
