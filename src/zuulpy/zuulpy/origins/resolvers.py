"""Where the servers of an origin are known from: a list, or a watched service-registry file."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from zuulpy.errors import ConfigError

_log = logging.getLogger("zuulpy")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_CHECKED_EVERY: Final = 0.1
ALLOWED: Final = 'a list of "host:port", or "file:" and the path of a service-registry file'


@dataclass(frozen=True, slots=True)
class Server:
    """One server of an origin; `zone` is "" when it is not known, `name` what people call it."""

    host: str
    port: int
    zone: str = ""
    name: str = ""
    id: str = ""

    @property
    def address(self) -> str:
        """The server as "host:port"."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Resolver(Protocol):
    """Knows an origin's servers."""

    def servers(self, now: float) -> tuple[Server, ...]:
        """The servers at `now` (monotonic seconds): the same object while nothing has changed."""


class StaticResolver:
    """A fixed list. Addresses are taken to be in `zone`, the caller's own."""

    def __init__(self, to: Sequence[str | Server], zone: str | None) -> None:
        self._servers = tuple(
            entry if isinstance(entry, Server) else _parse_address(entry, zone) for entry in to
        )
        if not self._servers:
            raise ConfigError("to", [], ALLOWED)

    def servers(self, now: float) -> tuple[Server, ...]:
        """The list."""
        return self._servers


class FileResolver:
    """A JSON list of Curator `ServiceInstance` objects, read again when the file has changed.

    The file is looked at when the origin is used, every 100 ms at most. A missing file is no
    server; once read, the last good list outlives a file that vanishes or does not parse, because
    a registry's outage must not become everyone's. Each complaint is logged once.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._servers: tuple[Server, ...] = ()
        self._stamp: tuple[int, int, int] | None = None
        self._checked = float("-inf")
        self._complaint = ""

    def servers(self, now: float) -> tuple[Server, ...]:
        """The servers in the file."""
        if now - self._checked >= _CHECKED_EVERY:
            self._checked = now
            self._check()
        return self._servers

    def _check(self) -> None:
        try:
            stat = os.stat(self.path)
            stamp = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if stamp != self._stamp:
                with open(self.path, "rb") as file:
                    servers = parse_registry(file.read())
                if servers != self._servers:
                    self._servers = servers
                self._stamp = stamp
            self._complaint = ""
        except (OSError, ValueError) as error:
            complaint = error.strerror if isinstance(error, OSError) else str(error)
            if complaint != self._complaint:
                self._complaint = complaint or "unreadable"
                _log.warning("zuulpy.registry_unreadable path=%s: %s", self.path, complaint)


def parse_registry(data: bytes) -> tuple[Server, ...]:
    """Servers in a Curator service-discovery JSON list. Raises `ValueError` on anything else.

    Instances that are not enabled, or have no address or port, are left out.
    """
    instances = json.loads(data)
    if not isinstance(instances, list):
        raise ValueError("not a JSON list of service instances")
    servers = []
    for instance in instances:
        if not isinstance(instance, dict):
            raise ValueError("not a JSON list of service instances")
        host, port = instance.get("address"), instance.get("port")
        usable = isinstance(host, str) and host and isinstance(port, int) and 0 < port < 65536
        if not usable or instance.get("enabled") is False:
            continue
        payload = instance.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        zone, name = str(payload.get("zone") or ""), str(payload.get("name") or "")
        servers.append(Server(str(host), int(port or 0), zone, name, str(instance.get("id") or "")))
    return tuple(servers)


def _parse_address(entry: object, zone: str | None) -> Server:
    match = _ADDRESS.fullmatch(entry) if isinstance(entry, str) else None
    if match is None or not 0 < int(match[2]) < 65536:
        raise ConfigError("to", entry, ALLOWED)
    return Server(match[1].strip("[]"), int(match[2]), zone or "")


def make_resolver(to: object, zone: str | None) -> Resolver:
    """The resolver that `to` describes. Raises `ConfigError`."""
    if isinstance(to, str) and to.startswith("file:") and len(to) > len("file:"):
        return FileResolver(to.removeprefix("file:"))
    if isinstance(to, Sequence) and not isinstance(to, (str, bytes)):
        return StaticResolver(to, zone)
    raise ConfigError("to", to, ALLOWED)
