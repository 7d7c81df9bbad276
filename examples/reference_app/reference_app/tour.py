"""The two minutes of the README without a browser: play, kill, watch it go on; PASS or FAIL."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from titan_sched import Client

from .member_client import ClientError, Film, MemberClient
from .services.members.store import SEED, SEED_PASSWORD
from .up import TRY, client_of

README = Path(__file__).parents[3] / "README.md"
RATE = 20.0
"""Requests per second while an instance is killed."""
REPLACED_WITHIN = 10.0
"""Seconds in which a killed instance must be back before the tour calls it lost."""

Check = tuple[bool, str]


def tour(run: Path, say: Callable[[str], None]) -> int:
    """Walk through; 1 where anything failed."""
    client = client_of(run)
    plan = json.loads((run / "plan.json").read_text())
    house = f"http://127.0.0.1:{plan['house_port']}"
    member = MemberClient(house)
    seat = member.sign_in(SEED[0][1], SEED_PASSWORD)["seats"][0]["id"]
    card = next(c for c in _row(member, seat)["items"] if c["ready"])
    film = member.play(card["id"], seat)
    checks = [
        _plays(film, card["title"]),
        _appliance_killed(client, film),
        _instance_killed(client, house, seat, card["id"]),
        _workings(member, seat),
        _readme(),
    ]
    for passed, text in checks:
        say(f"{'PASS' if passed else 'FAIL'}  {text}")
    return 0 if all(passed for passed, _ in checks) else 1


def _row(member: MemberClient, seat: str) -> Any:
    return member.request("GET", f"/discovery/rows/tonight?seat={seat}")


def _plays(film: Film, title: str) -> Check:
    begun = time.perf_counter()
    size = len(film.segment(0))
    ms = (time.perf_counter() - begun) * 1e3
    steps = ", ".join(f"{step['name']} {step['ms']:g} ms" for step in film.answer["steps"])
    return size > 0, f"“{title}”: {steps}, served {ms:.0f} ms ({film.served_by})"


def _appliance_killed(client: Client, film: Film) -> Check:
    victim = film.served_by
    client.fault(victim, "KILL")
    begun = time.perf_counter()
    film.segment(1)
    ms = (time.perf_counter() - begun) * 1e3
    ok = film.served_by not in ("", victim)
    return ok, f"{victim} killed: {film.served_by} took over after {ms:.0f} ms"


def _instance_killed(client: Client, house: str, seat: str, title: str) -> Check:
    victim = next(t for t in client.tasks() if t.job == "play-api" and t.state == "Started")
    load = Load(house, seat, title)
    load.start()
    client.fault(victim.id, "KILL")
    begun = time.monotonic()
    replaced = None
    while replaced is None and time.monotonic() - begun < REPLACED_WITHIN:
        alive = [t for t in client.tasks() if t.job == "play-api" and t.state == "Started"]
        if len(alive) >= 2 and victim.id not in [t.id for t in alive]:
            replaced = time.monotonic() - begun
        time.sleep(0.05)
    time.sleep(1.0)
    done, failures = load.stop()
    back = "not replaced" if replaced is None else f"replaced after {replaced:.1f} s"
    text = f"{victim.name} killed under {RATE:g} requests/s: {back}, {failures} of {done} failed"
    return replaced is not None and failures == 0, text


def _workings(member: MemberClient, seat: str) -> Check:
    told = _row(member, seat)["workings"]
    cache = told["cache"] or {}
    text = f"a row came from {told['service']}: {cache.get('status')} in zone {cache.get('zone')}"
    return cache.get("status") in ("HIT", "STALE", "MISS"), text


def _readme() -> Check:
    if not README.is_file():
        return True, "no README beside this installation"
    text = README.read_text()
    missing = [what for what, effect in TRY if what not in text or effect not in text]
    return (
        not missing,
        f"the README tells these two minutes{f', but not {missing}' * bool(missing)}",
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
        except (ClientError, OSError) as error:
            with self._lock:
                self.failures.append(str(error))
        with self._lock:
            self.done += 1
