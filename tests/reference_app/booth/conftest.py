"""Makes spans, tasks and agents as the other processes send them."""

from collections.abc import Callable
from typing import Any

import pytest
from reference_app.booth.collector import Span

Make = Callable[..., dict[str, Any]]
NOW = 1_700_000_000.0


class Scheduler:
    """A scheduler of five tasks in three zones that notes what it is told; `silent` breaks it."""

    def __init__(self, make_task: Make, make_agent: Make) -> None:
        names = {"play-api-1": "a", "play-api-2": "b", "oca-b2-1": "b", "booth-1": "c"}
        self.found = {name: make_task(name, zone=zone) for name, zone in names.items()}
        self.zones = [make_agent(zone) for zone in "abc"]
        self.orders: list[tuple[object, ...]] = []
        self.silent = False
        self.now = NOW

    def tasks(self) -> list[dict[str, Any]]:
        self.answer()
        return list(self.found.values())

    def agents(self) -> list[dict[str, Any]]:
        self.answer()
        return self.zones

    def fault(self, target: str, signal: str, seconds: float | None) -> None:
        self.answer()
        self.orders.append((target, signal, seconds))

    def restore_zone(self, zone: str) -> None:
        self.answer()
        self.orders.append(("restore", zone))

    def answer(self) -> None:
        if self.silent:
            raise ConnectionRefusedError("nobody listens")


@pytest.fixture(scope="session")
def make_span() -> Callable[..., Span]:
    """`make_span(name, start=ms after NOW, ms=duration, home=zone of its process, ...)`."""

    def make(
        name: str = "http.server",
        *,
        trace: str = "a" * 32,
        span: str = "1" * 16,
        parent: str | None = None,
        instance: str = "play-api-1",
        home: str = "a",
        start: float = 0.0,
        ms: float = 1.0,
        ok: bool = True,
        **fields: object,
    ) -> Span:
        start_ns = int(NOW * 1e9) + int(start * 1e6)
        return Span(
            trace=trace,
            span=span,
            parent=parent,
            name=name,
            service=instance.rpartition("-")[0],
            instance=instance,
            zone=home,
            start_ns=start_ns,
            end_ns=start_ns + int(ms * 1e6),
            ok=ok,
            fields=fields,
        )

    return make


@pytest.fixture(scope="session")
def make_task() -> Callable[..., dict[str, Any]]:
    """`make_task("play-api-1", zone="a")`: a task that runs since NOW - 100 s."""

    def make(name: str, zone: str | None = "a", **changes: object) -> dict[str, Any]:
        job, _, index = name.rpartition("-")
        port = 20_000 + sum(name.encode()) * 7 % 10_000
        task: dict[str, Any] = {
            "id": f"{name}.1",
            "job": job,
            "name": name,
            "index": int(index) - 1,
            "zone": zone,
            "agent": f"{zone}1",
            "address": f"127.0.0.1:{port}",
            "state": "Started",
            "pid": port,
            "started_at": NOW - 100,
            "attempts": 1,
            "stopped": False,
        }
        return {**task, **changes}

    return make


@pytest.fixture(scope="session")
def make_agent() -> Callable[..., dict[str, Any]]:
    """`make_agent("a")`: the connected agent of a zone."""

    def make(zone: str, **changes: object) -> dict[str, Any]:
        agent: dict[str, Any] = {
            "id": f"{zone}1",
            "zone": zone,
            "state": "Connected",
            "pid": ord(zone),
            "runtime": "bubblewrap",
        }
        return {**agent, **changes}

    return make


@pytest.fixture
def scheduler(make_task: Make, make_agent: Make) -> Scheduler:
    """A scheduler in memory."""
    return Scheduler(make_task, make_agent)
