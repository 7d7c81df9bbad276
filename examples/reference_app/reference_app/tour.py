"""The two minutes of the README without a browser: play, kill, watch it go on; PASS or FAIL."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from titan_sched import Client, Task

from .member_client import Film, MemberClient
from .services.members.store import SEED, SEED_PASSWORD
from .up import TRY, client_of

ROOT = Path(__file__).parents[3]
"""The checkout, where this runs from one."""
RATE = 20.0
"""Requests per second while an instance is killed."""
REPLACED_WITHIN = 10.0
"""Seconds in which a killed instance must be back before the tour calls it lost."""

Check = tuple[bool, str]


def tour(run: Path, say: Callable[[str], None]) -> int:
    """Walk through, one line as soon as it is known; 1 where anything failed."""
    client = client_of(run)
    house = f"http://127.0.0.1:{json.loads((run / 'plan.json').read_text())['house_port']}"
    walk = Walk(client, house)
    checks: dict[str, Callable[[], Check]] = {
        "a play": walk.plays,
        "an appliance killed": walk.appliance_killed,
        "a Play API killed": walk.instance_killed,
        "where a row came from": walk.workings,
        "the README": readme_told,
    }
    results = [result(name, check, say) for name, check in checks.items()]
    return 0 if all(results) else 1


def result(name: str, check: Callable[[], Check], say: Callable[[str], None]) -> bool:
    """Make one check and say at once how it went; one that breaks has failed."""
    try:
        passed, text = check()
    except Exception as error:
        passed, text = False, f"{name}: {type(error).__name__}: {error}"
    say(f"{'PASS' if passed else 'FAIL'}  {text}")
    return passed


class Walk:
    """The checks that need a house; each one goes on where the one before it came to."""

    def __init__(self, client: Client, house: str) -> None:
        self._client, self._house = client, house
        self._member = MemberClient(house)
        self._seat = self._title = ""
        self._film: Film | None = None

    def plays(self) -> Check:
        """A member signs in, plays, and is served."""
        self._seat = self._member.sign_in(SEED[0][1], SEED_PASSWORD)["seats"][0]["id"]
        card = next((card for card in self._row()["items"] if card["ready"]), None)
        if card is None:
            return False, "a play: no title is ready"
        self._title = card["id"]
        self._film = film = self._member.play(self._title, self._seat)
        begun = time.perf_counter()
        size = len(film.segment(0))
        ms = (time.perf_counter() - begun) * 1e3
        steps = ", ".join(f"{step['name']} {step['ms']:g} ms" for step in film.answer["steps"])
        return size > 0, f"“{card['title']}”: {steps}, served {ms:.0f} ms ({film.served_by})"

    def appliance_killed(self) -> Check:
        """The appliance that serves is killed, and another one takes over."""
        film = self._film
        if film is None:
            return False, "an appliance killed: nothing plays that could go on"
        victim = film.served_by
        self._client.fault(victim, "KILL")
        begun = time.perf_counter()
        film.segment(1)
        ms = (time.perf_counter() - begun) * 1e3
        ok = film.served_by not in ("", victim)
        return ok, f"{victim} killed: {film.served_by} took over after {ms:.0f} ms"

    def instance_killed(self) -> Check:
        """A Play API is killed under load: it is replaced, and no request fails."""
        victim = next(iter(self._started()), None)
        if victim is None:
            return False, "a Play API killed: none is Started"
        load = Load(self._house, self._seat, self._title)
        load.start()
        try:
            self._client.fault(victim.id, "KILL")
            replaced = self._replaced(victim.id)
            time.sleep(1.0)
        finally:
            done, failures = load.stop()
        back = "not replaced" if replaced is None else f"replaced after {replaced:.1f} s"
        text = (
            f"{victim.name} killed under {RATE:g} requests/s: {back}, {failures} of {done} failed"
        )
        if failures:
            text += f", the first with {load.failures[0]}"
        return replaced is not None and failures == 0, text

    def workings(self) -> Check:
        """A row says where it came from."""
        told = self._row()["workings"]
        cache = told["cache"] or {}
        text = (
            f"a row came from {told['service']}: {cache.get('status')} in zone {cache.get('zone')}"
        )
        return cache.get("status") in ("HIT", "STALE", "MISS"), text

    def _row(self) -> Any:
        return self._member.request("GET", f"/discovery/rows/tonight?seat={self._seat}")

    def _started(self) -> list[Task]:
        return [t for t in self._client.tasks() if t.job == "play-api" and t.state == "Started"]

    def _replaced(self, victim: str) -> float | None:
        begun = time.monotonic()
        while time.monotonic() - begun < REPLACED_WITHIN:
            alive = [task.id for task in self._started()]
            if len(alive) >= 2 and victim not in alive:
                return time.monotonic() - begun
            time.sleep(0.05)
        return None


def readme_told(root: Path = ROOT) -> Check:
    """The README of a checkout tells the three things to try, each beside its own effect."""
    readme = root / "README.md"
    if not readme.is_file():
        checkout = (root / "Makefile").is_file()
        return not checkout, f"{'the checkout has no' if checkout else 'no'} README beside this"
    lines = readme.read_text().splitlines()
    missing = [
        what for what, effect in TRY if not any(what in line and effect in line for line in lines)
    ]
    return not missing, "the README tells these two minutes" + f", but not {missing}" * bool(
        missing
    )


class Load:
    """GET and POST /play in turn at a steady rate, each request in a thread of its own."""

    def __init__(self, house: str, seat: str, title: str, rate: float = RATE) -> None:
        self._house, self._seat, self._title, self._rate = house, seat, title, rate
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.failures: list[str] = []
        self._pacer = threading.Thread(target=self._pace, daemon=True)
        self._template = MemberClient(house)

    def start(self) -> None:
        """Sign in once, then begin."""
        self._template.sign_in(SEED[0][1], SEED_PASSWORD)
        self._pacer.start()

    def stop(self) -> tuple[int, int]:
        """End; how many requests were made, and how many failed."""
        self._ended.set()
        self._pacer.join()
        return self.done, len(self.failures)

    def _pace(self) -> None:
        threads: list[threading.Thread] = []
        due = time.monotonic()
        number = 0
        while not self._ended.is_set():
            thread = threading.Thread(target=self._one, args=(number,), daemon=True)
            thread.start()
            threads = [t for t in threads if t.is_alive()] + [thread]
            number += 1
            due += 1 / self._rate
            self._ended.wait(max(0.0, due - time.monotonic()))
        for thread in threads:
            thread.join()

    def _one(self, number: int) -> None:
        try:
            if number % 2:
                self._template.request("GET", f"/discovery/rows/tonight?seat={self._seat}")
            else:
                self._template.play(self._title, self._seat)
        except Exception as error:
            with self._lock:
                self.failures.append(f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self.done += 1
