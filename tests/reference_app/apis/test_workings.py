"""Reading through a real node: fresh, old, and old because nobody answers."""

from __future__ import annotations

import pytest
from evcache.testing import zones
from reference_app.apis import workings
from reference_app.apis.calls import RefusedError
from reference_app.apis.workings import read_through
from reference_app.glue import CallError

from evcache import AsyncEVCache


@pytest.fixture
def servers():
    with zones("a", "b") as servers:
        yield servers


class Service:
    """Counts how often it is asked; answers with the count, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        if self.failure:
            raise self.failure
        return self.asked


async def read(cache, service):
    return await read_through(cache, "key", service, service="s", command="s.get", ttl=30)


async def test_a_fresh_copy_is_served_without_asking(servers):
    async with AsyncEVCache(servers, zone="a") as cache:
        service = Service()
        first, told = await read(cache, service)
        again, second = await read(cache, service)
    assert (first, again, service.asked) == (1, 1, 1)
    assert (told["cache"]["status"], second["cache"]["status"]) == ("MISS", "HIT")
    assert (told["cache"]["tier"], second["cache"]["tier"]) == (None, "RAM")


async def age(cache, monkeypatch):
    """Let the copy be older than its time: what is left of it counts as the old part."""
    monkeypatch.setattr(workings, "STALE", workings.STALE + 60)


async def test_an_old_copy_is_computed_anew(servers, monkeypatch):
    async with AsyncEVCache(servers, zone="a") as cache:
        service = Service()
        await read(cache, service)
        await age(cache, monkeypatch)
        value, told = await read(cache, service)
    assert (value, service.asked) == (2, 2)
    assert told["cache"]["status"] == "STALE"


async def test_an_old_copy_stands_in_for_a_service_that_is_away_however_often(servers, monkeypatch):
    async with AsyncEVCache(servers, zone="a") as cache:
        service = Service()
        await read(cache, service)
        await age(cache, monkeypatch)
        service.failure = CallError("s", 503)
        for _ in range(4):
            value, told = await read(cache, service)
            assert (value, told["fallback"]) == (1, "the old copy")


async def test_a_refusal_is_no_outage(servers, monkeypatch):
    async with AsyncEVCache(servers, zone="a") as cache:
        service = Service()
        await read(cache, service)
        await age(cache, monkeypatch)
        service.failure = RefusedError(CallError("s", 404))
        with pytest.raises(RefusedError):
            await read(cache, service)


async def test_without_a_copy_the_failure_is_told(servers):
    async with AsyncEVCache(servers, zone="a") as cache:
        service = Service()
        service.failure = CallError("s", 503)
        with pytest.raises(CallError):
            await read(cache, service)


async def test_a_spent_deadline_is_an_outage_of_the_service(servers):
    async with AsyncEVCache(servers, zone="a", deadline=lambda: 0.0) as cache:
        with pytest.raises(CallError):
            await read(cache, Service())
