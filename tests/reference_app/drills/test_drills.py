"""Figures with time bounds, on the running application: `make drill` prints bound and measured.

Beside each stands how late a bare wait of 10 ms came back meanwhile, at the worst: what the machine
itself adds.
"""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reference_app.member_client import ClientError
from reference_app.tour import Load

from tests.engines import free_port
from tests.reference_app.conftest import House, until, up_command

pytestmark = pytest.mark.drill
REPLACED, ZONE_LOST, LATER_START, DOWN, PLAY_P99 = 3.0, 10.0, 15.0, 10.0, 0.150


class Overshoot:
    """How late a wait of 10 ms comes back, in seconds, at the worst."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while True:
            begun = time.perf_counter()
            if self._ended.wait(0.010):
                return
            self.worst = max(self.worst, time.perf_counter() - begun - 0.010)

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self.worst


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Callable[[str, float, float], None]]:
    """`report(what, bound, measured)` prints one line and fails where the bound is passed."""
    overshoot = Overshoot()
    told: list[tuple[str, float, float]] = []
    yield lambda what, bound, measured: told.append((what, bound, measured))
    late = overshoot.stop() * 1e3
    for what, bound, measured in told:
        verdict = "PASS" if measured <= bound else "FAIL"
        print(f"\n{verdict}  {what}: {measured:.2f} of {bound:g} s (bare wait late {late:.0f} ms)")
    assert all(measured <= bound for _, bound, measured in told)


def test_instance_killed_under_load(house: House, report):
    _, seat = house.member()
    victim = house.started("play-api")[0]
    load = Load(house.url, seat, "the-last-reel")
    load.start()
    until("some load", lambda: load.done >= 20)
    begun = time.monotonic()
    house.client.fault(victim.id, "KILL")
    until(
        "a replacement",
        lambda: (
            len(alive := house.started("play-api")) == 2
            and victim.id not in [task.id for task in alive]
        ),
    )
    report("killed Play API replaced", REPLACED, time.monotonic() - begun)
    seen = load.done
    until("load on both", lambda: load.done >= seen + 40)
    done, failed = load.stop()
    print(f"\n{failed} of {done} requests failed")
    assert failed == 0, load.failures[:5]


def test_zone_lost(house: House, report):
    member, seat = house.member()
    busiest = max("abc", key=lambda z: len([t for t in house.client.tasks() if t.zone == z]))
    begun = time.monotonic()
    house.client.fault(f"zone-{busiest}", "KILL")

    def five_plays_in_a_row() -> bool:
        try:
            return all(member.play("the-last-reel", seat).segment(0) for _ in range(5))
        except (ClientError, OSError):
            return False

    try:
        until("plays without the zone", five_plays_in_a_row, bound=60)
        report(f"plays after zone {busiest} was lost", ZONE_LOST, time.monotonic() - begun)
    finally:
        house.client.fault(f"zone-{busiest}", "CONT")


def test_play_p99(house: House, report):
    member, seat = house.member()
    taken = []
    for _ in range(200):
        begun = time.perf_counter()
        member.play("the-last-reel", seat)
        taken.append(time.perf_counter() - begun)
    print(f"\nplay, one after the other: median {statistics.median(taken) * 1e3:.1f} ms")
    report("play request p99", PLAY_P99, statistics.quantiles(taken, n=100)[98])


def test_later_start_and_down(house: House, report, tmp_path: Path):
    run, ports = tmp_path / "run", (free_port(), free_port())
    command = up_command(run, *ports, "--detach")
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    report("page usable on a later start", LATER_START, time.monotonic() - begun)
    begun = time.monotonic()
    subprocess.run([command[0], "down", "--run", str(run)], check=True)
    report("down", DOWN, time.monotonic() - begun)
