"""What runs: the processes of a profile, as jobs for titan_sched.

`mini` is everything on one machine with embedded engines. Nothing here starts anything.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from titan_sched import Batch, Service

from .settings import OTLP, TITAN_TOKEN, TITAN_URL

ZONES = ("a", "b", "c")
PROFILES = ("mini",)
FIRST_FILMS = 2
"""Films that must be ready before the page is called usable."""

APPLIANCES = {"oca-a1": "a", "oca-b2": "b", "oca-c1": "c"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where one run lives and listens."""

    run: Path
    media: Path
    """Folder of finished films; shared by runs, kept between them."""
    house_port: int
    booth_port: int
    films: tuple[str, ...]
    """Ids of the films to make, in order."""
    film_seconds: int
    otlp: str | None = None
    """Where spans go instead of the booth; None: to the booth."""


def environment(plan: Plan, fixed_port: int | None) -> dict[str, str]:
    """What a task is told; `{...}` is filled in by the scheduler."""
    told = {
        "HALATION_NAME": "{name}",
        "HALATION_ZONE": "{zone}",
        "HALATION_HOST": "{host}",
        "HALATION_PORT": "{port}" if fixed_port is None else str(fixed_port),
        "HALATION_BOOTH_PORT": str(plan.booth_port),
    }
    return told if plan.otlp is None else {**told, OTLP: plan.otlp}


def jobs(plan: Plan, cluster_url: str, cluster_token: str) -> list[Service | Batch]:
    """All jobs of `mini`, in the order in which they are best started."""
    control = {TITAN_URL: cluster_url, TITAN_TOKEN: cluster_token}
    return [
        _service(plan, "booth", fixed_port=plan.booth_port, memory="160M", env=control),
        _cache(plan),
        _service(plan, "members", memory="128M"),
        _service(plan, "titles"),
        _service(plan, "steering"),
        *(_service(plan, name, zone=zone) for name, zone in APPLIANCES.items()),
        _service(plan, "discovery-api", count=2, spread="zone"),
        _service(plan, "play-api", count=2, spread="zone"),
        _service(plan, "gateway", count=2, spread="zone"),
        _service(plan, "elb", fixed_port=plan.house_port),
        _films(plan),
    ]


def _service(
    plan: Plan,
    name: str,
    *,
    count: int = 1,
    zone: str | None = None,
    spread: Literal["zone"] | None = None,
    fixed_port: int | None = None,
    memory: str = "128M",
    env: Mapping[str, str] | None = None,
) -> Service:
    return Service(
        name,
        [sys.executable, "-m", "reference_app", name, str(plan.run), str(plan.media)],
        count=count,
        cpu=0.1,
        memory=memory,
        # A fixed port is not the scheduler's to give; nobody looks these two up.
        ports=0 if fixed_port is not None else 1,
        zone=zone,
        spread=spread,
        env={**environment(plan, fixed_port), **(env or {})},
        writable=(str(plan.run / "data"),),
    )


def _cache(plan: Plan) -> Service:
    command = [sys.executable, "-m", "evcache", "moneta"]
    command += ["--host", "{host}", "--port", "{port}", "--memory", "32M"]
    return Service(
        "cache", command, count=len(ZONES), cpu=0.1, memory="96M", ports=1, spread="zone"
    )


def _films(plan: Plan) -> Batch:
    command = [sys.executable, "-m", "reference_app.media", "--out", str(plan.media)]
    command += ["--only", ",".join(plan.films), "--seconds", str(plan.film_seconds)]
    return Batch("films", command, cpu=1.0, memory="1G", writable=(str(plan.media),))
