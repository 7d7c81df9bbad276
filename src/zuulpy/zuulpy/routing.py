"""Which route a request takes: prefixes of whole path segments, the longest wins.

Looking up costs one dictionary access a segment, whatever the number of routes.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from zuulpy.errors import ConfigError, FramingError
from zuulpy.paths import normalise

T = TypeVar("T")


def clean_prefix(prefix: object) -> str:
    """`prefix` as routes are compared: "/api/" and "/api" are one, "/" is "". Or `ConfigError`."""
    allowed = 'a path that begins with "/", without query and dot segments'
    if not isinstance(prefix, str) or not prefix.startswith("/") or {"?", "#"} & set(prefix):
        raise ConfigError("prefix", prefix, allowed)
    try:
        return normalise(prefix).rstrip("/")
    except FramingError as error:
        raise ConfigError("prefix", prefix, allowed) from error


def clean_host(host: object) -> str | None:
    """`host` in lower case without port; None: any host. Or `ConfigError`."""
    if host is None:
        return None
    if not isinstance(host, str) or not host or "/" in host:
        raise ConfigError("host", host, "a host name")
    return _without_port(host.lower())


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


class RouteTable(Generic[T]):
    """Prefixes, for any host or for one. A request's own host is looked at first."""

    __slots__ = ("_any", "_hosts")

    def __init__(self) -> None:
        self._any: dict[str, T] = {}
        self._hosts: dict[str, dict[str, T]] = {}

    def add(self, prefix: str, host: str | None, value: T) -> None:
        """Add a cleaned prefix. Raises `ConfigError` if there is an equal one."""
        table = self._any if host is None else self._hosts.setdefault(host, {})
        if prefix in table:
            where = f" for host {host}" if host else ""
            raise ConfigError("prefix", prefix or "/", f"one route a prefix{where}: it has one")
        table[prefix] = value

    def match(self, path: str, host: str) -> T | None:
        """The route of a normalised `path` and a Host field as sent, or None."""
        if self._hosts and host:
            table = self._hosts.get(_without_port(host.lower()))
            if table is not None and (found := _longest(table, path)) is not None:
                return found
        return _longest(self._any, path)


def _longest(table: dict[str, T], path: str) -> T | None:
    # "/a/b" tries "/a/b", "/a", "": a segment is never cut.
    while True:
        found = table.get(path)
        if found is not None:
            return found
        cut = path.rfind("/")
        if cut < 0:
            return None
        path = path[:cut]


def strip_prefix(target: str, path: str, prefix: str) -> str:
    """`target` without the route's `prefix`, at least "/"; `path` is its normalised path."""
    sent, mark, query = target.partition("?")
    # Another spelling of the prefix has another length: then the normalised path is cut.
    rest = (sent if sent.startswith(prefix) else path)[len(prefix) :]
    return (rest if rest.startswith("/") else "/" + rest) + mark + query
