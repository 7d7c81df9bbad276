"""A running house: `refapp up` on free ports, shared by the tests of this folder."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reference_app.member_client import MemberClient
from reference_app.services.members.store import SEED, SEED_PASSWORD
from reference_app.settings import Secrets

from tests.engines import free_port
from titan_sched import Client

REFAPP = Path(sys.executable).parent / "refapp"
FILM_SECONDS, FILMS = 60, 2
BOUND = 300.0


def until(what: str, ready: Callable[[], Any], bound: float = 30.0) -> Any:
    """Wait for something to become true, without a fixed pause; the test fails after `bound` s."""
    pause = threading.Event()
    for _ in range(int(bound / 0.05)):
        if value := ready():
            return value
        pause.wait(0.05)
    raise AssertionError(f"{what}: not within {bound:g} s")


@dataclass
class House:
    """One run of the application."""

    run: Path
    house_port: int
    booth_port: int
    output: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.house_port}"

    @property
    def booth(self) -> str:
        return f"http://127.0.0.1:{self.booth_port}"

    @property
    def secrets(self) -> Secrets:
        return Secrets.read(self.run)

    @property
    def client(self) -> Client:
        return Client.of(self.run / "titan")

    def member(self, index: int = 0) -> tuple[MemberClient, str]:
        """A signed-in member and the id of the first seat."""
        member = MemberClient(self.url)
        return member, member.sign_in(SEED[index][1], SEED_PASSWORD)["seats"][0]["id"]

    def refapp(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        where = ["--run", str(self.run), "--house-port", str(self.house_port)]
        command = [str(REFAPP), *arguments, *where]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def started(self, job: str) -> list[Any]:
        return [t for t in self.client.tasks() if t.job == job and t.state == "Started"]


def up_command(run: Path, house_port: int, booth_port: int, *more: str) -> list[str]:
    return [
        str(REFAPP), "up", "--run", str(run), "--house-port", str(house_port),
        "--booth-port", str(booth_port), "--film-seconds", str(FILM_SECONDS),
        "--films", str(FILMS), *more,
    ]  # fmt: skip


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application, up and usable; ended with the session."""
    run = tmp_path_factory.mktemp("house") / "run"
    house_port, booth_port = free_port(), free_port()
    command = up_command(run, house_port, booth_port, "--detach")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        yield House(run, house_port, booth_port, done.stdout)
    finally:
        subprocess.run([str(REFAPP), "down", "--run", str(run)], check=False, timeout=60)
