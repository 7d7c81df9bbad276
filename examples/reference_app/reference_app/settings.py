"""What a process of the application knows when it starts: who it is, where the others are.

Folders are words of the command, so that the scheduler shows them to the task wherever they lie;
what the scheduler decides is in the environment; keys are in one file of the run directory that
only the owner of the demo may read. No process of the application reads the environment elsewhere;
`refapp up` reads the address for spans here too, and hands it to all of them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OTLP = "HALATION_OTLP"
TITAN_URL, TITAN_TOKEN = "HALATION_TITAN_URL", "HALATION_TITAN_TOKEN"


def otlp_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """Where spans go instead of the booth; None where nobody says so."""
    return environ.get(OTLP) or None


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Keys of one run. They are made by `refapp up` and die with the run directory."""

    peer: str
    """Shown by the gateway and by services to each other; no other caller is answered."""
    session: str
    """Signs the member's session cookie."""
    licence: str
    """Signs licences."""
    url: str
    """Signs playback URLs."""
    booth: str
    """Opens the operators' booth; printed at start."""

    @classmethod
    def make(cls) -> Secrets:
        """New random keys."""
        names = ("peer", "session", "licence", "url", "booth")
        return cls(**{name: secrets.token_urlsafe(32) for name in names})

    @classmethod
    def read(cls, run: Path) -> Secrets:
        """Keys of the run directory."""
        return cls(**json.loads((run / "secrets.json").read_text()))

    def write(self, run: Path) -> None:
        """Keep them where only this user can read them."""
        path = run / "secrets.json"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(vars(self)))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One process of the application."""

    run: Path
    """Run directory: registry, data, secrets, logs."""
    service: str
    """Job name, for example `play-api`."""
    name: str
    """Instance name, for example `play-api-1`."""
    zone: str
    """Zone it was placed in."""
    host: str
    port: int
    """Where it listens."""
    booth_port: int
    """Where the booth takes spans; it is the same for the whole run."""
    media: Path
    """Folder of finished films."""
    secrets: Secrets
    otlp: str | None = None
    """Where spans go instead of the booth; None: to the booth."""
    titan: tuple[str, str] | None = None
    """Address and token of the scheduler; only the booth is told."""

    @classmethod
    def from_task(
        cls, service: str, run: Path, media: Path, environ: Mapping[str, str] = os.environ
    ) -> Settings:
        """Read what the scheduler gave this task (see `profiles.environment`)."""
        return cls(
            run=run,
            service=service,
            name=environ["HALATION_NAME"],
            zone=environ["HALATION_ZONE"],
            host=environ.get("HALATION_HOST", "127.0.0.1"),
            port=int(environ["HALATION_PORT"]),
            booth_port=int(environ["HALATION_BOOTH_PORT"]),
            media=media,
            secrets=Secrets.read(run),
            otlp=otlp_of(environ),
            titan=(environ[TITAN_URL], environ[TITAN_TOKEN]) if TITAN_URL in environ else None,
        )

    def registry(self, service: str) -> str:
        """Where the live instances of a service are listed, in the form resolvers take."""
        return f"file:{self.run / 'titan' / 'registry' / (service + '.json')}"

    @property
    def data(self) -> Path:
        """Folder of what must outlive a process."""
        return self.run / "data"
