"""Which server is asked next. Pure: candidates in, choice out.

Zone first as in Ribbon's ZoneAvoidanceRule, which Zuul balances by: the own zone while it has a
usable server, else all others. Among those the one that was asked longest ago is next: servers take
turns whatever comes and goes, and a zone's share is the share of its usable servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from zuulpy.config import Balance
from zuulpy.origins.resolvers import Server


class Candidate(Protocol):
    """What has a server to choose."""

    @property
    def server(self) -> Server:
        """The server."""


C = TypeVar("C", bound=Candidate)


class Balancer:
    """Chooses for one origin of a caller in `zone` (None: in no zone, all zones are alike)."""

    __slots__ = ("_asked", "_by_zone", "_turn", "_zone")

    def __init__(self, zone: str | None, balance: Balance) -> None:
        self._zone = zone
        self._by_zone = balance == "zone_first" and zone is not None
        self._asked: dict[Server, int] = {}
        self._turn = 0

    def choose(self, candidates: Sequence[C]) -> C:
        """One of `candidates` (at least one, all usable)."""
        if self._by_zone:
            candidates = [c for c in candidates if c.server.zone == self._zone] or candidates
        asked = self._asked
        chosen = min(candidates, key=lambda c: asked.get(c.server, 0))
        self._turn += 1
        asked[chosen.server] = self._turn
        return chosen

    def keep(self, servers: Iterable[Server]) -> None:
        """Forget the turns of all but `servers`."""
        self._asked = {s: self._asked[s] for s in servers if s in self._asked}
