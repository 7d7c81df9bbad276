"""Discovery by a file: a JSON list of Curator's ServiceInstance, looked at while it is used.

Of each instance `address`, `port`, `id` and `payload` are read: ``payload.zone`` is the server
group, ``payload.name`` the name on the ring (the id where there is none).
"""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import Any

_log = logging.getLogger("evcache")

LOOK_EVERY = 0.2
"""Seconds between two looks at the file."""

Entry = tuple[str, str, str, int]
"""Zone, ring name, address, port."""


class FileServers:
    """A file of service instances. It may be missing, half of it may be wrong: nothing raises.

    Args:
        path: the file. It is to be replaced by rename, never written in place.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._next_look = float("-inf")
        self._seen: object = ()

    def poll(self, now: float) -> list[Entry] | None:
        """The instances where they have changed, else None. Costs a comparison between looks."""
        if now < self._next_look:
            return None
        # No lock: set first, this keeps other threads out long enough, and two looks do no harm.
        self._next_look = now + LOOK_EVERY
        seen = self._signature()
        if seen == self._seen:
            return None
        self._seen = seen
        return self._read() if seen is not None else []

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError as error:
            if self._seen is not None:
                _log.warning("evcache.servers_missing path=%s error=%s", self._path, error)
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> list[Entry] | None:
        try:
            with open(self._path, "rb") as file:
                instances = json.load(file)
            if not isinstance(instances, list):
                raise ValueError("no JSON list")
        except (OSError, ValueError, RecursionError) as error:
            # What was known stays known: a broken file is no order to forget the servers.
            _log.warning("evcache.servers_unreadable path=%s error=%s", self._path, error)
            return None
        entries = {}
        for instance in instances:
            try:
                entry = _entry(instance)
            except (KeyError, TypeError, ValueError) as error:
                _log.warning("evcache.instance_skipped path=%s error=%r", self._path, error)
            else:
                entries[entry[:2]] = entry
        return list(entries.values())


def _entry(instance: Any) -> Entry:
    payload = instance["payload"]
    zone = payload["zone"]
    name = payload.get("name") or instance["id"]
    address, port = instance["address"], instance["port"]
    if not (isinstance(zone, str) and isinstance(name, str) and isinstance(port, int)):
        raise TypeError(f"zone {zone!r}, name {name!r} or port {port!r} is of a wrong type")
    if not 0 < port < 65536:
        raise ValueError(f"port {port} is out of range")
    if not is_ip(address):
        raise ValueError(f"address {address!r} is no IP address")
    return zone, f"{name}/{address}", address, port


def is_ip(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address. Names are never looked up during a call."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return True
